import sys
import zipfile

import numpy as np
import pytest
from store_parts import PROBES, content

from onnxprobe.embed.engines import LOCAL, Local, Ray, engine_of
from onnxprobe.errors import MissingExtraError, NoSuchNameError, ServerError, StoreError
from onnxprobe.images import open_source
from onnxprobe.store import Store


def test_engines_are_chosen_by_name():
    assert engine_of(None) == engine_of("local") == Local(workers=None)
    assert engine_of("local", workers=3) == Local(3)
    assert LOCAL.workers == 1  # a script may not be one that can be imported
    assert engine_of("ray", address="auto", workers=3) == Ray("auto", 3)
    with pytest.raises(NoSuchNameError, match="no engine named 'rai'; did you mean 'ray'"):
        engine_of("rai")


def test_an_address_where_no_cluster_is_is_said_in_a_line(run):
    pytest.importorskip("ray")
    with pytest.raises(ServerError, match=r"no Ray cluster can be used at 'nonsense': .*HOST:PORT"):
        run(engine=Ray("nonsense"))


def test_a_missing_ray_is_named_with_how_to_get_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    message = r"--engine ray needs ray; install it with: pip install 'onnxprobe\[distributed\]'"
    with pytest.raises(MissingExtraError, match=message):
        run(engine=Ray())


def test_where_nothing_is_left_to_do_no_cluster_is_started(run, monkeypatch):
    run()
    monkeypatch.setitem(sys.modules, "ray", None)
    assert len(run(engine=Ray())) == 37


@pytest.fixture(scope="module")
def cluster():
    """Two workers on this machine."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray's own imports
        ray = pytest.importorskip("ray")
        pytest.importorskip("ray.data")
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=40)
    yield ray
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Ray
def test_two_workers_of_ray_give_the_same_bits(cluster, run, tmp_path):  # noqa: ARG001
    told, accounts = [], []
    store = run(
        "ray/e.h5",
        engine=Ray(workers=2),
        progress=lambda *said: told.append(said),
        account=accounts.append,
    )
    run("one/e.h5")
    assert content(tmp_path / "ray/e.h5") == content(tmp_path / "one/e.h5")
    assert len(store) == 37
    assert told[-1] == ("embed", 40, 40)
    (account,) = accounts
    assert account.pictures == 40


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_source_that_is_gone_for_the_workers_is_said_in_a_line(
    cluster,  # noqa: ARG001
    run,
    pictures,
    monkeypatch,
):
    from dataclasses import replace

    from onnxprobe.embed.outage import IN_A_ROW
    from onnxprobe.store import resume

    names = tuple(sorted(f"{i:05d}.png" for i in range(IN_A_ROW + 8)))
    gone = replace(pictures, names=names)
    monkeypatch.setattr(resume, "_FEWEST", 1024)
    with pytest.raises(StoreError) as caught:
        run("ray/e.h5", engine=Ray(workers=1), source=gone)
    assert str(caught.value).endswith("give the same command again when it is back")
    assert "Traceback" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_actors_open_archives_for_themselves(cluster, run, pictures, tmp_path):  # noqa: ARG001
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for name in pictures.names:
            archive.write(pictures.path / name, name)
    store = run("ray/e.h5", engine=Ray(workers=2), source=open_source(tmp_path / "p.zip"))
    wanted = run("one/e.h5")
    assert store.counts == wanted.counts
    assert np.array_equal(store.embeddings(PROBES[0]), wanted.embeddings(PROBES[0]))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_work_that_was_begun_here_is_gone_on_with_by_ray_and_the_other_way(cluster, run, tmp_path):  # noqa: ARG001
    run("a/e.h5", sample=22)
    run("a/e.h5", engine=Ray(workers=2))
    run("b/e.h5", sample=22, engine=Ray(workers=2))
    assert len(Store.open(tmp_path / "b/e.h5").ledger) == 22
    run("b/e.h5")
    run("one/e.h5")
    wanted = content(tmp_path / "one/e.h5")
    assert content(tmp_path / "a/e.h5") == wanted == content(tmp_path / "b/e.h5")
    assert Store.open(tmp_path / "a/e.h5").probes == PROBES


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_asked_to_stop_it_says_how_to_go_on(cluster, run, tmp_path):  # noqa: ARG001
    import signal

    asked = []

    def stop(*said):
        if not asked:
            signal.raise_signal(signal.SIGTERM)
        asked.append(said)

    with pytest.raises(
        StoreError, match=r"of 40 pictures, which are kept in .* give the same comm"
    ):
        run("ray/e.h5", engine=Ray(workers=1), progress=stop)
    run("ray/e.h5")
    run("one/e.h5")
    assert content(tmp_path / "ray/e.h5") == content(tmp_path / "one/e.h5")
