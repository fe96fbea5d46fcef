"""A folder and everything under it: pictures, or archives of pictures."""

from onnxprobe.images.places import Place
from onnxprobe.images.sources._base import Kind, Source
from onnxprobe.images.sources._containers import gathered


def _open(place: Place, part: str) -> Source:
    return gathered(FOLDER.name, place, list(place.files()), part)


def _matches(place: Place, _head: bytes) -> bool:
    return place.is_folder()


FOLDER = Kind("folder", _matches, _open, part="a part of the archives in it")
