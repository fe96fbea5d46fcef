import csv

import numpy as np
import pytest

from onnxprobe.describe.describe import description
from onnxprobe.describe.labels import label_columns
from onnxprobe.describe.marks import marks
from onnxprobe.errors import PicturesError

N = 600


def member_of(*columns):
    return np.stack(columns, axis=1)


def test_what_was_planted_is_what_is_said():
    rng = np.random.default_rng(0)
    blurred, cats = np.arange(N) < 40, np.arange(N) >= 550
    columns = {
        "sharpness": np.where(blurred, rng.normal(10, 3, N), rng.normal(50, 10, N)).tolist(),
        "brightness": rng.normal(100, 20, N).tolist(),
        "animal": ["cat" if cat else rng.choice(["dog", "cow"]) for cat in cats],
        "year": [None] * N,
    }
    x = rng.normal(size=(N, 30)).astype(np.float32)
    x[blurred, 7] += 4
    first, second = marks(columns, {"v": x}, member_of(blurred, cats), ["v", "v"])
    assert [(mark.what, mark.value) for mark in first] == [("sharpness", None), ("channel", 7)]
    assert first[0].effect < -0.95
    assert first[0].inside < first[0].outside
    assert description(first) == "blurred"
    assert (second[0].what, second[0].value, second[0].effect) == ("animal", "cat", 1.0)
    assert second[0].lift == pytest.approx(N / 50)
    assert second[0].cramers_v == 1.0
    assert (second[0].inside, second[0].outside) == (1.0, 0.0)


def test_of_nothing_nothing_is_said():
    """Forty domains drawn at random, thousands of comparisons: no mark."""
    rng = np.random.default_rng(1)
    member = rng.random((N, 40)) < 0.05
    columns = {
        "sharpness": rng.normal(size=N).tolist(),
        "folder": rng.choice(list("abcdefgh"), N).tolist(),
    }
    x = rng.normal(size=(N, 100)).astype(np.float32)
    found = marks(columns, {"v": x}, member, ["v"] * 40)
    assert sum(map(len, found)) == 0


def test_channels_are_those_of_the_view_of_the_domain():
    rng, inside = np.random.default_rng(2), np.arange(N) < 50
    views = {name: rng.normal(size=(N, 5)).astype(np.float32) for name in ("what", "how")}
    views["what"][inside, 1] += 5
    views["how"][inside, 3] -= 5
    (only,) = marks({}, views, member_of(inside), ["how"])
    assert [(mark.value, mark.words) for mark in only] == [(3, "low channel 3")]


def test_a_domain_of_a_handful_is_not_described():
    inside = np.arange(N) < 4
    x = {"brightness": np.where(inside, 200.0, 10.0).tolist()}
    assert marks(x, {}, member_of(inside), ["v"]) == ((),)


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_columns_of_a_table_are_numbers_or_categories(tmp_path):
    rows = [("id", "path", "age", "kind", "grade", "folder")]
    rows += [(i, f"{i}.png", 20.5 + i, "ab"[i % 2], i % 3, "x") for i in range(30)]
    rows[3] = (2, "2.png", "", "", "", "")
    found = label_columns(write(tmp_path / "l.csv", rows), ["1.png", "2.png", "77.png"])
    assert found["age"] == [21.5, None, None]
    assert found["kind"] == ["b", None, None]
    assert found["grade"] == ["1", None, None]  # few whole numbers are names
    assert found["folder (label)"] == ["x", None, None]  # not to be taken for the real one
    assert "path" not in found


def test_the_first_column_names_the_pictures_where_none_is_called_path(tmp_path):
    file = write(tmp_path / "l.csv", [("file", "kind"), ("1.png", "a")])
    assert label_columns(file, ["1.png"]) == {"kind": ["a"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        (b"", "need a column 'path' and others; there is none"),
        (b"path\na.png\n", "need a column 'path' and others; there is 'path'"),
        (b"path,kind\nb.png,x\n", "name none of the pictures; the first is called 'a.png'"),
        (b"path,kind\n\xff\xfe,x\n", "are not CSV in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(tmp_path, text, said):
    file = tmp_path / "l.csv"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(PicturesError, match=said):
        label_columns(file, ["a.png"])
