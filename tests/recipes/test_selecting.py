"""Lists of pictures from a run, and what can be done with them."""

import csv
import json
import shutil

import numpy as np
import pytest
from drawn import SEEN

from onnxprobe.embed import embed
from onnxprobe.errors import NoSuchNameError, SelectionError
from onnxprobe.graph.load import load
from onnxprobe.images import open_source
from onnxprobe.probe import Probe
from onnxprobe.recipe.editing import Domains
from onnxprobe.select import Listed, copied, select, written
from onnxprobe.select.listing import Picture
from onnxprobe.store import Store


@pytest.fixture(scope="module")
def planted(finished):
    """Id of the domain that was planted, and its pictures."""
    grouping = Domains.read(finished.out).grouping
    for place, name in enumerate(grouping.names):
        inside = {p for p, m in zip(grouping.paths, grouping.member[:, place], strict=True) if m}
        if inside == {f"{i:03d}.png" for i in range(0, 300, 10)}:
            return name, inside
    raise AssertionError


def names(listed):
    return [picture.path for picture in listed.pictures]


def test_a_domain_and_all_others_are_everything(finished, planted):
    domain, inside = planted
    chosen = select(finished.out, inside=[domain])
    rest = select(finished.out, outside=[domain])
    assert set(names(chosen)) == inside
    assert len(chosen) + len(rest) == 300
    assert not set(names(rest)) & inside
    assert all(domain in picture.domains for picture in chosen.pictures)


def test_a_balanced_list_has_as_many_of_each_domain(finished):
    grouping = Domains.read(finished.out).grouping
    listed = select(finished.out, "balanced", count=3 * len(grouping))
    assert len(set(names(listed))) == len(listed) == 3 * len(grouping)
    for name in grouping.names:
        assert sum(name in picture.domains for picture in listed.pictures) >= 3
    assert names(select(finished.out, "balanced", count=10, seed=1)) != names(listed)[:10]
    assert names(select(finished.out, "balanced", count=3 * len(grouping))) == names(listed)


def test_the_nearest_to_a_picture_of_a_domain_are_of_that_domain(finished, planted):
    domain, inside = planted
    facts = next(d for d in Domains.read(finished.out).folder.run["domains"] if d["name"] == domain)
    first = min(inside)
    listed = select(finished.out, "nearest", like=first, count=10, view=facts["view"])
    assert set(names(listed)) <= inside - {first}
    scores = [picture.score for picture in listed.pictures]
    assert scores == sorted(scores, reverse=True)


def test_a_file_is_embedded_as_the_run_did_it(finished, pictures):
    """A picture of the run, given as a file, is nearest to itself, at cosine 1."""
    listed = select(finished.out, "nearest", like=str(pictures / "007.png"), count=1)
    assert names(listed) == ["007.png"]
    assert listed.pictures[0].score == pytest.approx(1, abs=1e-5)  # sums of float32 products


def test_the_most_uncertain_are_nearest_to_a_threshold(finished):
    listed = select(finished.out, "uncertain")
    assert len(listed) == 300
    scores = [picture.score for picture in listed.pictures]
    assert scores == sorted(scores)
    assert 0 <= scores[0] < scores[-1] <= 1


def test_a_diverse_list_of_a_domain_is_of_that_domain(finished, planted):
    domain, inside = planted
    listed = select(finished.out, "diverse", inside=[domain], count=5)
    assert len(set(names(listed))) == 5
    assert set(names(listed)) <= inside
    radius = [picture.score for picture in listed.pictures[1:]]
    assert radius == sorted(radius, reverse=True)


def test_a_list_is_a_source_of_pictures(finished, backbone, tmp_path):
    """What is embedded from the list is what was embedded of the folder."""
    listed = select(finished.out, "diverse", count=12)
    assert listed.files
    path = written(listed, tmp_path / "lists" / "few.txt")
    source = open_source(str(path))
    assert len(source.names) == 12
    probe = Probe.parse(Domains.read(finished.out).folder.run["probes"][0])
    store = embed(load(backbone), [probe], source, tmp_path / "s.h5", preprocess=SEEN)
    old = Store.open(finished.out / "embeddings.h5")
    row = {name: i for i, name in enumerate(old.paths)}
    x = old.embeddings(probe)
    for name, vector in zip(store.paths, store.embeddings(probe), strict=True):
        # in another batch, sums of products may have another order
        np.testing.assert_allclose(vector, x[row[name.rsplit("/", 1)[-1]]], rtol=1e-5, atol=1e-6)


