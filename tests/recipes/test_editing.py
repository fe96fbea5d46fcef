"""A run is changed by people: names, groups, heads, and what becomes of that when it runs again."""

import json
import shutil
import warnings

import numpy as np
import pytest
from drawn import SEEN
from pyarrow import parquet

from onnxprobe.describe import describe
from onnxprobe.errors import DomainError, NoSuchNameError, StoreError
from onnxprobe.graph.load import load
from onnxprobe.heads import HEADS
from onnxprobe.recipe import Job
from onnxprobe.recipe.editing import Domains as Read
from onnxprobe.recipe.editing import edit
from onnxprobe.recipe.running import run
from onnxprobe.recipe.settings import configured
from recipes.domains import Domains
from recipes.maps.tsne import TSNE

QUICK = Domains(tsne=TSNE(iterations=50))


@pytest.fixture
def out(finished, tmp_path):
    return shutil.copytree(finished.out, tmp_path / "run")


def files(folder):
    """Every public file but the figures of time."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name != ".lock"
    }


def members(folder):
    grouping = Read.read(folder).grouping
    return {
        name: {p for p, m in zip(grouping.paths, grouping.member[:, i], strict=True) if m}
        for i, name in enumerate(grouping.names)
    }


def said(folder):
    facts = json.loads(load(folder / "fused.onnx").metadata["onnxprobe.heads"])
    return facts[0]["classes"]


def test_a_new_name_is_in_every_file_and_nothing_else_changes(out):
    before = members(out)
    facts = edit(out, "rename", ["0", "checkerboards"])
    after = members(out)
    assert next(iter(after)) == "checkerboards"
    assert list(after.values()) == list(before.values())
    assert said(out)[0] == "checkerboards"
    assert facts["domains"][0]["name"] == "checkerboards"
    assert json.loads((out / "run.json").read_text())["domains"] == facts["domains"]
    assert json.loads((out / "proof.json").read_text())["kept"] is True
    assert (out / "domains.yaml").read_text().endswith("- rename: domain 0\n  to: checkerboards\n")


def test_a_split_is_learned_and_undone(out):
    before, groups = members(out), parquet.read_table(out / "groups.parquet")
    (name, whole), *_ = before.items()
    edit(out, "split", ["0"], called=["left", "right"])
    after = members(out)
    assert after["left"] | after["right"] == whole
    assert not after["left"] & after["right"]
    assert said(out)[:2] == ["left", "right"]
    edit(out, "undo")
    assert members(out) == before
    again = parquet.read_table(out / "groups.parquet")
    assert again["domains"].to_pylist() == groups["domains"].to_pylist()
    assert next(iter(before)) == name


def test_the_head_in_the_table_is_the_head_in_the_file(out):
    """What the table says was computed from the store by the head that ``head.onnx`` holds."""
    from onnxprobe.runtime import run as onnx_run
    from onnxprobe.store import Store

    edit(out, "split", ["0"], called=["left", "right"])
    store, head = Store.open(out / "embeddings.h5"), load(out / "head.onnx")
    feeds = dict(zip(head.inputs, map(store.embeddings, store.header.probes), strict=True))
    scores = onnx_run(head, feeds)["domain_scores"]
    threshold = np.float32(
        json.loads(load(out / "fused.onnx").metadata["onnxprobe.heads"])[0]["threshold"]
    )
    found = [np.flatnonzero(row > threshold).tolist() for row in scores]
    assert parquet.read_table(out / "groups.parquet")["predicted"].to_pylist() == found
    assert "detectors" in HEADS


def test_what_is_covered_and_what_is_near_follow_the_edits(out):
    before = edit(out, "rename", ["0", "checkerboards"])
    there = members(out)
    assert before["covered"] == round(len(set().union(*there.values())) / 300, 4)
    assert before["domains"][0]["agreement"] > 0.5
    facts = edit(out, "keep", ["checkerboards"])
    assert facts["covered"] == round(len(there["checkerboards"]) / 300, 4)
    assert facts["domains"][0]["agreement"] == before["domains"][0]["agreement"]


def test_an_edit_by_hand_is_applied(out):
    (out / "domains.yaml").write_text("- {rename: domain 0, to: boards}\n")
    edit(out, "apply")
    assert said(out)[0] == "boards"


@pytest.mark.parametrize(
    ("action", "words", "error", "message"),
    [
        ("rename", ["99", "x"], NoSuchNameError, "no domain named '99'"),
        ("renam", ["0", "x"], NoSuchNameError, "no edit named 'renam'; did you mean 'rename'"),
        ("rename", ["0", "12"], DomainError, "taken for an id; nothing was changed"),
        ("drop", [], DomainError, "write: onnxprobe domains RUN drop DOMAIN…"),
    ],
)
def test_what_cannot_be_done_changes_nothing(out, action, words, error, message):
    before = files(out)
    with pytest.raises(error, match=message):
        edit(out, action, words)
    assert files(out) == before


def test_a_wrong_entry_of_the_file_is_named(out):
    (out / "domains.yaml").write_text("- drop: [nothing]\n- {rename: domain 0, to: boards}\n")
    with pytest.raises(DomainError, match=r"entry 1 of 'domains.yaml': no domain named 'nothing'"):
        edit(out, "apply")


def test_a_fused_model_that_fails_its_proof_changes_nothing(out, monkeypatch):
    from onnxprobe.recipe import writing

    def broken(*_, **__):
        raise ArithmeticError

    monkeypatch.setattr(writing, "write_fused", broken)
    before = files(out)
    with pytest.raises(ArithmeticError):
        edit(out, "rename", ["0", "boards"])
    assert files(out) == before
    assert not (out / ".new").exists()


def test_the_last_domain_cannot_be_dropped(out):
    with pytest.raises(DomainError, match="no domain would be left"):
        edit(out, "drop", list(members(out)))


def test_a_folder_that_is_no_run_is_said_and_left_alone(tmp_path):
    with pytest.raises(StoreError, match="is not a finished run"):
        edit(tmp_path, "undo")
    assert not list(tmp_path.iterdir())


def test_names_and_edits_survive_a_run_with_other_settings(finished, out):
    edit(out, "rename", ["0", "checkerboards"])
    named = members(out)["checkerboards"]
    job = Job(finished.model, finished.images, out, SEEN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # groups of other settings may be lost
        facts = run(configured(QUICK, {"clustering.neighbours": 12}), "domains", job)
    assert facts["seconds"]["clustering"] > 0
    again = members(out)["checkerboards"]
    assert len(named & again) > 0.5 * len(named | again)
    assert "checkerboards" in said(out)
    assert facts["edits"] == [{"rename": "domain 0", "to": "checkerboards"}]


def test_what_a_run_is_described_by_is_remembered_when_it_runs_again(finished, out, tmp_path):

    table = tmp_path / "labels.csv"
    table.write_text("path,kind\n" + "".join(f"{i:03d}.png,{i % 10 == 0}\n" for i in range(300)))
    described = describe(out, None, labels=table, sample=250)
    job = Job(finished.model, finished.images, out, SEEN)
    assert "pictures" not in run(QUICK, "domains", job)["described"]  # nobody has looked yet
    assert describe(out, None)["described"] == described["described"]


def test_what_marks_a_domain_is_said_in_the_run_and_on_the_page(finished, out):
    from onnxprobe.images import open_source
    from onnxprobe.report.html import write_report

    planted = next(i for i, names in enumerate(members(out).values()) if len(names) == 30)
    facts = describe(out, open_source(finished.images))
    found = facts["domains"][planted]  # noise under a checkerboard of white
    assert {"bright", "sharp"} <= set(found["description"].split(", "))
    assert any(mark["what"] == "channel" for mark in found["marks"])
    assert json.loads((out / "run.json").read_text()) == json.loads(json.dumps(facts))
    page = write_report(out, None).read_text()
    assert "Marked by" in page
    assert "bright, " in page or ", bright" in page
    edit(out, "rename", [str(planted), "boards"])
    again = describe(out, None)  # without the pictures: they were looked at before
    assert again["domains"][planted] == {**found, "name": "boards"}


def test_as_many_pictures_are_described_as_somebody_said_once(finished, out):
    from onnxprobe.images import open_source

    facts = describe(out, open_source(finished.images), sample=120)
    assert facts["described"]["pictures"] == facts["described"]["sample"] == 120
    assert describe(out, None)["described"] == facts["described"]
    edit(out, "rename", ["0", "boards"])
    assert describe(out, None)["described"]["pictures"] == 120
    assert describe(out, None, sample=10_000)["described"]["pictures"] == 300


@pytest.mark.parametrize("look", [Read.read, lambda folder: describe(folder, None)])
def test_a_run_json_that_says_too_little_is_told_and_no_traceback(out, look):
    facts = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({"recipe": facts["recipe"], "model": facts["model"]}))
    with pytest.raises(
        StoreError, match=r"'run\.json' says nothing of .*'domains'; run the recipe"
    ):
        look(out)
