import json

import joblib
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer, StandardScaler
from sklearn.svm import SVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier
from tiny import tiny_model

from onnxprobe.contract import compare, kept
from onnxprobe.errors import ContractError, LoweringError, StitchError, VersionError
from onnxprobe.fuse import HEADS, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.headfiles import Reading, estimator_parts, read_parts
from onnxprobe.lowering import lower
from onnxprobe.probe import Probe, attach
from onnxprobe.runtime import run
from onnxprobe.targets import target

BLOCK = Probe("block", "mean")  # four numbers a sample
NAMES = np.array(["cat", "dog", "emu"])


@pytest.fixture(scope="module")
def vectors(tiny):
    """What the probe gives for 90 random pictures, and labels that it can tell apart."""
    pictures = np.random.default_rng(0).normal(size=(90, 3, 8, 8)).astype(np.float32)
    x = run(attach(tiny, [BLOCK]), {"image": pictures})[BLOCK.output]
    return pictures, x, np.digitize(x[:, 0], np.quantile(x[:, 0], [1 / 3, 2 / 3]))


def fused(tmp_path, backbone, parts, **settings):
    save(backbone, tmp_path / "backbone.onnx")
    proof = write_fused(tmp_path / "backbone.onnx", parts, tmp_path / "fused.onnx", **settings)
    return proof, load(tmp_path / "fused.onnx")


def converted(path, estimator, *, kind=FloatTensorType, opset=17, **options):
    model = to_onnx(
        estimator,
        initial_types=[("X", kind([None, 4]))],
        target_opset={"": opset, "ai.onnx.ml": 3},
        **options,
    )
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of its defaults, which the origin left alone
@pytest.mark.parametrize("labels", [NAMES, np.array([10, 20, 30])], ids=["text", "numbers"])
@pytest.mark.parametrize("opset", [9, 13, 18])
def test_the_origins_own_head_fuses(tmp_path, vectors, labels, opset):
    """LogisticRegressionCV, raw scores, ZipMap: it breaks five of six other tools."""
    pictures, x, y = vectors
    estimator = LogisticRegressionCV(Cs=2, cv=2, max_iter=1000).fit(x, labels[y])
    path = converted(
        tmp_path / "face.onnx",
        estimator,
        opset=11,
        options={LogisticRegressionCV: {"raw_scores": True}},
    )
    backbone = tiny_model(opset=opset)
    proof, model = fused(tmp_path, backbone, read_parts(path, [BLOCK], like=backbone))
    assert proof.kept
    assert kept(compare(backbone, model))
    assert {o.domain for o in model.proto.opset_import} == {""}
    assert [str(model.value(n)) for n in model.outputs[1:]] == [
        "face_scores float32[N×3]",
        "face_id int64[N×1]",
        "face_confidence float32[N×1]",
    ]
    (fact,) = json.loads(model.metadata[HEADS])
    got = run(model, {"image": pictures})
    np.testing.assert_array_equal(
        np.array(fact["classes"])[got["face_id"][:, 0]], estimator.predict(x)
    )
    np.testing.assert_allclose(
        got["face_scores"], estimator.decision_function(x), rtol=1e-4, atol=1e-4
    )


def test_an_estimator_is_fused_and_proven_against_scikit_learn(tmp_path, vectors, tiny):
    pictures, x, y = vectors
    estimator = make_pipeline(StandardScaler(), SVC()).fit(x.astype(np.float64), NAMES[y])
    proof, model = fused(
        tmp_path, tiny, estimator_parts(estimator, [BLOCK], like=tiny, name="kind")
    )
    assert [o.name for o in proof.new_outputs] == ["kind_scores", "kind_id", "kind_confidence"]
    (fact,) = json.loads(model.metadata[HEADS])
    assert (fact["prefix"], fact["classes"], fact["estimator"]) == (
        "kind",
        list(NAMES),
        "StandardScaler > SVC",
    )
    got = run(model, {"image": pictures})["kind_id"][:, 0]
    assert (
        NAMES[got] == estimator.predict(x.astype(np.float64))
    ).mean() > 0.98  # probes differ in the last bit