def test_tables_say_the_same_as_the_list(finished, tmp_path):
    listed = select(finished.out, "uncertain", count=7)
    with written(listed, tmp_path / "l.csv").open() as file:
        rows = list(csv.DictReader(file))
    said = json.loads(written(listed, tmp_path / "l.json").read_text())
    assert [row["path"] for row in rows] == names(listed)
    assert [row["path"] for row in said["pictures"]] == names(listed)
    assert [float(row["score"]) for row in rows] == [p.score for p in listed.pictures]
    assert [row["domains"].split("; ") if row["domains"] else [] for row in rows] == [
        p["domains"] for p in said["pictures"]
    ]


def test_pictures_of_an_archive_are_copied(finished, pictures, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", pictures)
    run = shutil.copytree(finished.out, tmp_path / "run")
    job = json.loads((run / "job.json").read_text())
    (run / "job.json").write_text(json.dumps(job | {"images": archive}))
    listed = select(run, count=3)
    assert not listed.files
    copies = copied(listed, open_source(archive), tmp_path / "few")
    assert copies.files
    for name, line in zip(names(listed), copies.lines, strict=True):
        with open(line, "rb") as file:  # noqa: PTH123
            assert file.read() == (pictures / name).read_bytes()
    with pytest.raises(SelectionError, match="is there already"):
        copied(listed, open_source(archive), tmp_path / "few")


def test_no_picture_is_copied_out_of_the_folder(tmp_path):
    class Evil:
        def read(self, _name):
            return b"x"

    listed = Listed((Picture("a/../../evil", (), None),), "x.tar")
    with pytest.raises(SelectionError, match="leads out of"):
        copied(listed, Evil(), tmp_path / "out")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("kind", ["zip", "tar", "folder"])
def test_a_picture_that_has_gone_since_the_run_is_named(pictures, tmp_path, kind):
    where = pictures
    if kind != "folder":
        where = shutil.make_archive(str(tmp_path / "all"), kind, pictures)
    listed = Listed((Picture("gone.png", (), None),), str(where))
    with pytest.raises(SelectionError, match=r"^'gone\.png' cannot be read from '.*put it back"):
        copied(listed, open_source(str(where)), tmp_path / "out")


def test_two_pictures_are_not_copied_to_one_place(tmp_path):
    class Both:
        def read(self, name):
            return name.encode()

    listed = Listed((Picture("/a.png", (), None), Picture("a.png", (), None)), "list.txt")
    with pytest.raises(SelectionError, match="two of the pictures would be copied to"):
        copied(listed, Both(), tmp_path / "out")
    assert (tmp_path / "out" / "a.png").read_bytes() == b"/a.png"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"way": "divers"}, NoSuchNameError, "no way of choosing named 'divers'; did you mean"),
        ({"inside": ["99"]}, NoSuchNameError, "no domain named '99'"),
        ({"view": "r9:mean"}, NoSuchNameError, "no view in the run named 'r9:mean'"),
        ({"inside": ["0"], "outside": ["0"]}, SelectionError, "no picture is in these domains"),
        ({"count": 0}, SelectionError, "one picture or more, not 0"),
        ({"way": "diverse"}, SelectionError, "'diverse' needs --count"),
        ({"way": "nearest"}, SelectionError, "'nearest' needs --like"),
        ({"way": "nearest", "like": "x.png"}, SelectionError, "neither a picture of the run nor"),
    ],
)
def test_what_cannot_be_chosen_is_said(finished, arguments, error, said):
    with pytest.raises(error, match=said):
        select(finished.out, **arguments)


def test_a_file_that_is_no_picture_is_said(finished, tmp_path):
    (tmp_path / "x.png").write_bytes(b"<html>")
    with pytest.raises(SelectionError, match="cannot be used: not an image"):
        select(finished.out, "nearest", like=str(tmp_path / "x.png"))


def test_an_ending_that_means_nothing_is_said(finished, tmp_path):
    with pytest.raises(NoSuchNameError, match=r"no form of list named '.xls'"):
        written(select(finished.out, count=2), tmp_path / "l.xls")


def test_a_name_that_needs_two_lines_is_refused_in_a_list_of_lines(tmp_path):
    listed = Listed((Picture("a\nb.png", (), None),), "x.tar")
    with pytest.raises(SelectionError, match="does not fit on a line"):
        written(listed, tmp_path / "l.txt")
    assert not (tmp_path / "l.txt").exists()
    assert written(listed, tmp_path / "l.json").is_file()
