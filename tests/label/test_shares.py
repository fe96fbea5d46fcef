import json
from dataclasses import asdict

import pytest
from fused_models import detecting, fused
from pyarrow import parquet

from onnxprobe.errors import OnnxprobeError
from onnxprobe.label import label
from onnxprobe.label.heads import heads_of

LEVELS = {f"{i:03d}.png": (250 if i < 30 else 180 if i < 60 else 20) for i in range(100)}
"""30 pictures are above 0.5, 60 above 0.1."""


def run_json(path, *, sizes=(40, 20), names=("domain 0", "domain 1"), pictures=100):
    domains = [
        {"id": i, "name": name, "size": size, "share": size / pictures}
        for i, (name, size) in enumerate(zip(names, sizes, strict=True))
    ]
    path.write_text(json.dumps({"counts": {"ok": 90}, "domains": domains[::-1]}))
    return path


def test_each_picture_counts_for_every_class_it_is_in(grey, tmp_path):
    found = label(detecting([0.5, 0.1]), grey(LEVELS), tmp_path / "l.parquet")
    (head,) = found.heads
    assert [(share.name, share.pictures, share.observed) for share in head.shares] == [
        ("domain 0", 30, 0.3),
        ("domain 1", 60, 0.6),
    ]
    assert head.none == 40
    rows = parquet.read_table(tmp_path / "l.parquet").to_pylist()
    assert [len(row["ids"]) for row in rows] == [2] * 30 + [1] * 30 + [0] * 40


def test_what_was_expected_is_told_by_the_fused_file(grey, tmp_path):
    model = detecting([0.5, 0.1], sample=(1000, (290, 900)))
    (head,) = label(model, grey(LEVELS), tmp_path / "l.parquet").heads
    assert (head.sample, head.origin) == (1000, "the fused file")
    as_before, lost = head.shares
    assert as_before.expected == 0.29
    assert as_before.low < 0.3 < as_before.high
    assert not as_before.left
    assert (lost.expected, lost.left) == (0.9, True)
    assert lost.observed < lost.low
    assert head.left == (lost,)


def test_a_run_json_may_tell_it_instead(grey, tmp_path):
    told = run_json(tmp_path / "run.json")
    found = label(detecting([0.5, 0.1]), grey(LEVELS), tmp_path / "l.parquet", expected=told)
    (head,) = found.heads
    assert (head.sample, head.origin) == (100, str(told))
    assert [share.expected for share in head.shares] == [0.4, 0.2]
    assert [share.left for share in head.shares] == [False, True]


def test_where_nobody_tells_nothing_is_judged(grey, tmp_path):
    (head,) = label(detecting([0.5, 0.1]), grey(LEVELS), tmp_path / "l.parquet").heads
    assert (head.sample, head.origin, head.left) == (None, None, ())
    assert {share.low for share in head.shares} == {None}


def test_the_file_says_what_was_found(grey, tmp_path):
    model = detecting([0.5, 0.1], sample=(1000, (290, 900)))
    found = label(model, grey(LEVELS), tmp_path / "l.parquet")
    said = json.loads(parquet.read_metadata(tmp_path / "l.parquet").metadata[b"onnxprobe.labels"])
    assert said["heads"] == json.loads(json.dumps(asdict(found)["heads"]))
    assert len(said["model"]) == 64


def test_those_that_changed_most_are_named_first(grey, tmp_path):
    model = detecting([0.5, 0.1, 0.99], sample=(10000, (6000, 9000, 100)))
    (head,) = label(model, grey(LEVELS), tmp_path / "l.parquet").heads
    assert [share.id for share in head.left] == [0, 1]
    model = detecting([0.5, 0.1, 0.99], sample=(10000, (6000, 9000, 3000)))
    (head,) = label(model, grey(LEVELS), tmp_path / "m.parquet").heads
    assert [share.id for share in head.left] == [2, 0, 1]  # nothing of it is left


def test_what_is_like_nothing_known_is_in_no_class():
    """Some heads say −1 although a score is above its threshold."""
    import numpy as np

    (head,) = heads_of(detecting([0.5, 0.1]))
    member = head.member(np.array([0, -1]), np.array([[0.9, 0.9], [0.9, 0.9]], np.float32))
    assert member.tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no run.json of onnxprobe, or damaged"),
        ("[]", "is no run.json of onnxprobe, or damaged"),
        ('{"domains": [{"id": 0, "name": "a", "size": 9, "share": 3.0}]}', "or damaged"),
        ('{"domains": [{"id": 0, "name": "a", "size": 9, "share": 0}]}', "or damaged"),
        ('{"domains": [{"id": 0, "name": "a", "size": 9}]}', "or damaged"),
        ('{"domains": []}', "or damaged"),
    ],
)
def test_a_damaged_run_json_is_named(text, message, tmp_path):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(OnnxprobeError, match=message):
        heads_of(detecting([0.5]), tmp_path / "run.json")


def test_a_run_json_of_another_run_is_refused(tmp_path):
    with pytest.raises(OnnxprobeError, match=r"it has 2 domains, and the head 'domain' has 1 clas"):
        heads_of(detecting([0.5]), run_json(tmp_path / "run.json"))
    with pytest.raises(OnnxprobeError, match="has 2 classes of other names"):
        heads_of(detecting([0.5, 0.1]), run_json(tmp_path / "run.json", names=("a", "b")))
    with pytest.raises(OnnxprobeError, match="cannot be read: No such file"):
        heads_of(detecting([0.5]), tmp_path / "gone.json")


@pytest.mark.parametrize("confidence", [0, 1, 1.5, float("nan")])
def test_a_confidence_is_a_share(confidence, grey, tmp_path):
    with pytest.raises(OnnxprobeError, match=r"a confidence is above 0 and below 1, such as 0\.95"):
        label(fused(), grey({"a.png": 3}), tmp_path / "l.parquet", confidence=confidence)


def test_a_damaged_sample_is_named():
    with pytest.raises(OnnxprobeError, match=r"'onnxprobe\.heads'\) is damaged"):
        heads_of(detecting([0.5], sample=(10, (11,))))
