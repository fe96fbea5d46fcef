import subprocess
import sys

import pytest

from onnxprobe.errors import MissingExtraError
from onnxprobe.interop import graphsurgeon, onnx_ir


def test_without_graphsurgeon_the_extra_is_named(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx_graphsurgeon", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'onnxprobe\[interop\]'"):
        graphsurgeon.to_graph(tiny)


def test_without_onnx_ir_the_extra_is_named(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx_ir", None)
    with pytest.raises(MissingExtraError, match="an onnx-ir model needs onnx-ir; install it with"):
        onnx_ir.to_graph(tiny)


def test_importing_the_modules_imports_no_other_library():
    code = (
        "import sys, onnxprobe.interop.graphsurgeon, onnxprobe.interop.onnx_ir, "
        "onnxprobe.interop.sclblonnx\n"
        "sys.exit(bool({'onnx_graphsurgeon', 'onnx_ir', 'sclblonnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
