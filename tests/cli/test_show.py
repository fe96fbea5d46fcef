import onnx
from typer.testing import CliRunner

from onnxprobe.cli.app import app


def test_a_name_for_scripts_is_one_line_however_long_and_whatever_it_holds(tmp_path, tiny):
    name = "/stage one/[red]" * 20
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = [name if old == "block" else old for old in names]
    onnx.save(proto, tmp_path / "long.onnx")
    result = CliRunner().invoke(app, ["pick", str(tmp_path / "long.onnx")], catch_exceptions=False)
    assert result.stdout == f"{name}\n"
