"""From a table that tells of some pictures to a proven file."""

import json
import shutil

import cv2
import numpy as np
import pytest
from blobs import crowd, planted
from drawn import SEEN
from pyarrow import parquet

from onnxprobe.contract import compare, kept
from onnxprobe.graph.load import load
from onnxprobe.recipe import Job
from onnxprobe.recipe.editing import edit
from onnxprobe.recipe.running import run
from recipes.attributes import Attributes
from recipes.grouped import Grouped
from recipes.groups.clustering import Groups
from recipes.heads.split import Sides
from recipes.known import Known
from recipes.maps.tsne import TSNE
from recipes.reading import Reading
from recipes.rest import beside


def test_an_attribute_is_read_from_the_view_that_shows_it():
    x, a = planted((60,), seed=0)
    y, b = planted((60,), seed=7)
    member = np.column_stack([a == 1, b == 1])
    known = np.random.default_rng(0).random(member.shape) < 0.5
    groups = Grouped(member & known, ("x", "x"), (None, None), ("a", "b"), known)
    sides = Sides(np.arange(600) % 3 == 0)
    found = Reading()({"x": x, "noise": crowd(600), "y": y}, groups, sides)
    assert found.view == ("x", "y")
    assert found.names == ("a", "b")


def test_a_group_that_an_attribute_explains_is_left_out():
    member = np.arange(100)[:, None] < [40, 20]
    known = np.broadcast_to((np.arange(100) % 2 == 0)[:, None], (100, 2)).copy()
    attributes = Grouped(member & known, ("v", "v"), (None, None), ("a", "b"), known)
    same, half, other = np.arange(100) < 38, np.arange(100) < 22, np.arange(100) > 70
    ones = np.ones(3)
    found = Groups(np.column_stack([same, half, other]), ("v", "v", "w"), ones, ones, ones)
    both = beside(attributes, member, found)
    assert both.names == ("a", "b", "domain 0")
    assert both.view == ("v", "v", "w")
    assert (both.member[:, 2] == other).all()
    assert both.known[:, 2].all()
    assert (both.known[:, :2] == known).all()


def test_groups_that_nobody_named_do_not_take_the_name_of_an_attribute():
    member = np.arange(100)[:, None] < [40, 20]
    attributes = Grouped(member, ("v", "v"), (None, None), ("domain 0", "domain 2"))
    others = np.column_stack([np.arange(100) > 70, np.arange(100) > 85])
    ones = np.ones(2)
    both = beside(attributes, member, Groups(others, ("v", "v"), ones, ones, ones))
    assert both.names == ("domain 0", "domain 2", "domain 1", "domain 3")


@pytest.fixture(scope="module")
def done(backbone, tmp_path_factory):
    """Grey noise; a third brighter, which a table tells of half the pictures; some chequered."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(1)
    lines = ["path,bright"]
    for i in range(360):
        noise = rng.normal(128 + 60 * (i % 3 == 0), 20, (32, 32, 3))
        if i % 10 == 0:
            noise[np.indices((32, 32)).sum(0) % 2 == 0] += 70
        cv2.imwrite(str(folder / f"{i:03}.png"), noise.clip(0, 255).astype(np.uint8))
        lines += [f"{i:03}.png,{int(i % 3 == 0)}"] if i % 4 < 2 else []
    table = tmp_path_factory.mktemp("table") / "bright.csv"
    table.write_text("\n".join(lines))
    job = Job(backbone, str(folder), tmp_path_factory.mktemp("known") / "out", SEEN)
    recipe = Known(attributes=Attributes(str(table)), tsne=TSNE(iterations=50))
    return job, run(recipe, "known", job)


def test_what_is_known_is_found_in_pictures_of_which_it_is_not(done):
    job, facts = done
    assert facts["domains"][0]["name"] == "bright"
    assert facts["domains"][0]["heldout_recall"] > 0.95
    rows = parquet.read_table(job.out / "groups.parquet").to_pylist()
    unknown = [row for row in rows if int(row["path"][:3]) % 4 >= 2]
    right = [(0 in row["predicted"]) == (int(row["path"][:3]) % 3 == 0) for row in unknown]
    assert np.mean(right) > 0.95


def test_groups_that_nobody_named_are_found_beside_it(done):
    job, facts = done
    rows = parquet.read_table(job.out / "groups.parquet").to_pylist()
    for domain in facts["domains"][1:]:
        members = {int(row["path"][:3]) for row in rows if domain["id"] in row["domains"]}
        bright = {i for i in range(360) if i % 3 == 0}
        assert len(members & bright) < 0.6 * len(members | bright)
    chequered = {i for i in range(360) if i % 10 == 0}
    found = [
        {int(row["path"][:3]) for row in rows if domain["id"] in row["domains"]}
        for domain in facts["domains"][1:]
    ]
    assert max(len(one & chequered) / len(one | chequered) for one in found) > 0.5


def test_the_file_is_proven(done, backbone):
    job, facts = done
    fused = load(job.out / "fused.onnx")
    assert kept(compare(load(backbone), fused))
    (head,) = json.loads(fused.metadata["onnxprobe.heads"])
    assert head["classes"] == [domain["name"] for domain in facts["domains"]]
    assert json.loads((job.out / "proof.json").read_text())["kept"] is True


def test_what_is_not_known_is_not_known_of_a_group_that_is_renamed_either(done, tmp_path):
    job, _ = done
    out = shutil.copytree(job.out, tmp_path / "run")
    facts = edit(out, "rename", ["bright", "lit"])
    assert facts["domains"][0]["name"] == "lit"
    assert facts["domains"][0]["heldout_recall"] > 0.95
    rows = parquet.read_table(out / "groups.parquet").to_pylist()
    unknown = [row for row in rows if int(row["path"][:3]) % 4 >= 2]
    right = [(0 in row["predicted"]) == (int(row["path"][:3]) % 3 == 0) for row in unknown]
    assert np.mean(right) > 0.95