def test_several_questions_become_several_heads(tmp_path, vectors, tiny):
    _, x, y = vectors
    both = np.stack([NAMES[y], np.where(x[:, 1] > np.median(x[:, 1]), "up", "down")], axis=1)
    parts = estimator_parts(
        MultiOutputClassifier(LogisticRegression()).fit(x, both), [BLOCK], like=tiny, name="q"
    )
    _, model = fused(tmp_path, tiny, parts)
    said = json.loads(model.metadata[HEADS])
    assert [(s["prefix"], len(s["classes"]), len(s["outputs"])) for s in said] == [
        ("q_0", 3, 3),
        ("q_1", 2, 3),
    ]


def test_several_probes_feed_one_estimator(tmp_path, vectors, tiny):
    pictures, x, y = vectors
    probes = [BLOCK, Probe("stem", "std")]
    stem = run(attach(tiny, probes), {"image": pictures})["stem:std"]
    estimator = LinearDiscriminantAnalysis().fit(np.hstack([x, stem]), y)
    proof, _ = fused(tmp_path, tiny, estimator_parts(estimator, probes, like=tiny))
    assert proof.kept


@pytest.mark.parametrize("end", [".joblib", ".pkl", ".skops"])
def test_an_estimator_in_a_file_is_read(tmp_path, vectors, tiny, end):
    _, x, y = vectors
    path = tmp_path / f"kind{end}"
    if end == ".skops":
        io = pytest.importorskip("skops.io")
        io.dump(LogisticRegression().fit(x, y), path)
    else:
        joblib.dump(LogisticRegression().fit(x, y), path)
    parts = read_parts(path, [BLOCK], like=tiny, how=Reading(trust=end != ".skops"))
    _, model = fused(tmp_path, tiny, parts)
    (fact,) = json.loads(model.metadata[HEADS])
    assert (fact["file"], fact["classes"]) == (path.name, [0, 1, 2])


def test_a_pickle_is_opened_only_on_the_users_word(tmp_path, tiny):
    joblib.dump(LogisticRegression(), tmp_path / "kind.joblib")
    with pytest.raises(
        LoweringError, match="is a pickle, which can run any code when it is opened; --trust says"
    ):
        read_parts(tmp_path / "kind.joblib", [BLOCK], like=tiny)


def test_a_skops_file_with_types_of_its_own_is_opened_only_on_the_users_word(
    tmp_path, vectors, tiny
):
    io = pytest.importorskip("skops.io")
    _, x, y = vectors
    own = make_pipeline(FunctionTransformer(compress), LogisticRegression()).fit(x, y)
    io.dump(own, tmp_path / "own.skops")
    with pytest.raises(
        LoweringError, match=r"types that are not known to be safe: .*compress.*; --trust loads"
    ):
        read_parts(tmp_path / "own.skops", [BLOCK], like=tiny)


def compress(x):
    return x


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.h5",
            b"x",
            r"is not a head: its name ends in '.h5'; there is '.onnx', '.skops', '.joblib'",
        ),
        ("a.joblib", b"nonsense", "'.*a.joblib' cannot be read"),
        ("a.skops", b"nonsense", "'.*a.skops' cannot be read"),
        ("a.pkl", None, "there is no file '.*a.pkl'"),
    ],
)
def test_a_file_that_is_no_head_says_so(tmp_path, tiny, name, content, message):
    if name.endswith("skops"):
        pytest.importorskip("skops.io")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(LoweringError, match=message):
        read_parts(tmp_path / name, [BLOCK], like=tiny, how=Reading(trust=True))


