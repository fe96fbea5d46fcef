"""Files that ONNX Runtime does not load: what is mended, and what is said of the rest."""

from functools import partial

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.errors import GraphError, MissingWeightsError, NotOnnxError, RunError
from onnxprobe.graph.model import Model
from onnxprobe.repair import repair
from onnxprobe.repair.proving import diagnosed, write_repaired
from onnxprobe.repair.reasons import because
from onnxprobe.runtime import Session, run

X = np.array([[1, -2, 3, -4]], np.float32)


def node(op, *inputs, out="y", name="n", **attributes):
    return helper.make_node(op, inputs, [out], name=name, **attributes)


def info(name, kind=TensorProto.FLOAT, shape=("N", 4)):
    return helper.make_tensor_value_info(name, kind, shape)


def file(*nodes, opset=17, ir=8, weights=None, **domains):
    """A file from ``x`` to ``y`` with these nodes."""
    arrays = (numpy_helper.from_array(np.asarray(a), name) for name, a in (weights or {}).items())
    graph = helper.make_graph(nodes, "file", [info("x")], [info("y", shape=None)], list(arrays))
    imports = [helper.make_opsetid(domain, n) for domain, n in {"": opset, **domains}.items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir)


def changed(proto, change):
    change(proto)
    return proto


def written(proto, tmp_path):
    """Repair a file by way of the disk; return the findings, and the new file's answer to ``X``."""
    with pytest.raises(RunError, match="does not load"):
        Session(Model(proto))
    old = tmp_path / "old.onnx"
    old.write_bytes(proto.SerializeToString())
    done = write_repaired(old, tmp_path / "new.onnx")
    (answer,) = run(tmp_path / "new.onnx", {"x": X}).values()
    return [(f.ailment, f.names) for f in done.findings], answer


