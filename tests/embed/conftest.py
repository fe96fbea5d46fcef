"""Runs over the forty pictures."""

import pytest
from store_parts import PROBES, SEEN, Workers, fill

from onnxprobe.embed import embed
from onnxprobe.images import open_source
from onnxprobe.store import resume


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    return open_source(fill(tmp_path_factory.mktemp("pictures")))


@pytest.fixture
def small_shards(monkeypatch):
    """Sixteen pictures a shard, so that forty are more than one."""
    monkeypatch.setattr(resume, "_FEWEST", 16)


@pytest.fixture
def run(tiny, pictures, tmp_path, small_shards):  # noqa: ARG001
    """``run(name, …)`` embeds the pictures into a store of that name."""

    def go(name="e.h5", source=pictures, probes=PROBES, model=tiny, **settings):
        settings = {"preprocess": SEEN, "batch": 4} | settings
        return embed(model, probes, source, tmp_path / name, **settings)

    return go


@pytest.fixture
def workers(tiny_file, pictures):
    started = Workers({"model": str(tiny_file), "pictures": str(pictures.path)})
    yield started
    started.close()
