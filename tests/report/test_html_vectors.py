import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_run import fake_run
from test_html_markup import read

from onnxprobe.embed import embed
from onnxprobe.images import Preprocess, open_source
from onnxprobe.images.names import printable
from onnxprobe.probe import Probe
from onnxprobe.recipe.folder import RunFolder
from onnxprobe.report.html import write_report
from onnxprobe.report.html.page import gather
from onnxprobe.report.html.vectors import vectors_of

SEEN = Preprocess(size=(8, 8), mean=(127,), std=(64,))
PROBES = (Probe("block", "mean"), Probe("gate", "max"))


@pytest.fixture
def run(tiny, tmp_path):
    """A run of 60 pictures with its store; two of them are one file, three cannot be read."""
    pictures = fake_run(tmp_path / "run", pictures=60)
    first, other = list(pictures.data)[:2]
    pictures.data[other] = pictures.data[first]
    for name, data in pictures.data.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    source = open_source(tmp_path / "photos")
    store = embed(tiny, PROBES, source, tmp_path / "run/embeddings.h5", preprocess=SEEN)
    return tmp_path / "run", source, store, (first, other)


def test_the_page_shows_what_the_vectors_are_like(run):
    folder, source, _, _ = run
    page = write_report(folder, source).read_text("utf-8")
    flat = read(page).text
    assert '<a href="#vectors">Vectors</a>' in page
    assert "block:mean" in flat
    assert "Of 57 pictures 2 in 1 group are the same file as another, byte for byte." in flat
    assert "nearly the same embedding at block:mean (a cosine of 0.98 or more" in flat
    assert "standard deviations above the mean" in flat


def test_the_pictures_of_a_channel_are_those_that_excite_it_most(run):
    folder, _, store, _ = run
    groups = RunFolder.read(folder).groups
    found, why = vectors_of(folder / "embeddings.h5", groups, 60)
    assert why == ""
    assert found.excited
    x = store.embeddings(PROBES[0])
    for shown in found.excited:
        channel = x[:, int(shown.title.removeprefix("channel "))]
        best = channel[np.argsort(-channel, kind="stable")[:9]]
        at = [store.paths.tolist().index(groups.path[row]) for row in shown.rows]
        assert channel[at].tolist() == best.tolist()
        assert shown.said == tuple(f"{value:.3g}" for value in best)
    several = [set(shown.rows) for shown in found.excited]
    assert all(len(a & b) <= 3 for i, a in enumerate(several) for b in several[:i])


def test_a_group_of_duplicates_is_shown_by_its_pictures(run):
    folder, _, _, twice = run
    groups = RunFolder.read(folder).groups
    found, _ = vectors_of(folder / "embeddings.h5", groups, 60)
    shown = [{groups.path[row] for row in one.rows} for one in found.alike]
    largest = max(int(one.title.split()[0]) for one in found.alike)
    assert found.alike[0].title == f"{largest} pictures"
    assert any(set(twice) <= names for names in shown) or largest > 6  # six of each are shown


def test_pictures_whose_names_are_not_text_are_shown_like_all_others(tiny, tmp_path):
    names = [f"caf\udce9-{i}.png" for i in range(40)]
    pictures = fake_run(tmp_path / "run", pictures=40, names=names, broken=0)
    (tmp_path / "photos").mkdir()
    for name, data in pictures.data.items():
        (tmp_path / "photos" / name).write_bytes(data)
    table = pq.read_table(tmp_path / "run/groups.parquet")
    printed = pa.array(map(printable, names))  # as a recipe writes it
    pq.write_table(table.set_column(0, "path", printed), tmp_path / "run/groups.parquet")
    source = open_source(tmp_path / "photos")
    embed(tiny, PROBES, source, tmp_path / "run/embeddings.h5", preprocess=SEEN)
    folder = RunFolder.read(tmp_path / "run")
    report = gather(folder, source, store=tmp_path / "run/embeddings.h5")
    assert not report.pictures.unread
    assert report.vectors.excited


def test_only_the_pictures_that_the_run_took_are_looked_at(run):
    folder, _, store, _ = run
    groups = RunFolder.read(folder).groups
    found, _ = vectors_of(folder / "embeddings.h5", groups, 20)
    assert found.probes[0][1].count == (store.rows < 20).sum()


def test_a_run_of_few_pictures_has_no_channels_to_show(run):
    folder, _, _, _ = run
    found, _ = vectors_of(folder / "embeddings.h5", RunFolder.read(folder).groups, 5)
    assert found.excited == ()


def test_a_store_without_its_shards_is_named_and_the_page_is_written(run):
    folder, source, _, _ = run
    shutil.rmtree(folder / "embeddings.shards")
    flat = read(write_report(folder, source).read_text("utf-8")).text
    assert "needs its shards beside it, but 'embeddings.shards/00000000.h5' is not there" in flat
    assert "domains in 60 pictures" in flat


def test_a_run_without_a_store_has_no_such_section(tmp_path):
    page = write_report(tmp_path, fake_run(tmp_path, pictures=30)).read_text("utf-8")
    assert 'id="vectors"' not in page
    assert "#vectors" not in page


def test_where_the_work_was_done_is_recorded(tmp_path):
    flat = read(write_report(tmp_path, fake_run(tmp_path, pictures=41)).read_text("utf-8")).text
    assert "cpu (CPUExecutionProvider)" in flat
    assert "41 in 1 session" in flat
    assert "decode 14%, infer 84%, write 0%" in flat
