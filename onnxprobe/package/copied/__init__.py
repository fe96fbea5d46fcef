"""Scripts that are copied into packages as they are; nothing here is imported by onnxprobe."""

from importlib.resources import files


def script(name: str) -> str:
    """Return the text of a script of this folder."""
    return (files(__name__) / name).read_text(encoding="utf-8")
