import pkgutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, version_converter

import onnxprobe.graph.opsets.adapters
from onnxprobe.errors import VersionError
from onnxprobe.graph.model import Model
from onnxprobe.graph.opsets.adapters import ADAPTERS
from onnxprobe.graph.opsets.versions import at_opset, one_import, since
from onnxprobe.runtime import run

X = np.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype(np.float32)
TYPES = {"TopK": {"z": TensorProto.INT64}, "ArgMax": {"y": TensorProto.INT64}}
FLAT = X.reshape(6, 16)


def model_of(nodes, opset, *, x=X, constants=(), outputs=("y",)):
    """A model of ``nodes`` from ``x`` to ``outputs``; constants are name, array pairs."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [
            helper.make_tensor_value_info(name, TYPES.get(nodes[0].op_type, {}).get(name, 1), None)
            for name in outputs
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return Model(proto)


n = helper.make_node
C = [np.random.default_rng(1).uniform(0.5, 1, 3).astype(np.float32) for _ in range(4)]
MODES = ("nearest", "linear")
GROWS = np.array([1, 1, 2, 1.3], np.float32)
SHRINKS = np.array([1, 1, 0.5, 0.7], np.float32)
NONE = np.zeros(0, np.float32)
B = np.array([True, False])


def wide(per_channel):
    return per_channel[:, None, None]


REDUCTION_AXES = [("axes", np.array([1, 2]))]
CASES = {
    **{
        f"{op}-{at}": [
            (at - 1, [n(op, ["x"], ["y"], axes=[1, 2], keepdims=0)], ()),
            (at - 1, [n(op, ["x"], ["y"])], ()),
            (at, [n(op, ["x", "axes"], ["y"])], REDUCTION_AXES),
            (at, [n(op, ["x"], ["y"], keepdims=0)], ()),
        ]
        for op, at in [("ReduceSum", 13)]
        + [
            (rule.op, 18)
            for rule in ADAPTERS.values()
            if rule.at == 18 and rule.op.startswith("Reduce")
        ]
    },
    "Squeeze-13": [
        (
            11,
            [
                n("ReduceMax", ["x"], ["m"], axes=[1], keepdims=1),
                n("Squeeze", ["m"], ["y"], axes=[1]),
            ],
            (),
        ),
        (
            13,
            [n("ReduceMax", ["x"], ["m"], axes=[2]), n("Squeeze", ["m", "a"], ["y"])],
            [("a", np.array([2]))],
        ),
        (13, [n("ReduceMax", ["x"], ["m"], axes=[2]), n("Squeeze", ["m"], ["y"])], ()),
    ],
    "Unsqueeze-13": [
        (11, [n("Unsqueeze", ["x"], ["y"], axes=[0, 3])], ()),
        (13, [n("Unsqueeze", ["x", "a"], ["y"])], [("a", np.array([-1, 1]))]),
    ],
    "Clip-11": [
        (10, [n("Clip", ["x"], ["y"], min=-0.5, max=0.25)], ()),
        (10, [n("Clip", ["x"], ["y"], max=0.25)], ()),
        (11, [n("Clip", ["x", "", "high"], ["y"])], [("high", np.float32(0.5))]),
    ],
    "Slice-10": [
        (9, [n("Slice", ["x"], ["y"], starts=[1, 0], ends=[9, 2], axes=[2, 1])], ()),
        (
            10,
            [n("Slice", ["x", "s", "e"], ["y"])],
            [("s", np.array([0, 1])), ("e", np.array([1, 3]))],
        ),
        (
            10,
            [n("Slice", ["x", "s", "e", "a", "t"], ["y"])],
            [
                ("s", np.array([1])),
                ("e", np.array([3])),
                ("a", np.array([3])),
                ("t", np.array([1])),
            ],
        ),
    ],
    "Pad-11": [
        (10, [n("Pad", ["x"], ["y"], pads=[0, 0, 1, 1, 0, 0, 2, 0], value=0.5)], ()),
        (10, [n("Pad", ["x"], ["y"], pads=[0, 0, 1, 1, 0, 0, 2, 0], mode="reflect")], ()),
        (
            11,
            [n("Pad", ["x", "p", "v"], ["y"])],
            [("p", np.array([0, 1, 0, 0, 0, 0, 0, 0])), ("v", np.float32(3))],
        ),
    ],
    **{
        f"{op}-13": [
            (11, [n(op, ["x"], ["y"], axis=3)], ()),
            (11, [n(op, ["x"], ["y"], axis=-1)], ()),
            (13, [n(op, ["x"], ["y"])], ()),
        ]
        for op in ("Softmax", "LogSoftmax", "Hardmax")
    },
    "Dropout-12": [
        (11, [n("Dropout", ["x"], ["y"], ratio=0.3)], ()),
        (12, [n("Dropout", ["x", "r"], ["y"])], [("r", np.float32(0.2))]),
    ],
    "Split-13": [
        (11, [n("Split", ["x"], ["y", "z"], axis=2, split=[1, 3])], ()),
        (13, [n("Split", ["x", "s"], ["y", "z"], axis=1)], [("s", np.array([1, 2]))]),
    ],
    "Split-18": [
        (17, [n("Split", ["x"], ["y", "z"], axis=2)], ()),
        (18, [n("Split", ["x"], ["y", "z"], axis=1, num_outputs=2)], ()),
        (18, [n("Split", ["x", "s"], ["y", "z"], axis=1)], [("s", np.array([1, 2]))]),
    ],
    "TopK-10": [
        (9, [n("TopK", ["x"], ["y", "z"], k=2, axis=2)], ()),
        (10, [n("TopK", ["x", "k"], ["y", "z"])], [("k", np.array([3]))]),
    ],
    "BatchNormalization-14": [
        (
            at,
            [n("BatchNormalization", ["x", *"abcd"], ["y"], epsilon=1e-3)],
            list(zip("abcd", C, strict=True)),
        )
        for at in (13, 14)
    ],
    **{
        f"{op}OrEqual-12": [
            (
                12,
                [n(f"{op}OrEqual", ["x", "c"], ["b"]), n("Cast", ["b"], ["y"], to=1)],
                [("c", X[0])],
            )
        ]
        for op in ("Greater", "Less")
    },
    "Constant-9": [
        (
            at,
            [
                n("Constant", [], ["k"], value=numpy_helper.from_array(np.array([-3, 1 << 40]))),
                n("Cast", ["k"], ["y"], to=1),
            ],
            (),
        )
        for at in (9, 13)
    ],
    "Where-9": [
        (
            9,
            [n("Greater", ["x", "c"], ["b"]), n("Where", ["b", "x", "c"], ["y"])],
            [("c", X[0])],
        ),
        (
            9,
            [
                n("Greater", ["x", "c"], ["b"]),
                n("Where", ["b", "i", "j"], ["k"]),
                n("Cast", ["k"], ["y"], to=1),
            ],
            [("c", X[0]), ("i", np.array(1 << 60)), ("j", np.arange(4))],
        ),
    ],
    "BatchNormalization-9": [
        (8, [n("BatchNormalization", ["x", *"abcd"], ["y"])], list(zip("abcd", C, strict=True))),
        (
            8,
            [n("BatchNormalization", ["x", *"abcd"], ["y"], spatial=0)],
            [
                (name, np.stack([c] * 16, -1).reshape(3, 4, 4))
                for name, c in zip("abcd", C, strict=True)
            ],
        ),
        (9, [n("BatchNormalization", ["x", *"abcd"], ["y"])], list(zip("abcd", C, strict=True))),
    ],
    "Upsample-9": [
        (8, [n("Upsample", ["x"], ["y"], scales=[1.0, 1.0, 2.0, 1.5])], ()),
        (7, [n("Upsample", ["x"], ["y"], scales=[1.0, 1.0, 3.0, 1.3], mode="linear")], ()),
    ],
    "Upsample-10": [
        (9, [n("Upsample", ["x", "s"], ["y"], mode=mode)], [("s", GROWS)]) for mode in MODES
    ],
    "Resize-11": [
        (10, [n("Resize", ["x", "s"], ["y"], mode=mode)], [("s", scales)])
        for mode in MODES
        for scales in (GROWS, SHRINKS)
    ],
    "Resize-13": [
        (12, [n("Resize", ["x", "r", "s"], ["y"])], [("r", NONE), ("s", GROWS)]),
        (13, [n("Resize", ["x", "", "s"], ["y"], mode="linear")], [("s", SHRINKS)]),
        (
            13,
            [n("Resize", ["x", "", "", "to"], ["y"], mode="cubic")],
            [("to", np.array([2, 3, 7, 5]))],
        ),
    ],
    "Scatter-11": [
        (
            10,
            [n("Scatter", ["x", "i", "u"], ["y"], axis=2)],
            [("i", np.array([[[[3, 1]]]])), ("u", np.ones((1, 1, 1, 2), np.float32))],
        )
    ],
}
ANSWERS = {
    "BatchNormalization-7": (
        1,
        n("BatchNormalization", ["x", *"abcd"], ["y"], is_test=1, consumed_inputs=[0, 0, 0, 1, 1]),
        dict(zip("abcd", C, strict=True)),
        (X - wide(C[2])) / np.sqrt(wide(C[3]) + 1e-5) * wide(C[0]) + wide(C[1]),
    ),
    "Dropout-7": (6, n("Dropout", ["x"], ["y"], is_test=1, ratio=0.3), {}, X),
    "Cast-6": (5, n("Cast", ["x"], ["y"], to="FLOAT"), {}, X),
    "Concat-4": (1, n("Concat", ["x", "x"], ["y"]), {}, np.concatenate([X, X], 1)),
    "Pad-2": (
        1,
        n("Pad", ["x"], ["y"], paddings=[0, 0, 1, 0, 0, 0, 0, 2]),
        {},
        np.pad(X, [(0, 0), (0, 0), (1, 0), (0, 2)]),
    ),
    "Reshape-5": (4, n("Reshape", ["x"], ["y"], shape=[6, -1], consumed_inputs=[0]), {}, FLAT),
    "Upsample-7": (
        1,
        n("Upsample", ["x"], ["y"], height_scale=2.0, width_scale=3.0),
        {},
        X.repeat(2, 2).repeat(3, 3),
    ),
    "Gemm-7": (
        6,
        n("Gemm", ["a", "b", "c"], ["y"], broadcast=1),
        {"a": FLAT, "b": np.eye(16, dtype=np.float32), "c": FLAT[0]},
        FLAT + FLAT[0],
    ),
    **{
        f"{op}-7": (
            6,
            n(op, ["x", "c"], ["y"], broadcast=1, axis=1),
            {"c": C[0]},
            does(X, wide(C[0])),
        )
        for op, does in {
            "Add": np.add,
            "Sub": np.subtract,
            "Mul": np.multiply,
            "Div": np.divide,
        }.items()
    },
    "Pow-7": (1, n("Pow", ["x", "c"], ["y"], broadcast=1), {"c": np.float32(2)}, X**2),
    **{
        f"{op}-7": (
            1,
            n(op, ["x", "c"], ["y"], broadcast=1, axis=-3),
            {"c": C[0]},
            does(X, wide(C[0])),
        )
        for op, does in {"Equal": np.equal, "Greater": np.greater, "Less": np.less}.items()
    },
    **{
        f"{op}-7": (
            1,
            n(op, ["a", "b"], ["y"], broadcast=1, axis=0),
            {"a": X > 0, "b": B},
            does(X > 0, B[:, None, None, None]),
        )
        for op, does in {"And": np.logical_and, "Or": np.logical_or, "Xor": np.logical_xor}.items()
    },
}
"""Rules of opsets that no runtime takes: what a node of theirs computes, as ONNX says it."""
SAID_OTHERWISE = {"Constant-9", "GreaterOrEqual-12", "LessOrEqual-12", "Where-9"}
"""Rules that only go down: what they write stays as it is on the way back."""
ONLY_UP = {"Resize-11", "Scatter-11", "Upsample-9", "Upsample-10"}
"""Rules that only go up: what they write has no older form."""


def check_nodes(model):
    context = onnx.checker.C.CheckerContext()
    context.ir_version, context.opset_imports = model.ir_version, {"": model.opset}
    for node in model.nodes:
        onnx.checker.check_node(node.proto, context)


def outputs_of(nodes):
    return [name for name in ("y", "z") if any(name in node.output for node in nodes)]


@pytest.mark.parametrize(
    ("name", "opset", "nodes", "constants"),
    [(name, *case) for name, cases in CASES.items() for case in cases],
    ids=lambda v: v if isinstance(v, str) else None,
)
def test_what_a_rule_writes_computes_the_same(name, opset, nodes, constants):
    """Old form to every later opset, new form to every earlier one, down to where the rule ends."""
    at = ADAPTERS[name].at
    model = model_of(nodes, opset, constants=constants, outputs=outputs_of(nodes))
    expected = run(model, {"x": X})
    others = [at - 1] if opset >= at else [at, 18, 26]
    if name == "Upsample-9":
        others = [9]
    for other in others:
        got = run(at_opset(model, other), {"x": X})
        for output, array in expected.items():
            np.testing.assert_array_equal(got[output], array)
        check_nodes(at_opset(model, other))


@pytest.mark.parametrize("name", sorted(CASES.keys() - SAID_OTHERWISE - ONLY_UP))
def test_there_and_back_is_the_same_computation(name):
    opset, nodes, constants = CASES[name][0]
    at = ADAPTERS[name].at
    model = model_of(nodes, opset, constants=constants, outputs=outputs_of(nodes))
    there = at_opset(model, at if opset < at else at - 1)
    back = run(at_opset(there, opset), {"x": X})
    for output, array in run(model, {"x": X}).items():
        np.testing.assert_array_equal(back[output], array)


@pytest.mark.parametrize("name", ANSWERS)
def test_what_no_runtime_takes_computes_what_onnx_says_of_it(name):
    opset, node, constants, answer = ANSWERS[name]
    model = model_of([node], opset, constants=constants.items())
    model.proto.graph.output[0].type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(
        answer.dtype
    )
    feeds = {"x": X} if "x" in node.input else {}
    if not feeds:
        del model.proto.graph.input[:]
    for there in (12, 18, 26):
        new = at_opset(Model(model.proto), there)
        check_nodes(new)
        np.testing.assert_allclose(run(new, feeds)["y"], answer, 1e-6)


def test_every_rule_has_a_case():
    assert CASES.keys() | ANSWERS.keys() == set(ADAPTERS)


def test_every_file_is_registered():
    files = {m.name for m in pkgutil.iter_modules(onnxprobe.graph.opsets.adapters.__path__)} - {
        "_base"
    }
    ways = [way for rule in ADAPTERS.values() for way in (rule.up, rule.down)]
    used = {getattr(way, "func", way).__module__.rsplit(".", 1)[-1] for way in ways}
    assert len(files) == 19
    assert files - used == set()


@pytest.mark.parametrize(
    ("op", "first"), [("Gemm", 9), ("MatMul", 9), ("Add", 7), ("Where", 9), ("ArgMax", 11)]
)
def test_an_operator_that_only_learnt_more_types_is_restamped(op, first):
    nodes = {
        "Gemm": [n("Gemm", ["x", "w", "b"], ["y"])],
        "MatMul": [n("MatMul", ["x", "w"], ["y"])],
        "Add": [n("Add", ["x", "b"], ["y"])],
        "Where": [n("Greater", ["x", "b"], ["g"]), n("Where", ["g", "x", "b"], ["y"])],
        "ArgMax": [n("ArgMax", ["x"], ["y"], axis=-1)],
    }[op]
    constants = [("w", np.eye(16, dtype=np.float32)), ("b", FLAT[0])]
    low = max(first, 9)
    model = model_of(nodes, low, x=FLAT, constants=constants)
    expected = run(model, {"x": FLAT})["y"]
    for opset in range(low, 27):
        there = at_opset(model, opset)
        assert [node.op for node in there.nodes] == [node.op_type for node in nodes]
        np.testing.assert_array_equal(run(there, {"x": FLAT})["y"], expected)
        np.testing.assert_array_equal(run(at_opset(there, low), {"x": FLAT})["y"], expected)


def test_onnx_own_converter_agrees_on_the_way_up():
    """Oracle: ``onnx.version_converter``, which goes up one opset at a time."""
    nodes = [
        n("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=1),
        n("Squeeze", ["m"], ["s"], axes=[2, 3]),
        n("Clip", ["s"], ["c"], min=-1.0, max=1.0),
        n("Softmax", ["c"], ["y"], axis=1),
    ]
    model = model_of(nodes, 10)
    theirs = version_converter.convert_version(model.proto, 18)
    ours = at_opset(model, 18)
    np.testing.assert_array_equal(run(ours, {"x": X})["y"], run(Model(theirs), {"x": X})["y"])


def test_constants_that_became_an_attribute_are_gone():
    model = model_of([n("Unsqueeze", ["x", "a"], ["y"])], 13, constants=[("a", np.array([0]))])
    assert at_opset(model, 12).constants == frozenset()


def test_its_input_is_left_alone():
    model = model_of([n("Unsqueeze", ["x", "a"], ["y"])], 13, constants=[("a", np.array([0]))])
    before = model.proto.SerializeToString(deterministic=True)
    at_opset(model, 11)
    assert model.proto.SerializeToString(deterministic=True) == before


def test_nodes_inside_an_if_are_adapted_too():
    def branch(name, op):
        ax = helper.make_node(
            "Constant", [], [f"{name}_axes"], value=numpy_helper.from_array(np.array([1]))
        )
        out = [helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, None)]
        return helper.make_graph([ax, n(op, ["x", f"{name}_axes"], [f"{name}_out"])], name, [], out)

    choice = n(
        "If",
        ["flag"],
        ["y"],
        then_branch=branch("a", "ReduceSum"),
        else_branch=branch("b", "ReduceSum"),
    )
    model = model_of([choice], 13, constants=[("flag", np.bool_(1))])
    old = at_opset(model, 11)
    inner = old.proto.graph.node[0].attribute[0].g.node
    assert [node.op_type for node in inner] == ["ReduceSum"]
    np.testing.assert_allclose(run(old, {"x": X})["y"], X.sum(1, keepdims=True), rtol=1e-6)


REFUSED = [
    ([n("Dropout", ["x", "", "on"], ["y"])], 12, 11, "which has training_mode=1"),
    (
        [n("Gelu", ["x"], ["y"])],
        20,
        17,
        "backbone is opset 17, which has no such operator; export the head for opset 17",
    ),
    ([n("Softmax", ["x"], ["y"], axis=1)], 11, 13, "which has axis 1 of 4 axes"),
    (
        [n("Abs", ["a"], ["s"]), n("Unsqueeze", ["x", "s"], ["y"])],
        13,
        11,
        "which has axes that are computed",
    ),
    ([n("Slice", ["x", "a", "b", "a", "b"], ["y"])], 13, 9, r"which has steps of \[2\]"),
    (
        [n("ReduceMean", ["x"], ["y"], noop_with_empty_axes=1)],
        18,
        13,
        "noop_with_empty_axes=1 without axes",
    ),
    ([n("ArgMax", ["x"], ["y"], select_last_index=1)], 12, 11, "no attribute 'select_last_index'"),
    (
        [n("GroupNormalization", ["x", "f", "f"], ["y"], num_groups=1)],
        18,
        21,
        "computes something else",
    ),
    (
        [n("GreaterOrEqual", ["x", "x"], ["b"]), n("Cast", ["b"], ["y"], to=1)],
        12,
        10,
        "no float32 numbers there",
    ),
    ([n("Softmax", ["q"], ["y"], axis=-1)], 11, 9, "no axes counted from the end"),
    (
        [
            n("Constant", [], ["k"], value=numpy_helper.from_array(np.array((1 << 60) + 1))),
            n("Cast", ["k"], ["y"], to=1),
        ],
        9,
        8,
        "which has no such constants",
    ),
    ([n("Max", ["x", "f"], ["y"])], 9, 7, "which has no broadcasting there"),
    (
        [n("Greater", ["x", "f"], ["g"]), n("Where", ["g", "x", "inf"], ["y"])],
        9,
        8,
        "needs Where as opset 9 has it, .* and an infinity cannot be taken 0 times",
    ),
]


@pytest.mark.parametrize(
    ("nodes", "have", "want", "message"), REFUSED, ids=[case[3][:30] for case in REFUSED]
)
def test_what_has_no_form_there_is_refused_by_name(nodes, have, want, message):
    constants = [
        ("a", np.array([1])),
        ("b", np.array([2])),
        ("f", np.ones(1, np.float32)),
        ("on", np.bool_(1)),
        ("inf", np.float32(-np.inf)),
    ]
    with pytest.raises(VersionError, match=message):
        at_opset(model_of(nodes, have, constants=constants), want)


def test_axes_are_counted_from_the_front_where_an_old_opset_wants_it():
    old = at_opset(model_of([n("Concat", ["x", "x"], ["y"], axis=-1)], 11), 10)
    assert old.nodes[0].attribute("axis") == 3


def test_double_imports_become_one():
    model = model_of([n("Abs", ["x"], ["y"])], 17)
    model.proto.opset_import.append(helper.make_opsetid("ai.onnx", 17))
    assert [o.version for o in at_opset(Model(model.proto), 17).proto.opset_import] == [17]
    assert [o.version for o in at_opset(Model(model.proto), 18).proto.opset_import] == [18]


@pytest.mark.parametrize(
    ("node", "fits"),
    [(n("Squeeze", ["x"], ["y"], axes=[0]), 11), (n("Unsqueeze", ["x", "a"], ["y"]), 17)],
)
def test_of_two_different_imports_the_one_that_the_nodes_use_is_taken(node, fits):
    model = model_of([node], 11, constants=[("a", np.array([0]))])
    model.proto.opset_import.append(helper.make_opsetid("", 17))
    assert one_import(Model(model.proto)).opset == fits


def test_two_different_imports_that_cannot_be_told_apart_are_refused():
    model = model_of([n("Softmax", ["x"], ["y"])], 11)
    model.proto.opset_import.append(helper.make_opsetid("", 17))
    with pytest.raises(
        VersionError, match="imports the opset as 11 and as 17, and which one its nodes mean"
    ):
        one_import(Model(model.proto))


def test_since_names_the_opset_a_form_appeared_in():
    assert (since("Squeeze", 12), since("Upsample", 10), since("Gelu", 17)) == (11, None, None)
