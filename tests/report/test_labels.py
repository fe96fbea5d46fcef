import io
import json
from pathlib import Path

from rich.console import Console

from onnxprobe.label import Drift, HeadLabels, Labels, Share
from onnxprobe.report.labels import labels_json, labels_text, warnings_of


def found(shares, drift=(), by=None, origin="the fused file"):
    head = HeadLabels("domain", 40, 1000 if origin else None, origin, tuple(shares))
    return Labels({"ok": 100, "empty": 2}, 0.95, (head,), by, 2 if by else 0, tuple(drift))


KEPT = Share(0, "cats", 30, 0.3, 0.29, 0.2, 0.4)
LOST = Share(1, "do\ngs", 1, 0.01, 0.1, 0.05, 0.2)
DRIFT = Drift("2024/\x1b[31m", 50, "domain", 0, "cats", 40, 0.8, 0.1, 0.05, 0.2)


def text(labels):
    console = Console(file=io.StringIO(), width=80)
    console.print(labels_text(labels, Path("l.parquet"), "model metadata"))
    return console.file.getvalue()


def test_a_class_that_left_its_interval_comes_first_and_is_marked():
    lines = text(found([KEPT, LOST])).splitlines()
    assert lines[0] == "l.parquet: 102 pictures, 100 ok, 2 empty; preprocessing: model metadata"
    rows = [line for line in lines if line.endswith(("20.00%  ", "40.00%  "))]
    assert rows[0].split()[:4] == [r"do\u000ags", "1", "!", "1.00%"]
    assert rows[1].split()[:3] == ["cats", "30", "30.00%"]


def test_the_warning_is_one_line_and_in_the_json():
    labels = found([KEPT, LOST])
    line = r"1 of 2 classes of 'domain' left the expected share: 'do\\u000ags' is 1.00%, not 5.00% to 20.00%"
    assert list(warnings_of(labels)) == labels_json(labels)["warnings"] == [line]
    assert json.loads(json.dumps(labels_json(labels)))["heads"][0]["shares"][1]["low"] == 0.05


def test_the_warning_names_three():
    (line,) = warnings_of(found([LOST] * 5))
    assert line.startswith("5 of 5 classes")
    assert line.endswith("and 2 more")


def test_where_all_is_as_expected_nothing_is_said():
    assert list(warnings_of(found([KEPT]))) == []


def test_where_nobody_says_what_to_expect_that_is_said():
    assert "what was to be expected is not known, see" in text(
        found([Share(0, "cats", 30, 0.3)], origin=None)
    )


def test_drift_is_shown_and_names_do_no_harm():
    said = text(found([KEPT], [DRIFT], by="folder"))
    assert "2 parts by 'folder'; rarer or more frequent than elsewhere" in said
    assert "\x1b" not in said
    assert "in none is a class rarer" in text(found([KEPT], by="folder"))


def test_long_tables_end():
    said = text(found([Share(i, f"c{i}", i, 0.1) for i in range(99)]))
    assert "and 87 more, in --json" in said
    assert len(said.splitlines()) < 25
