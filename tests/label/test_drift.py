import pyarrow as pa
import pytest
from fused_models import detecting
from pyarrow import parquet

from onnxprobe.errors import NoSuchNameError, PicturesError
from onnxprobe.label import label
from onnxprobe.label.parts import part_of

FOLDERS = {
    f"{folder}/{i:03d}.png": 250 if i < bright else 20
    for folder, bright in (("a", 30), ("b", 30), ("c/d", 85))
    for i in range(100)
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    import cv2
    import numpy as np

    from onnxprobe.images import open_source

    root = tmp_path_factory.mktemp("folders")
    for path, level in FOLDERS.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / path), np.full((8, 8, 3), level, np.uint8))
    return open_source(root)


def test_a_folder_unlike_the_others_is_found(folders, tmp_path):
    found = label(detecting([0.5]), folders, tmp_path / "l.parquet", by="folder")
    assert found.parts == 3
    first, *others = found.drift
    assert (first.part, first.id, first.labelled, first.pictures) == ("c/d", 0, 100, 85)
    assert (first.share, first.elsewhere) == (0.85, 0.3)
    assert first.share > first.high
    assert [(one.part, one.share < one.low) for one in others] == [("a", True), ("b", True)]


def test_what_is_alike_is_not_listed(folders, tmp_path):
    """The class of all pictures, and that of none."""
    found = label(detecting([-2, 2]), folders, tmp_path / "l.parquet", by="folder")
    assert (found.parts, found.drift) == (3, ())


def test_one_part_has_nothing_to_be_compared_with(grey, tmp_path):
    found = label(detecting([0.5]), grey({"a.png": 3}), tmp_path / "l.parquet", by="folder")
    assert (found.parts, found.drift) == (1, ())


def table(path, rows, columns=("path", "taken")):
    lines = [",".join(columns), *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_column_of_a_table_tells_parts_apart(folders, tmp_path):
    months = {"a": "2024-05-17", "b": "2024-05-03", "c/d": "2024-06-01"}
    rows = [(name, months[name.rpartition("/")[0]]) for name in FOLDERS]
    taken = table(tmp_path / "facts.csv", rows)
    found = label(detecting([0.5]), folders, tmp_path / "l.h5", by=f"{taken}:taken:month")
    assert found.parts == 2
    assert {one.part for one in found.drift} == {"2024-06", "2024-05"}
    assert found.by == f"{taken}:taken:month"


def test_a_table_that_calls_all_pictures_otherwise_is_refused_before_any_work(folders, tmp_path):
    taken = table(tmp_path / "facts.csv", [(f"photos/{name}", "2024-05-17") for name in FOLDERS])
    told = (
        r"names none of the pictures: its column 'path' has 'photos/.*', the first picture is '[^p]"
    )
    with pytest.raises(PicturesError, match=told):
        label(detecting([0.5]), folders, tmp_path / "l.h5", by=f"{taken}:taken")
    assert not list(tmp_path.glob("l.h5*"))
    (tmp_path / "none.csv").write_text("path,taken\n")
    with pytest.raises(PicturesError, match="names none of the pictures: its column 'path' has ''"):
        part_of(f"{tmp_path}/none.csv:taken", ["a.jpg"])


def test_a_table_that_names_a_part_of_the_pictures_says_how_large_it_is(tmp_path):
    taken = table(tmp_path / "facts.csv", [("a", "x"), ("c", "y"), ("elsewhere", "z")])
    told = (
        r"names 2 of the 5 pictures; those it does not name \(60\.0%, such as 'b'\) are one part, "
        r"'\(not in the table\)'"
    )
    with pytest.warns(RuntimeWarning, match=told):
        part_of(f"{taken}:taken", list("abcde"))
    part_of(f"{taken}:taken", list("ac"))  # all of them: nothing to say


def test_a_table_may_be_parquet_and_not_name_all(tmp_path):
    columns = {"path": ["a", "b", "c"], "day": pa.array(["2024-05-17", None, "x"])}
    parquet.write_table(pa.table(columns), tmp_path / "f.parquet")
    part = part_of(f"{tmp_path}/f.parquet:day")
    assert [part(n) for n in "abcd"] == ["2024-05-17", "(empty)", "x", "(not in the table)"]


def test_dates_of_parquet_are_cut_as_well(tmp_path):
    import datetime as dt

    moments = [dt.datetime(2024, 5, 17, 3, 4), dt.datetime(2025, 1, 1)]  # noqa: DTZ001
    parquet.write_table(pa.table({"path": ["a", "b"], "at": moments}), tmp_path / "f.parquet")
    part = part_of(f"{tmp_path}/f.parquet:at:year")
    assert [part(n) for n in "ab"] == ["2024", "2025"]


def test_a_table_whose_name_has_a_colon_is_found(tmp_path):
    taken = table(tmp_path / "a:b.csv", [("x", "7")])
    assert part_of(f"{taken}:taken")("x") == "7"


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        ("date", PicturesError, "told apart by 'folder', or by TABLE:COLUMN such as"),
        ("gone.csv:x", PicturesError, "the table 'gone.csv' cannot be read: No such file"),
        ("{0}/t.csv:tak", NoSuchNameError, "no column in .* named 'tak'; did you mean 'taken'"),
        ("{0}/t.csv:taken:day", PicturesError, "wants dates such as 2024-05-17, but 'a' has 'May"),
        ("{0}/n.csv:taken", PicturesError, "has no column 'path' that names the pictures; there"),
        ("{0}/bad.parquet:taken", PicturesError, "is not Parquet"),
        ("{0}/bad.csv:taken", PicturesError, "is not CSV in UTF-8"),
    ],
)
def test_what_tells_nothing_apart_is_named(said, error, message, tmp_path):
    table(tmp_path / "t.csv", [("a", "May 3")])
    table(tmp_path / "n.csv", [("a", "x")], columns=("name", "taken"))
    (tmp_path / "bad.parquet").write_text("no")
    (tmp_path / "bad.csv").write_bytes(b"path,taken\n\xff\xfe,3\n")
    with pytest.raises(error, match=message):
        part_of(said.format(tmp_path))