FORMS = {
    "axes that became an input": (
        file(node("ReduceMean", "x", axes=[1]), opset=18), X.mean(1, keepdims=True), (),
    ),
    "axes that were an attribute": (
        file(node("ReduceMean", "x", "axes"), weights={"axes": np.array([1])}),
        X.mean(1, keepdims=True), (("unused-weights", ("axes",)),),
    ),
    "an attribute that came later, with what was meant before": (
        file(node("Reshape", "x", "to", allowzero=0), opset=13, weights={"to": np.array([4, -1])}),
        X.reshape(4, 1), (),
    ),
    "an attribute that is no more, with what is meant since": (
        file(node("BatchNormalization", "x", "s", "s", "s", "s", spatial=1),
             weights={"s": np.ones(4, np.float32)}),
        (X - 1) / np.sqrt(1 + 1e-5) + 1, (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_operators_in_the_form_of_another_opset_are_written_in_the_file_s(name, tmp_path):
    proto, answer, others = FORMS[name]
    findings, found = written(proto, tmp_path)
    assert findings == [("forms", (f"{proto.graph.node[0].op_type} 'n'",)), *others]
    np.testing.assert_allclose(found, answer, 1e-6)


def test_an_attribute_of_another_opset_that_means_something_is_not_dropped():
    proto = file(
        node("Reshape", "x", "to", allowzero=1), opset=13, weights={"to": np.array([4, 1])}
    )
    assert repair(Model(proto)).findings == ()


def twice(domain="ours"):
    """A local function that gives twice what it reads."""
    inside = [helper.make_node("Add", ["a", "a"], ["b"])]
    return helper.make_function(
        domain, "Twice", ["a"], ["b"], inside, [helper.make_opsetid("", 17)]
    )


def test_the_domain_of_a_local_function_is_imported(tmp_path):
    proto = file(node("Twice", "x", domain="ours"))
    proto.functions.append(twice())
    findings, answer = written(proto, tmp_path)
    assert findings == [("unimported", ("ours",))]
    assert len(onnx.load(tmp_path / "new.onnx").functions[0].opset_import) == 1
    np.testing.assert_array_equal(answer, 2 * X)


def test_what_a_local_function_uses_is_imported_there_as_the_file_says(tmp_path):
    proto = file(node("Twice", "x", domain="ours"), ours=1, **{"ai.onnx.ml": 3})
    function = twice()
    function.node.add(op_type="Binarizer", input=["a"], output=["c"], domain="ai.onnx.ml")
    proto.functions.append(function)
    findings, _ = written(proto, tmp_path)
    assert findings == [("unimported", ("ai.onnx.ml",))]
    imports = onnx.load(tmp_path / "new.onnx").functions[0].opset_import
    assert {said.domain: said.version for said in imports} == {"": 17, "ai.onnx.ml": 3}


def test_a_local_function_without_an_opset_gets_that_of_the_file(tmp_path):
    proto = file(node("Twice", "x", domain="ours"), ours=1)
    proto.functions.append(twice())
    del proto.functions[0].opset_import[:]
    findings, answer = written(proto, tmp_path)
    assert findings == [("unimported", ("",))]
    np.testing.assert_array_equal(answer, 2 * X)


WIDTHS = {
    "a shape": (node("Reshape", "x", "w"), {"w": [4, -1]}, X.reshape(4, 1)),
    "axes": (node("Unsqueeze", "x", "w"), {"w": [0]}, X[None]),
    "one of several": (node("Slice", "x", "w", "end", "end"), {"w": [-1], "end": np.array([1])},
                       X[:, -1:0]),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDTHS)
def test_whole_numbers_are_written_in_the_width_that_their_reader_takes(name, tmp_path):
    reads, weights, answer = WIDTHS[name]
    weights = {n: np.asarray(w, np.int32) if n == "w" else w for n, w in weights.items()}
    findings, found = written(file(reads, weights=weights), tmp_path)
    assert findings == [("whole-numbers", ("w",)), ("unused-weights", ("w",))]
    np.testing.assert_array_equal(found, answer)


def test_whole_numbers_that_others_read_too_stay_for_them(tmp_path):
    nodes = [node("Reshape", "x", "w", out="r", name="r"), node("Add", "w", "w", out="s", name="s"),
             node("Cast", "s", out="c", name="c", to=TensorProto.FLOAT), node("Add", "r", "c")]  # fmt: skip
    proto = file(*nodes, weights={"w": np.array([2, 2], np.int32), "w/int64": np.ones(1)})
    findings, answer = written(proto, tmp_path)
    assert findings == [("whole-numbers", ("w",)), ("unused-weights", ("w/int64",))]
    np.testing.assert_array_equal(answer, X.reshape(2, 2) + 4)


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_numbers_that_are_not_whole_of_either_width_are_not_touched(kind):
    proto = file(node("Reshape", "x", "w"), weights={"w": np.array([4, -1], kind)})
    assert repair(Model(proto)).findings == ()


def normalised(*more, opset=15, **attributes):
    norm = helper.make_node(
        "BatchNormalization", ["x", *"ssss"], ["y", *more], name="n", **attributes
    )
    return file(norm, opset=opset, weights={"s": np.ones(4, np.float32)})


@pytest.mark.parametrize("more", [("m", "v"), ("m", "v", "sm", "sv")])
def test_what_training_leaves_behind_is_written_no_more(more, tmp_path):
    findings, answer = written(normalised(*more), tmp_path)
    assert findings == [("surplus", ("BatchNormalization 'n'",))]
    np.testing.assert_allclose(answer, (X - 1) / np.sqrt(1 + 1e-5) + 1, 1e-6)


def test_results_that_an_operator_has_or_that_are_read_stay():
    training = normalised("m", "v", training_mode=1)
    assert repair(Model(training)).findings == ()
    reading = normalised("m", "v")
    reading.graph.output.append(info("m", shape=(4,)))
    assert repair(Model(reading)).findings == ()


@pytest.mark.parametrize(
    ("op", "domain", "version"),
    [("Gelu", "com.microsoft", 1), ("Scaler", "ai.onnx.ml", 1), ("TreeEnsemble", "ai.onnx.ml", 5)],
)
def test_an_operator_set_is_imported_where_its_version_is_certain(op, domain, version):
    mended = repair(Model(file(node(op, "x", domain=domain))))
    assert [f.ailment for f in mended.findings] == ["unimported"]
    assert {o.domain: o.version for o in mended.model.proto.opset_import}[domain] == version


@pytest.mark.parametrize(("op", "domain"), [("LabelEncoder", "ai.onnx.ml"), ("Foo", "ours")])
def test_an_operator_set_whose_version_is_not_certain_is_left_alone(op, domain):
    assert repair(Model(file(node(op, "x", domain=domain)))).findings == ()


def test_an_ir_version_that_the_runtime_does_not_know_becomes_the_one_that_is_needed(tmp_path):
    findings, answer = written(file(node("Relu", "x"), ir=99), tmp_path)
    assert findings == [("ir-version", ("99",))]
    assert onnx.load(tmp_path / "new.onnx").ir_version == 8
    np.testing.assert_array_equal(answer, np.maximum(X, 0))


def test_the_ir_version_that_is_needed_is_that_of_opset_types_and_functions():
    def needed(proto):
        proto.ir_version = 99
        return repair(Model(proto), also=["ir-version"]).model.ir_version

    relu = file(node("Relu", "x"), opset=9)
    assert needed(relu) == 4
    function = file(node("Twice", "x", domain="ours"), opset=9, ours=1)
    function.functions.append(twice())
    assert needed(function) == 8
    relu.graph.initializer.append(TensorProto(name="w", data_type=TensorProto.INT4, dims=[0]))
    assert needed(relu) == 10


def test_small_constants_beside_the_model_are_written_into_the_file(tmp_path):
    to, w = np.array([0, 2, 2]), np.arange(40, dtype=np.float32).reshape(10, 2, 2)
    proto = file(
        node("Reshape", "x", "to", out="r"),
        node("Constant", out="h", name="c", value=numpy_helper.from_array(w)),
        node("Add", "r", "h", name="add"),
        weights={"to": to},
    )
    onnx.save(
        proto,
        tmp_path / "old.onnx",
        save_as_external_data=True,
        size_threshold=0,
        convert_attribute=True,
        location="w",
    )
    with pytest.raises(RunError, match="small constants lie beside the file; repair with: onnxp"):
        Session(tmp_path / "old.onnx")
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert [(f.ailment, f.names) for f in done.findings] == [("outside", ("to",))]
    (answer,) = run(tmp_path / "new.onnx", {"x": X}).values()
    np.testing.assert_array_equal(answer, X.reshape(1, 2, 2) + w)


def beside(tmp_path, said, there="sub/w.bin"):
    """A file with a weight beside it that it calls otherwise."""
    proto = file(node("Add", "x", "w"), weights={"w": np.ones((600, 1, 4), np.float32)})
    path = tmp_path / "model" / "old.onnx"
    (path.parent / there).parent.mkdir(parents=True)
    onnx.save(proto, path, save_as_external_data=True, size_threshold=0, location=there)
    said = said.format(folder=path.parent)
    proto = onnx.load(path, load_external_data=False)
    proto.graph.initializer[0].external_data[0].value = said
    path.write_bytes(proto.SerializeToString())
    return path, said


NAMES = [
    ("{folder}/sub/w.bin", "sub/w.bin"),
    ("/home/someone/w.bin", "w.bin"),
    ("C:\\models\\w.bin", "w.bin"),
    ("sub\\w.bin", "sub/w.bin"),
    ("sub/w.bin/", "sub/w.bin"),
    ("no/../w.bin", "w.bin"),
]


@pytest.mark.parametrize(("said", "there"), NAMES)
def test_a_file_of_weights_is_named_as_it_lies_beside_the_model(said, there, tmp_path):
    path, said = beside(tmp_path, said, there)
    done = write_repaired(path, path.with_name("new.onnx"))
    assert [(f.ailment, f.names) for f in done.findings] == [("locations", (said,))]
    new = onnx.load(path.with_name("new.onnx"), load_external_data=False)
    assert new.graph.initializer[0].external_data[0].value == there
    (answer,) = run(path.with_name("new.onnx"), {"x": X}).values()
    np.testing.assert_array_equal(answer, np.broadcast_to(X + 1, (600, 1, 4)))


@pytest.mark.parametrize(
    "said", ["/home/someone/other.bin", "other.bin", "../w.bin", "w\0.bin", ""]
)
def test_a_file_of_weights_that_is_not_there_under_another_name_either_is_refused(said, tmp_path):
    path, _ = beside(tmp_path, said)
    for treat in (diagnosed, partial(write_repaired, out=tmp_path / "new.onnx")):
        with pytest.raises((MissingWeightsError, NotOnnxError)):
            treat(path)


@pytest.mark.parametrize("said", ["./sub/w.bin", "sub//w.bin", "sub/../sub/w.bin"])
def test_a_name_that_runtimes_take_stays(said, tmp_path):
    path, _ = beside(tmp_path, said)
    Session(path)
    assert diagnosed(path).findings == ()


def test_small_constants_beside_the_model_stay_where_the_file_loads(tmp_path):
    proto = file(node("Add", "x", "w"), weights=WHOLE)
    path = tmp_path / "old.onnx"
    onnx.save(proto, path, save_as_external_data=True, size_threshold=0, location="w")
    assert write_repaired(path, tmp_path / "new.onnx").findings == ()


IDLE = {
    "unknown": node("Foo", "x", out="z", name="idle"),
    "reads what nobody writes": node("Neg", "gone", out="z", name="idle"),
    "writes nothing": node("Neg", "x", out="", name="idle"),
}


@pytest.mark.parametrize("name", IDLE)
def test_a_node_that_leads_to_no_output_goes_where_it_keeps_a_file_from_loading(name, tmp_path):
    findings, answer = written(file(node("Relu", "x"), IDLE[name]), tmp_path)
    assert findings == [("idle-nodes", (f"{IDLE[name].op_type} 'idle'",))]
    np.testing.assert_array_equal(answer, np.maximum(X, 0))


def test_what_does_no_harm_stays_where_a_file_loads(tmp_path):
    proto = file(node("Relu", "x"), node("Neg", "x", out="z", name="idle"), ir=10)
    (tmp_path / "old.onnx").write_bytes(proto.SerializeToString())
    assert write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx").findings == ()


def test_what_does_no_harm_stays_where_something_else_is_to_blame(tmp_path):
    idle = node("Neg", "x", out="z", name="n")
    findings, _ = written(file(node("Relu", "x"), idle, ir=10), tmp_path)
    assert findings == [("node-names", ("n",))]


def test_only_that_of_it_is_treated_which_keeps_a_file_from_loading(tmp_path):
    findings, _ = written(
        file(node("Relu", "x"), IDLE["reads what nobody writes"], ir=10), tmp_path
    )
    assert findings == [("idle-nodes", ("Neg 'idle'",))]


def test_what_does_no_harm_is_not_named_where_that_does_not_help(tmp_path):
    proto = file(node("Foo", "x", domain="ours"), ours=1, ir=10)
    (tmp_path / "old.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(
        RunError, match=r"^nothing is found that could be repaired, but ONNX Runtime"
    ):
        write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")


def test_what_only_a_branch_reads_is_not_idle():
    body = helper.make_graph([helper.make_node("Neg", ["z"], ["w"])], "b", [], [info("w")])
    fork = node("If", "yes", name="if", then_branch=body, else_branch=body)
    proto = file(node("Relu", "x", out="z"), fork, weights={"yes": np.bool_(1)})
    assert repair(Model(proto), also=["idle-nodes"]).findings == ()


def test_inputs_that_are_there_twice_become_one(tmp_path):
    proto = file(node("Relu", "x"))
    proto.graph.input.append(proto.graph.input[0])
    findings, _ = written(proto, tmp_path)
    assert findings == [("inputs-twice", ("x",))]


def test_inputs_of_one_name_that_differ_are_refused():
    proto = file(node("Relu", "x"))
    proto.graph.input.insert(0, info("x", shape=("N", 5, "height")))
    with pytest.raises(GraphError, match="two inputs are called 'x'; which of them is read"):
        repair(Model(proto))


def test_an_output_is_declared_with_the_type_that_its_node_writes(tmp_path):
    proto = file(node("Relu", "x"))
    proto.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    findings, answer = written(proto, tmp_path)
    assert findings == [("mistyped", ("y",))]
    assert answer.dtype == np.float32


def test_an_output_is_declared_with_the_sizes_that_its_node_writes(tmp_path):
    proto = file(node("Relu", "x"))
    proto.graph.output[0].CopyFrom(info("y", shape=("pictures", 5)))
    (tmp_path / "old.onnx").write_bytes(proto.SerializeToString())
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert [(f.ailment, f.names) for f in done.findings] == [("misshapen", ("y",))]
    assert done.outputs[0].identical
    assert Session(tmp_path / "new.onnx").outputs[0].shape == ("pictures", 4)


@pytest.mark.parametrize("shape", [("N", "width"), (1, 4), ("M", 4), None])
def test_a_declared_shape_that_may_be_right_stays(shape):
    proto = file(node("Relu", "x"))
    proto.graph.output[0].CopyFrom(info("y", shape=shape))
    assert repair(Model(proto)).findings == ()


def no_type(proto):
    proto.graph.input[0].ClearField("type")


HALF = node("Cast", "x", out="h", name="half", to=TensorProto.FLOAT16)
WHOLE = {"w": np.ones(4, np.float32)}
REASONS = {
    "no opset": (changed(file(node("Relu", "x")), lambda p: p.ClearField("opset_import")),
                 "the file does not say of which opset it is"),
    "an opset of the future": (file(node("Relu", "x"), opset=999), "the file is of opset 999, and "),
    "an input without a type": (changed(file(node("Relu", "x")), no_type),
                                "the input 'x' is declared without a type"),
    "no operator": (file(node("", "x")), "the node 'n' does not say what operator it is"),
    "unknown operator": (file(node("Foo", "x")), "Foo 'n' is no operator of ONNX"),
    "later operator": (file(node("Gelu", "x")),
                       "Gelu 'n' is an operator from opset 20 on; the file is of opset 17"),
    "operator that is no more": (file(node("Abs", "w", out="s", name="s"), node("Upsample", "x", "s"), weights={"w": np.ones(2, np.float32)}),
                                 "Upsample 'n' is no operator any more; the file is of opset 17"),
    "unknown attribute": (file(node("Relu", "x", foo=1)),
                          "Relu 'n' has an attribute 'foo', which Relu of opset 17 has not"),
    "later attribute": (file(node("Reshape", "x", "s", allowzero=1), opset=13, weights={"s": np.array([4])}),
                        "Reshape 'n' has an attribute 'allowzero', which Reshape of opset 13 has only from"),
    "attribute of another type": (file(node("Softmax", "x", axis=1.0)),
                                  "Softmax 'n' has the attribute 'axis' as FLOAT; it must be INT"),
    "attribute left out": (file(node("Cast", "x")), "Cast 'n' has no attribute 'to', which must be"),
    "constant of nothing": (file(node("Constant")), "Constant 'n' has no value"),
    "too few": (file(node("Add", "x")), "Add 'n' reads 1 tensor; Add of opset 17 reads 2"),
    "too many": (file(node("Clip", "x", "x", "x", "x")),
                 "Clip 'n' reads 4 tensors; Clip of opset 17 reads 1 to 3"),
    "left out": (file(node("Add", "x", "")), "Add 'n' leaves out the input 'B', which must be there"),
    "of a type not taken": (file(node("Reshape", "x", "s"), weights={"s": np.array([4], np.float32)}),
                            "Reshape 'n' reads 's' as float32, which it does not take there"),
    "of two types": (file(HALF, node("Add", "h", "w"), weights=WHOLE),
                     "Add 'n' reads 'h' as float16 and 'w' as float32, which must be of one type"),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_what_cannot_be_mended_is_named(name, tmp_path):
    proto, said = REASONS[name]
    assert because(Model(proto)).startswith(said)
    (tmp_path / "old.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(RunError) as caught:
        write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert said in str(caught.value)
    assert not (tmp_path / "new.onnx").exists()


def test_a_file_that_is_well_has_no_reason_not_to_load():
    mixed = node("Where", "flag", "x", "x", out="z", name="w")
    cast = node("Cast", "x", out="flag", name="c", to=TensorProto.BOOL)
    loop = node("Concat", "x", "z", name="n", axis=1)
    proto = file(cast, mixed, loop)
    Session(Model(proto))
    assert because(Model(proto)) is None


def test_a_weight_of_a_wrong_length_is_named_and_never_shown_to_the_runtime(tmp_path, capfd):
    proto = file(node("Add", "x", "w"), weights=WHOLE)
    proto.graph.initializer[0].raw_data = bytes(12)
    (tmp_path / "old.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(
        NotOnnxError, match="weight 'w' has 12 bytes, but its shape and type take 16"
    ):
        write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert capfd.readouterr().err == ""


def test_a_constant_that_writes_nothing_is_no_reason_to_fail():
    empty = helper.make_node("Constant", [], [], value=numpy_helper.from_array(np.ones(1)))
    model = Model(file(node("Relu", "x"), empty, weights={"lost": np.ones(2)}))
    assert [f.names for f in repair(model).findings] == [("lost",)]


@pytest.mark.parametrize("opset", [2**62, -(2**62)])
def test_an_opset_beyond_all_numbers_is_named(opset):
    model = Model(file(node("Relu", "x"), opset=opset))
    assert repair(model).findings == ()
    assert "the file is of opset" in because(model)


def test_an_input_that_no_memory_holds_is_not_made_up(tmp_path):
    proto = file(node("Relu", "x"))
    proto.graph.input[0].CopyFrom(info("x", shape=(2**40, 2**40)))
    (tmp_path / "old.onnx").write_bytes(proto.SerializeToString())
    assert "too large to make up" in diagnosed(tmp_path / "old.onnx").before