def test_a_head_in_float64_reads_float32_vectors(tmp_path, vectors, tiny):
    _, x, y = vectors
    estimator = GaussianNB().fit(x.astype(np.float64), NAMES[y])
    path = converted(
        tmp_path / "nb.onnx", estimator, kind=DoubleTensorType, options={"zipmap": False}
    )
    proof, model = fused(tmp_path, tiny, read_parts(path, [BLOCK], like=tiny))
    assert proof.kept
    assert model.value("nb_scores").dtype == "float32"


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("estimator", [LogisticRegression(), GaussianNB()])
def test_whole_labels_and_maps_of_float64_become_a_classifier(
    tmp_path, vectors, tiny, estimator, zipmap
):
    """ONNX Runtime itself does not load such maps; labels pass through float64 on their way out."""
    pictures, x, y = vectors
    labels = np.array([5, 7, 100])[y]
    path = converted(
        tmp_path / "wide.onnx",
        estimator.fit(x, labels),
        kind=DoubleTensorType,
        options={"zipmap": zipmap},
    )
    proof, model = fused(tmp_path, tiny, read_parts(path, [BLOCK], like=tiny))
    (fact,) = json.loads(model.metadata[HEADS])
    assert (proof.kept, model.outputs[1:]) == (True, ("wide_scores", "wide_id", "wide_confidence"))
    got = run(model, {"image": pictures})
    assert (np.array(fact["classes"])[got["wide_id"][:, 0]] == estimator.predict(x)).mean() > 0.98
    assert np.abs(got["wide_scores"] - estimator.predict_proba(x)).max() < 1e-5


def test_one_margin_in_a_column_is_the_margin_of_two_classes(tmp_path, vectors, tiny):
    """And skl2onnx declares two columns where there is one."""
    pictures, x, y = vectors
    estimator = RidgeClassifier().fit(x, y > 0)
    path = converted(tmp_path / "one.onnx", estimator)
    _, model = fused(tmp_path, tiny, read_parts(path, [BLOCK], like=tiny))
    onnx.checker.check_model(model.proto, full_check=True)
    margin = run(model, {"image": pictures})["one_scores"]
    expected = estimator.decision_function(x)
    np.testing.assert_allclose(margin, np.stack([-expected, expected], 1), atol=1e-5)


def test_an_output_that_says_nothing_of_a_sample_is_left_out(tmp_path, vectors, tiny):
    _, x, y = vectors
    estimator = LogisticRegression().fit(x, y)
    options = {"zipmap": False, "output_class_labels": True}
    path = converted(tmp_path / "more.onnx", estimator, options=options)
    (part,) = read_parts(path, [BLOCK], like=tiny)
    assert part.head.outputs == ("more_scores", "more_id", "more_confidence")


def test_a_head_that_we_lowered_ourselves_says_its_classes_when_it_comes_from_a_file(
    tmp_path, vectors, tiny
):
    _, x, y = vectors
    model = lower(LogisticRegression().fit(x, NAMES[y]), opset=20, ir_version=9, name="mine")
    save(model, tmp_path / "other.onnx")
    (part,) = read_parts(tmp_path / "other.onnx", [BLOCK], like=tiny)
    assert (part.name, part.facts["classes"], part.head.outputs[0]) == (
        "mine",
        list(NAMES),
        "mine_scores",
    )


@pytest.mark.parametrize(
    "estimator", [RandomForestClassifier(3, random_state=0), KNeighborsClassifier(3)]
)
def test_trees_and_neighbours_need_to_be_asked_for(tmp_path, vectors, tiny, estimator):
    pictures, x, y = vectors
    estimator.fit(x, NAMES[y])
    with pytest.raises(LoweringError, match=r"no form in plain ONNX operators.*; with --allow-ml"):
        estimator_parts(estimator, [BLOCK], like=tiny)
    parts = estimator_parts(estimator, [BLOCK], like=tiny, how=Reading(allow_ml=True))
    proof, model = fused(tmp_path, tiny, parts)
    assert proof.kept
    domains = {o.domain: o.version for o in model.proto.opset_import if o.domain}
    (fact,) = json.loads(model.metadata[HEADS])
    assert fact.get("domains", {}) == domains
    assert bool(domains) == isinstance(estimator, RandomForestClassifier)  # neighbours need none
    got = run(model, {"image": pictures})["head_id"][:, 0]
    assert (NAMES[got] == estimator.predict(x)).mean() > 0.98


