import json

import onnx
import pytest
from onnx import TensorProto, helper
from tiny import tiny_model
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import PackageError
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.lint import LINTINGS, findings, lint
from onnxprobe.report.linting import lint_text
from onnxprobe.targets import TARGETS


def through(op, dtype, to=None):
    graph = helper.make_graph(
        [helper.make_node(op, ["x"], ["y"], **({"to": to} if to else {}))],
        "one",
        [helper.make_tensor_value_info("x", dtype, ["N", 2])],
        [helper.make_tensor_value_info("y", to or dtype, ["N", 2])],
    )
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )


def invoke(*args):
    return CliRunner().invoke(app, ["lint", *map(str, args)], catch_exceptions=False)


@pytest.mark.parametrize("name", LINTINGS)
def test_a_small_plain_model_is_fine_everywhere(name):
    assert findings(tiny_model(), LINTINGS[name]) == ()


def test_every_runtime_that_is_known_can_be_asked_for():
    assert set(LINTINGS) == {"triton", "v2", *TARGETS}


def test_versions_are_held_against_the_runtime_inside():
    model = tiny_model(opset=21, ir_version=10)
    assert findings(model, LINTINGS["triton"]) == ()
    old = findings(model, LINTINGS["triton"], runs_in="onnxruntime==1.16")
    assert [f.rule for f in old] == ["runtime", "runtime"]
    assert "opset 21, but onnxruntime 1.16 loads at most 19" in old[0].says


@pytest.mark.parametrize(
    ("target", "expected"), [("v2", "warning"), ("openvino", "error"), ("onnxruntime", None)]
)
def test_text_is_an_error_where_the_runtime_has_none(target, expected):
    model = through("Identity", TensorProto.STRING)
    levels = {finding.level for finding in findings(model, LINTINGS[target])}
    assert levels == ({expected} if expected else set())


@pytest.mark.parametrize("name", LINTINGS)
def test_a_file_of_weights_that_is_not_there_keeps_a_model_from_being_served(name, tmp_path):
    path = tmp_path / "model.onnx"
    where = {"save_as_external_data": True, "size_threshold": 0, "location": "w.bin"}
    onnx.save(tiny_model().proto, path, **where)
    assert lint(path, LINTINGS[name]) == ()
    (tmp_path / "w.bin").unlink()
    (found,) = lint(path, LINTINGS[name])
    assert (found.rule, found.level) == ("weights", "error")
    assert "keeps its weights in 'w.bin', which is not beside it" in found.says


def changed(change):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    change(proto.graph)
    return Model(proto)


GRAPHS = {
    "a circle": (lambda g: g.node[0].input.__setitem__(0, "block"), "error", "has a cycle"),
    "a gap": (lambda g: g.node[0].input.__setitem__(0, "gone"), "error", "which nothing writes"),
    "no type": (lambda g: g.input[0].ClearField("type"), "error", "is declared without a type"),
    "too few": (lambda g: g.node[0].input.__delitem__(slice(1, 9)), "error", "reads 1 tensor; Conv"),
    "no order": (lambda g: g.node.reverse(), "warning", "stands before what it reads"),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("target", ["triton", "openvino"])
def test_what_is_no_graph_of_its_opset_is_found(name, target):
    change, level, says = GRAPHS[name]
    found = [f for f in findings(changed(change), LINTINGS[target]) if f.rule in {"graph", "order"}]
    assert [finding.level for finding in found] == [level]
    assert says in found[0].says
    assert found[0].fix.startswith("onnxprobe repair model.onnx -o")


def test_an_opset_beyond_all_numbers_is_too_new():
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    proto.opset_import[0].version = 2**40
    assert any("opset 1099511627776" in f.says for f in findings(Model(proto), LINTINGS["triton"]))


def test_an_operator_that_onnx_has_in_no_opset_may_be_the_runtime_s_own():
    def foreign(graph):
        graph.node[0].op_type = "EfficientNMS_TRT"

    assert findings(changed(foreign), LINTINGS["tensorrt"]) == ()


def test_names_that_would_move_the_cursor_are_written_as_escapes():
    model = changed(
        lambda graph: setattr(graph.input[0].type.tensor_type.shape.dim[0], "dim_value", 1)
    )
    model.proto.graph.input[0].name = "x\x1b[2J\n"
    model.proto.graph.node[0].input[0] = "x\x1b[2J\n"
    shown = lint_text(findings(model, LINTINGS["triton"]), "triton")
    assert "x\\u001b[2J\\u000a" in shown
    assert shown.replace("\n", "").isprintable()


def test_half_precision_has_no_form_in_json():
    (one, *_) = findings(through("Relu", TensorProto.FLOAT16), LINTINGS["v2"])
    assert (one.rule, one.level) == ("v2-json", "warning")


def test_a_type_that_the_protocol_has_not_is_an_error():
    model = through("Cast", TensorProto.FLOAT, to=TensorProto.COMPLEX64)
    assert ("error", "v2-type") in [(f.level, f.rule) for f in findings(model, LINTINGS["v2"])]


@pytest.fixture
def served(tmp_path):
    entry = tmp_path / "face"
    (entry / "1").mkdir(parents=True)
    save(tiny_model(), entry / "1" / "model.onnx")
    (entry / "config.pbtxt").write_text(
        'name: "fase"\noutput { name: "scores" data_type: TYPE_FP32 dims: [5] }\n'
        'input { name: "image" data_type: TYPE_FP32 dims: [3, 8, 8] }\nmax_batch_size: 2'
    )
    return entry


def test_the_exit_code_is_one_where_something_is_in_the_way(served):
    asked = (served / "1/model.onnx", "--for", "triton", "--config", served / "config.pbtxt")
    result = invoke(*asked)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "  error  name: the configuration is named 'fase' but its folder 'face'",
        '    fix  name: "face"',
        "triton: 1 error, 0 warnings",
    ]
    (said,) = json.loads(invoke(*asked, "--json").output)
    assert set(said) == {"rule", "level", "says", "fix"}
    (served / "config.pbtxt").write_text(
        (served / "config.pbtxt").read_text().replace("fase", "face")
    )
    result = invoke(*asked)
    assert (result.exit_code, result.output) == (0, "triton: nothing is in the way\n")


def test_a_configuration_outside_a_repository_may_have_any_name(served, tmp_path):
    (served / "config.pbtxt").rename(tmp_path / "config.pbtxt")
    model = served / "1/model.onnx"
    assert lint(model, LINTINGS["triton"], config=tmp_path / "config.pbtxt") == ()


def test_a_configuration_that_cannot_be_read_is_said(served, tmp_path):
    with pytest.raises(PackageError, match="there is no file"):
        lint(served / "1/model.onnx", LINTINGS["triton"], config=tmp_path / "no.pbtxt")


def test_errors_come_before_warnings():
    from onnxprobe.lint import Finding

    text = lint_text([Finding("b", "warning", "w", "x"), Finding("a", "error", "e", "y")], "triton")
    assert text.index("a: e") < text.index("b: w")
    assert text.endswith("triton: 1 error, 1 warning")
