"""Triton Inference Server: an entry of a model repository, new or beside one that is served."""

from typing import Final

from onnxprobe.package._base import Packaging
from onnxprobe.package.triton.entry import fresh
from onnxprobe.package.triton.replacing import replace, rollback

TRITON: Final = Packaging(
    name="triton",
    says="an entry of a model repository; with --replaces beside one that is served",
    files=fresh,
    lints="triton",
    next="tritonserver --model-repository {folder}/..",
    replace=replace,
    rollback=rollback,
)
