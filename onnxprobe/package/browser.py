"""Browsers: the model for ONNX Runtime Web, a module that runs it, and a page to try it."""

from typing import Final

from onnxprobe.errors import PackageError, quoted
from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.plain import told
from onnxprobe.package.promise import as_text

_NEEDS: Final = {"onnxruntime-web": "^1.30.0"}
_INTERPOLATIONS: Final = ("antialias", "linear", "nearest")
"""Those that ``pictures.js`` has."""
_SCRIPTS: Final = ("index.html", "model.js", "pictures.js")


def _files(of: Delivery) -> Files:
    if of.preprocess is None:
        raise PackageError(
            f"{str(of.path)!r} does not say how pictures are prepared (metadata "
            "'onnxprobe.preprocess'), which a page must know; package it --for plain"
        )
    if of.preprocess["interpolation"] not in _INTERPOLATIONS:
        raise PackageError(
            f"the scripts for browsers scale by {quoted(_INTERPOLATIONS)}, but the model was shown "
            f"pictures scaled by {of.preprocess['interpolation']!r}; package it --for plain"
        )
    about = {
        "name": "fused-model",
        "private": True,
        "type": "module",
        "main": "model.js",
        "scripts": {"start": "python3 -m http.server 8000"},
        "dependencies": _NEEDS,
    }
    return {
        **{name: script(name) for name in _SCRIPTS},
        "package.json": as_text(about),
        **of.model_files(),
        **told(of),
    }


BROWSER: Final = Packaging(
    name="browser",
    says="a module for ONNX Runtime Web, and a page to try it",
    files=_files,
    lints="browser",
    next="cd {folder} && npm install && npm start",
)
