import json

import onnx
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.cli.show import as_json


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


FLAT = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = st.text(max_size=5) | st.integers()
ANY = st.recursive(
    FLAT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(ANY)
def test_as_json_everything_is_what_it_was(thing):
    assert json.loads(as_json(thing)) == json.loads(json.dumps(thing))


def test_as_json_an_item_takes_a_line():
    lines = as_json({"n": 1, "items": [{"a": [1, 2]}, {"a": None}], "none": []}).splitlines()
    assert lines[2:5] == ['  "items": [', '    {"a": [1, 2]},', '    {"a": null}']


def test_names_are_cut_on_a_terminal_alone(tmp_path, tiny, monkeypatch):
    long = "a_stage_with_quite_a_long_name.relu"
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = [long if old == "block" else old for old in names]
    onnx.save(proto, tmp_path / "long.onnx")
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = CliRunner().invoke(app, ["inspect", str(tmp_path / "long.onnx")]).stdout
    assert f"  {long}  " in piped
    narrow = (
        CliRunner()
        .invoke(app, ["inspect", str(tmp_path / "long.onnx")], env={"COLUMNS": "60"})
        .stdout
    )
    rows = [line for line in narrow.splitlines() if "  Relu  " in line]
    assert rows
    assert not any(long in row for row in rows)