@pytest.mark.parametrize("inside", ["pipeline", "calibrated", "bagged"])
def test_trees_inside_of_others_are_proven_against_scikit_learn(tmp_path, vectors, tiny, inside):
    _, x, y = vectors
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    estimator = {
        "pipeline": make_pipeline(StandardScaler(), tree),
        "calibrated": CalibratedClassifierCV(tree, method="isotonic", cv=2),
        "bagged": BaggingClassifier(tree, 3, random_state=0),
    }[inside]
    parts = estimator_parts(estimator.fit(x, y), [BLOCK], like=tiny, how=Reading(allow_ml=True))
    proof, model = fused(tmp_path, tiny, parts)
    assert {each.name for each in proof.new_outputs} == set(model.outputs[1:])
    assert json.loads(model.metadata["onnxprobe.proof"])["needs"] == {"ai.onnx.ml": 1}
    with pytest.raises(VersionError, match=r"TreeEnsembleClassifier of ai\.onnx\.ml 1"):
        fused(tmp_path, tiny, parts, target=target("openvino"))


def test_what_neither_we_nor_skl2onnx_convert_says_so(vectors, tiny):
    _, x, y = vectors
    estimator = make_pipeline(SplineTransformer(), LogisticRegression()).fit(x, y)
    with pytest.raises(LoweringError, match="neither here nor in skl2onnx; fit another"):
        estimator_parts(estimator, [BLOCK], like=tiny, how=Reading(allow_ml=True))


def test_what_tells_outliers_returns_what_skl2onnx_makes_of_it(tmp_path, vectors, tiny):
    pictures, x, _ = vectors
    estimator = OneClassSVM(gamma=0.5).fit(x)
    parts = estimator_parts(estimator, [BLOCK], like=tiny, how=Reading(allow_ml=True))
    proof, model = fused(tmp_path, tiny, parts)
    assert proof.kept
    assert (run(model, {"image": pictures})["label"][:, 0] == estimator.predict(x)).mean() > 0.95


def test_an_operator_set_that_no_head_asked_for_is_not_written(tmp_path, vectors, tiny):
    _, x, y = vectors
    forest = RandomForestClassifier(2, random_state=0).fit(x, y)
    (part,) = estimator_parts(forest, [BLOCK], like=tiny, how=Reading(allow_ml=True))
    silent = type(part)(part.name, part.head, part.probes, part.answers, {"prefix": "head"})
    with pytest.raises(
        ContractError, match=r"opset of 'ai.onnx.ml' is new: 1; nothing was written"
    ):
        fused(tmp_path, tiny, [silent])


def test_the_wrong_width_is_refused_with_both_sides(tmp_path, vectors, tiny):
    _, x, y = vectors
    estimator = LogisticRegression().fit(x[:, :3], y)
    with pytest.raises(
        StitchError,
        match="the probes give 4 numbers a sample but LogisticRegression was fitted on 3",
    ):
        estimator_parts(estimator, [BLOCK], like=tiny)
    head = lower(estimator, opset=17, ir_version=8, name="narrow")
    save(head, tmp_path / "narrow.onnx")
    with pytest.raises(
        StitchError,
        match=r"gives block:mean float32\[N×4\] but the head wants vectors float32\[N×3\]",
    ):
        fused(tmp_path, tiny, read_parts(tmp_path / "narrow.onnx", [BLOCK], like=tiny))


def test_more_inputs_than_probes_are_refused(tmp_path, tiny):
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 4]) for n in ("a", "b", "y")]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["y"])], "two", infos[:2], infos[2:]
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "two.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(
        StitchError,
        match=r"'two' reads 2 tensors \('a', 'b'\) but is given 1 probe \('block:mean'\); give it one",
    ):
        read_parts(tmp_path / "two.onnx", [BLOCK], like=tiny)


def test_a_head_is_made_for_a_target_or_refused(tmp_path, vectors, tiny):
    _, x, y = vectors
    svc = SVC(probability=True, random_state=0)
    with pytest.warns(FutureWarning, match="probability"):
        svc.fit(x, y)
    _, model = fused(
        tmp_path, tiny, estimator_parts(svc, [BLOCK], like=tiny), target=target("onnxruntime==1.16")
    )
    assert model.metadata["onnxprobe.target"] == "onnxruntime 1.16"
    with pytest.raises(
        VersionError,
        match=r"a head needs Loop \(opset 17\), but opencv 4.10 has no such operator; .*SVC",
    ):
        fused(
            tmp_path, tiny, estimator_parts(svc, [BLOCK], like=tiny), target=target("opencv==4.10")
        )
