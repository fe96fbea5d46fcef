"""What a file is that is no picture of a format that is read, for people to know what to convert."""

import re
from typing import Final

_FOREIGN: Final = {
    "AVIF": rb".{4}ftypavi[fs]",
    "HEIC": rb".{4}ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)",
    "a Canon raw picture": rb".{4}ftypcrx ",
    "a film": rb".{4}ftyp|\x1aE\xdf\xa3|RIFF.{4}AVI ",
    "JPEG 2000": rb"\x00\x00\x00\x0cjP  |\xffO\xffQ",
    "JPEG XL": rb"\x00\x00\x00\x0cJXL |\xff\n",
    "JPEG XR": rb"II\xbc",
    "Photoshop's PSD": rb"8BPS",
    "an icon": rb"\x00\x00[\x01\x02]\x00",
    "a bitmap or text of Netpbm": rb"P[1-47Ff]\s+[#\d-]",
    "PDF": rb"%PDF-",
    "SVG": rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg",
    "HTML": rb"\s*(?i:<!doctype html|<html|<head|<body)",
    "a gzip file": rb"\x1f\x8b",
    "a zip file": rb"PK\x03\x04",
    "a pointer of Git LFS; get the files with: git lfs pull": rb"version https://git-lfs",
}
_KNOWN: Final = {
    name: re.compile(b"(\xef\xbb\xbf)?(?:" + magic + b")", re.DOTALL)
    for name, magic in _FOREIGN.items()
}
_LOOKED_AT: Final = 1024
"""Bytes at the beginning in which a format is told."""


def named(data: bytes) -> str:
    """Return what a file is, by its beginning; empty where that is not known."""
    head = data[:_LOOKED_AT]
    return next((name for name, magic in _KNOWN.items() if magic.match(head)), "")


def said_of(data: bytes) -> str:
    """Return what people are told of a file that is of no format that is read."""
    found = named(data)
    return f"it is {found}" if found else f"it starts with {data[:16]!r}"
