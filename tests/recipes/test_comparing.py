"""Two runs on the same pictures, side by side."""

import json
import shutil
import sys
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from onnxprobe.compare import compare
from onnxprobe.errors import ComparisonError, StoreError
from onnxprobe.report.comparison import comparison_table
from onnxprobe.report.html.comparison import write_comparison


@pytest.fixture(scope="module")
def edited(finished, tmp_path_factory):
    """The same run, its first domain split."""
    from onnxprobe.recipe.editing import edit

    out = shutil.copytree(finished.out, tmp_path_factory.mktemp("edited") / "run")
    edit(out, "split", ["0"], called=["left", "right"])
    return out


def shown(found):
    console = Console(width=200, record=True, file=StringIO())
    console.print(comparison_table(found))
    return console.export_text()


def test_a_run_is_the_same_as_itself(finished):
    found = compare(finished.out, finished.out)
    assert found.pictures == found.compared == 300
    assert found.ami == found.ami_inside == 1
    assert all(d.fate == "same" and d.others == (d.name,) for d in found.one.domains)
    for views in found.views:
        if views.one == views.other:
            assert (views.cka, views.neighbours) == (1, 1)
        else:
            assert views.cka < 1
    assert found.one.domains == found.other.domains


def test_a_split_is_seen_from_both_sides(finished, edited):
    found = compare(finished.out, edited)
    assert found.one.domains[0].fate == "split"
    assert found.one.domains[0].others == ("left", "right")
    assert [d.fate for d in found.other.domains[:2]] == ["merged", "merged"]
    assert 0.5 < found.ami < 1
    text = shown(found)
    assert "is split into left, right" in text
    assert "1 split" in text


def test_json_and_the_page_say_what_the_terminal_says(finished, edited, tmp_path):
    found = compare(finished.out, edited)
    said = json.loads(json.dumps(found.to_json()))
    assert said["one"]["domains"][0]["others"] == ["left", "right"]
    assert len(said["views"]) == len(found.views)
    page = write_comparison(found, tmp_path / "c.html").read_text()
    assert "is split into left, right" in page
    assert page.count("<tr>") == 3 + len(found.views) + sum(
        len(side.domains) for side in (found.one, found.other)
    )
    assert "<script" not in page


def test_vectors_of_as_many_pictures_are_compared_as_somebody_wants(finished):
    found = compare(finished.out, finished.out, sample=40)
    assert (found.pictures, found.compared) == (300, 40)
    assert found.chance == pytest.approx(10 / 39, abs=1e-4)
    assert "both over the first 40 pictures of 300; more: --sample" in shown(found)
    assert "--sample" not in shown(compare(finished.out, finished.out))
    with pytest.raises(ComparisonError, match="at least 20 pictures; --sample says 19"):
        compare(finished.out, finished.out, sample=19)


def test_runs_on_other_pictures_cannot_be_compared(finished, monkeypatch):
    few = np.arange(7)
    module = sys.modules[compare.__module__]
    monkeypatch.setattr(module, "_common", lambda *_: (few, few))
    with pytest.raises(ComparisonError, match="have 7 pictures in common, by their content"):
        compare(finished.out, finished.out)


def test_a_folder_that_is_no_run_is_said(finished, tmp_path):
    with pytest.raises(StoreError, match="is not a finished run"):
        compare(finished.out, tmp_path)
