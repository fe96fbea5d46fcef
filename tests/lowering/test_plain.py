import pkgutil

import numpy as np
import pytest
import zoo
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression

import onnxprobe.lowering.operators
from onnxprobe.errors import LoweringError
from onnxprobe.graph.model import Model
from onnxprobe.graph.opsets.versions import at_opset
from onnxprobe.lowering import OPERATORS, plain
from onnxprobe.runtime import run

X = zoo.vectors(rows=40)
n = helper.make_node


def ml(op, inputs, outputs, **attributes):
    return n(op, inputs, outputs, domain="ai.onnx.ml", **attributes)


def model_of(  # noqa: PLR0913
    nodes, outputs, *, opset=17, ml_version=3, constants=(), dtype=TensorProto.FLOAT
):
    """A model from ``x`` ``(N, 5)``; outputs are name, element type, shape."""
    graph = helper.make_graph(
        nodes,
        "head",
        [helper.make_tensor_value_info("x", dtype, ["N", 5])],
        [
            helper.make_tensor_value_info(*output)
            if isinstance(output, tuple)
            else helper.make_value_info(
                output,
                helper.make_sequence_type_proto(
                    helper.make_map_type_proto(
                        TensorProto.STRING, helper.make_tensor_type_proto(1, [])
                    )
                ),
            )
            for output in outputs
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml_version)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def agree(head, x=X, **settings):
    """Compare a rewritten head with the original, run as it is: labels exactly, numbers to 1e-6."""
    found = plain(head, name="kind", **settings)
    expected = found.translated(run(head, {"x": x}))
    got = run(found.model, {found.model.inputs[0]: x.astype(np.float32)})
    assert list(got) == list(expected)
    for name, array in expected.items():
        assert got[name].shape == array.shape
        np.testing.assert_allclose(got[name], array, rtol=1e-5, atol=1e-6)
    assert {o.domain for o in found.model.proto.opset_import} == {""}
    return found


CLASSES = {
    "text": {"classlabels_strings": ["a", "b", "c"]},
    "numbers": {"classlabels_ints": [7, 3, 5]},
}


@pytest.mark.parametrize("opset", [9, 12, 17, 21])
@pytest.mark.parametrize("post", ["NONE", "SOFTMAX", "LOGISTIC"])
@pytest.mark.parametrize("classes", CLASSES)
def test_a_linear_classifier_is_a_gemm(classes, post, opset):
    rng = np.random.default_rng(0)
    node = ml(
        "LinearClassifier", ["x"], ["label", "scores"], coefficients=rng.normal(size=15).tolist(),
        intercepts=rng.normal(size=3).tolist(), post_transform=post, multi_class=1, **CLASSES[classes],
    )  # fmt: skip
    element = TensorProto.STRING if classes == "text" else TensorProto.INT64
    head = model_of(
        [node], [("label", element, ["N"]), ("scores", 1, ["N", 3])], opset=opset, ml_version=1
    )
    found = agree(head)
    assert found.classes == ((*"abc",) if classes == "text" else (7, 3, 5))
    assert found.model.outputs == ("kind_scores", "kind_id", "kind_confidence")


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC"])
def test_one_margin_for_two_classes_is_read_as_onnx_runtime_reads_it(post):
    node = ml(
        "LinearClassifier", ["x"], ["label", "scores"], coefficients=[1.0, -2.0, 0.5, 1.0, 0.0],
        intercepts=[0.1], post_transform=post, classlabels_ints=[0, 1],
    )  # fmt: skip
    agree(
        model_of(
            [node], [("label", TensorProto.INT64, ["N"]), ("scores", 1, ["N", 2])], ml_version=1
        )
    )


FLOATS = ("y", 1, ["N", 5])


@pytest.mark.parametrize(
    "node",
    [
        ml("Scaler", ["x"], ["y"], offset=[1.0, 2, 3, 4, 5], scale=[0.5, 1, 2, 3, 4]),
        ml("Scaler", ["x"], ["y"], offset=[1.0], scale=[0.5]),
        ml("Normalizer", ["x"], ["y"], norm="L1"),
        ml("Normalizer", ["x"], ["y"], norm="L2"),
        ml("Normalizer", ["x"], ["y"], norm="MAX"),
        ml("Binarizer", ["x"], ["y"], threshold=0.3),
        ml("Imputer", ["x"], ["y"], imputed_value_floats=[9.0], replaced_value_float=float("nan")),
        ml(
            "Imputer",
            ["x"],
            ["y"],
            imputed_value_floats=[9.0, 8, 7, 6, 5],
            replaced_value_float=0.0,
        ),
    ],
    ids=lambda node: (
        f"{node.op_type} {len(node.attribute[0].floats)} {node.attribute[0].s.decode()}"
    ),
)
def test_scaling_is_arithmetic(node):
    x = X.copy()
    x[0, :] = 0
    if node.op_type == "Imputer" and np.isnan(node.attribute[1].f):
        x[1, 2] = np.nan
    agree(model_of([node], [FLOATS], ml_version=1), x)


def test_a_linear_regressor_and_side_by_side_features():
    nodes = [
        ml("FeatureVectorizer", ["x", "x"], ["both"], inputdimensions=[5, 5]),
        ml(
            "LinearRegressor",
            ["both"],
            ["y"],
            coefficients=np.arange(20.0).tolist(),
            intercepts=[1.0, 2],
            targets=2,
        ),
    ]
    agree(model_of(nodes, [("y", 1, ["N", 2])], ml_version=1))


LABELLED = [n("ArgMax", ["x"], ["at"], axis=1, keepdims=0)]


@pytest.mark.parametrize(
    ("nodes", "element", "classes"),
    [
        ([ml("LabelEncoder", ["at"], ["y"], keys_int64s=[0, 1, 2, 3, 4], values_strings=list("abcde"))], 8, tuple("abcde")),
        ([ml("LabelEncoder", ["at"], ["y"], keys_int64s=[3, 1, 0], values_strings=list("abc"), default_string="z")], 8, tuple("abcz")),
        ([ml("LabelEncoder", ["at"], ["t"], keys_int64s=[0, 1, 2, 3, 4], values_strings=list("abcab")),
          ml("LabelEncoder", ["t"], ["y"], keys_strings=list("abc"), values_int64s=[10, 20, 30])], 7, (10, 20, 30)),
        ([ml("ArrayFeatureExtractor", ["names", "at"], ["t"]), n("Reshape", ["t", "flat"], ["y"])], 8, tuple("vwxyz")),
    ],
)  # fmt: skip
def test_text_becomes_an_index(nodes, element, classes):
    constants = [("names", np.array(list("vwxyz"), object)), ("flat", np.array([-1]))]
    found = agree(
        model_of([*LABELLED, *nodes], [("y", element, ["N"])], constants=constants, ml_version=2)
    )
    assert found.sources[0].labels == classes
    assert str(found.model.value("y")) == "y int64[N×1]"


def test_text_that_becomes_a_number_again_is_one():
    nodes = [
        ml(
            "LabelEncoder", ["at"], ["t"], keys_int64s=[0, 1, 2, 3, 4], values_strings=list("abcab")
        ),
        ml("LabelEncoder", ["t"], ["f"], keys_strings=list("abc"), values_floats=[0.5, 1.5, 2.5]),
        n("Unsqueeze", ["f", "one"], ["y"]),
    ]
    agree(
        model_of(
            [*LABELLED, *nodes],
            [("y", 1, ["N", 1])],
            constants=[("one", np.array([1]))],
            ml_version=2,
        )
    )


def test_a_map_becomes_the_scores_inside():
    nodes = [
        n("Softmax", ["x"], ["p"], axis=1), *LABELLED,
        ml("LabelEncoder", ["at"], ["label"], keys_int64s=[0, 1, 2, 3, 4], values_strings=list("abcde")),
        ml("ZipMap", ["p"], ["maps"], classlabels_strings=list("abcde")),
    ]  # fmt: skip
    found = agree(model_of(nodes, [("label", 8, ["N"]), "maps"], ml_version=2))
    assert found.model.outputs == ("kind_scores", "kind_id", "kind_confidence")


def test_outputs_of_rank_one_become_columns_and_keep_their_names():
    nodes = [*LABELLED, n("ReduceMax", ["x"], ["top"], axes=[1], keepdims=0)]
    found = agree(model_of(nodes, [("at", 7, ["N"]), ("top", 1, ["N"])]))
    assert [str(found.model.value(name)) for name in found.model.outputs] == [
        "at int64[N×1]",
        "top float32[N×1]",
    ]


def test_vectors_of_float64_are_made_inside():
    head = model_of(
        [n("Neg", ["x"], ["y"])], [("y", TensorProto.DOUBLE, ["N", 5])], dtype=TensorProto.DOUBLE
    )
    found = plain(head, name="kind")
    assert found.model.value(found.model.inputs[0]).dtype == "float32"
    np.testing.assert_array_equal(
        run(found.model, {found.model.inputs[0]: X})["y"], -X.astype(np.float64)
    )


def test_the_batch_is_what_the_backbone_calls_it():
    found = plain(model_of([n("Neg", ["x"], ["y"])], [FLOATS]), name="kind", batch="batch")
    assert found.model.value("y").shape == found.model.value("x").shape == ("batch", 5)


def test_its_input_is_left_alone():
    head = model_of([*LABELLED, ml("LabelEncoder", ["at"], ["y"], keys_int64s=[0, 1, 2, 3, 4],
                                   values_strings=list("abcde"))], [("y", 8, ["N"])], ml_version=2)  # fmt: skip
    before = head.proto.SerializeToString(deterministic=True)
    plain(head, name="kind")
    assert head.proto.SerializeToString(deterministic=True) == before


def converted(estimator, **options):
    types = [("x", FloatTensorType([None, zoo.WIDTH]))]
    return Model(
        to_onnx(estimator, initial_types=types, target_opset={"": 17, "ai.onnx.ml": 3}, **options)
    )


@pytest.mark.parametrize(
    "name",
    [
        "LogisticRegression", "SGDClassifier", "LinearSVC", "QuadraticDiscriminantAnalysis", "GaussianNB",
        "BernoulliNB", "MultinomialNB", "MLPClassifier", "CalibratedClassifierCV", "OneVsRestClassifier",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of skl2onnx
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_skl2onnx_writes_is_made_plain(name):
    found = agree(converted(zoo.classifier(name, 4, np.float32)))
    assert found.classes == ("cat", "dog", "emu", "fox")


def test_an_opset_imported_twice_is_imported_once():
    head = converted(zoo.classifier("LogisticRegression"), options={"zipmap": False})
    domains = [o.domain for o in head.proto.opset_import]
    assert domains.count("") == 2, "skl2onnx has stopped doing so: take this test out"
    assert [o.domain for o in agree(head).model.proto.opset_import] == [""]


def test_trees_stay_where_they_may_and_say_indices():
    forest = RandomForestClassifier(3, random_state=0).fit(*zoo.data(4, np.float32))
    with pytest.raises(
        LoweringError, match=r"needs TreeEnsembleClassifier of ai.onnx.ml.*; --allow-ml keeps it"
    ):
        plain(converted(forest), name="kind")
    found = plain(converted(forest), name="kind", allow_ml=True)
    expected = found.translated(run(converted(forest), {"x": X}))
    for name, array in run(found.model, {"x": X}).items():
        np.testing.assert_allclose(array, expected[name], atol=1e-6)
    assert "ai.onnx.ml" in {o.domain for o in found.model.proto.opset_import}


def test_a_regressor_keeps_its_output():
    x, y = zoo.data(4, np.float32)
    forest = RandomForestRegressor(2, random_state=0).fit(x, np.unique(y, return_inverse=True)[1])
    assert plain(converted(forest), name="kind", allow_ml=True).model.outputs == ("variable",)


@pytest.mark.parametrize(
    ("nodes", "outputs", "message"),
    [
        ([n("Cast", ["x"], ["y"], to=8)], [("y", 8, ["N", 5])], "returns y str.*, whose values the file does not name"),
        ([ml("LinearClassifier", ["x"], ["l", "y"], coefficients=[1.0] * 5, intercepts=[1.0], post_transform="PROBIT",
             classlabels_ints=[1])], [("y", 1, ["N", 1])], "ends in PROBIT, which has no plain form"),
        ([ml("OneHotEncoder", ["x"], ["y"], cats_int64s=[1])], [("y", 1, ["N", 5, 1])], "needs OneHotEncoder of ai.onnx.ml"),
        ([n("ReduceMax", ["x"], ["y"], keepdims=0)], [("y", 1, [])], "an output needs one row a sample"),
        ([*LABELLED, ml("LabelEncoder", ["at"], ["t"], keys_int64s=[0, 1, 2, 3, 4], values_strings=list("abcde")),
          n("Equal", ["t", "t"], ["y"])], [("y", 9, ["N"])], "Equal '' computes with the text 't'"),
    ],
)  # fmt: skip
def test_what_has_no_plain_form_says_so(nodes, outputs, message):
    with pytest.raises(LoweringError, match=message):
        plain(model_of(nodes, outputs, ml_version=2), name="kind")


def test_a_head_of_another_opset_is_brought_there_first():
    head = at_opset(converted(zoo.classifier("LogisticRegression")), 11)
    assert agree(head).model.opset == 11


def test_every_file_is_registered():
    files = {m.name for m in pkgutil.iter_modules(onnxprobe.lowering.operators.__path__)} - {
        "_base"
    }
    assert {rule.rewrite.__module__.rsplit(".", 1)[-1] for rule in OPERATORS.values()} == files


def test_labels_of_a_classifier_from_a_file_are_those_it_was_fitted_on():
    x, y = zoo.data(3, np.float64)
    estimator = LogisticRegression().fit(x, y)
    found = plain(converted(estimator), name="kind")
    best = run(found.model, {"x": X})["kind_id"][:, 0]
    np.testing.assert_array_equal(
        np.array(found.classes)[best], estimator.predict(X.astype(np.float64))
    )
