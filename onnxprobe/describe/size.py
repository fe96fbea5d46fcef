"""How large a picture is, and of which shape."""

from onnxprobe.describe._base import Attribute, Seen, Value


def _pixels(seen: Seen) -> Value:
    picture = seen.decoded
    return float(picture.width * picture.height) or None


def _aspect(seen: Seen) -> Value:
    picture = seen.decoded
    return picture.width / picture.height if picture.height else None


PIXELS = Attribute("pixels", "width × height of the upright picture", _pixels, "small", "large")
ASPECT = Attribute("aspect", "width / height of the upright picture", _aspect, "tall", "wide")
