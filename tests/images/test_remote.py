"""Pictures behind URLs: the same as from the disk; what stalls or fails ends as a reason."""

import shutil
import tarfile
import threading
from dataclasses import replace

import fsspec
import numpy as np
import pytest
from picture_server import Server, shorter_than
from source_parts import KINDS, content, everything

from onnxprobe.errors import MissingExtraError, PicturesError
from onnxprobe.images import SOURCES, open_source
from onnxprobe.images.places import PATIENCE, Patience, place_of

HASTY = Patience(seconds=0.2, tries=2, pause=0.01)
SLOWEST = 20
"""Seconds that no test here comes near unless something hangs."""
SAFE = ("a.jpg", "b/c.jpeg")
"""Names that are the same in a URL."""


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture
def server(tmp_path):
    (tmp_path / "served").mkdir()
    with Server(tmp_path / "served") as started:
        yield started


def put(server, name, data):
    path = server.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return server.url + name


@pytest.mark.parametrize("kind", SOURCES)
def test_behind_a_url_every_kind_is_what_it_is_on_the_disk(kind, memory, tmp_path):
    make, wanted = KINDS[kind]
    place = str(make(tmp_path))
    memory.put(f"{tmp_path}/", "/data/", recursive=True)
    source = open_source(place.replace(str(tmp_path), "memory://data"))
    assert source.kind == kind
    assert everything(source) == wanted
    assert str(source.path).startswith("memory://data")


@pytest.mark.parametrize("kind", ["tar", "zip", "parquet", "hdf5", "npy"])
def test_parts_of_archives_come_over_http(kind, server, tmp_path):
    make, wanted = KINDS[kind]
    local = make(tmp_path)
    shutil.copy(local, server.root)
    assert everything(open_source(server.url + local.name)) == wanted


def test_a_folder_over_http_ends_in_a_slash(server):
    for name in SAFE:
        put(server, f"photos/{name}", content(name))
    assert everything(open_source(server.url + "photos/")) == {n: content(n) for n in SAFE}


def test_a_list_may_name_urls_and_files_beside_it(server, tmp_path):
    url = put(server, "far.jpg", content("far"))
    (tmp_path / "near.jpg").write_bytes(content("near"))
    (tmp_path / "list.txt").write_text(f"{url}\nnear.jpg\n")
    source = open_source(tmp_path / "list.txt")
    assert everything(source) == {url: content("far"), "near.jpg": content("near")}
    there = put(server, "list.txt", b"far.jpg\n")
    assert everything(open_source(there)) == {"far.jpg": content("far")}


def test_shards_behind_a_url_are_one_source(server, tmp_path):
    for shard in ("00", "01"):
        (tmp_path / "0.jpg").write_bytes(content(shard))
        with tarfile.open(server.root / f"{shard}.tar", "w") as archive:
            archive.add(tmp_path / "0.jpg", "0.jpg")
    source = open_source(server.url + "{00..01}.tar")
    assert everything(source) == {f"{s}.tar/0.jpg": content(s) for s in ("00", "01")}


@pytest.mark.parametrize(
    "asked", ["memory://data", "memory://data/*/*.jpg", "memory://data/**/*.jpg"]
)
def test_a_folder_that_cannot_be_listed_is_not_left_out(asked, memory, monkeypatch):
    memory.pipe({"/data/good/a.jpg": content("a"), "/data/bad/b.jpg": content("b")})
    assert len(open_source(asked).names) == 2
    listed = memory.ls

    def failing(path, **how):
        if path.endswith("bad"):
            raise OSError("HTTP 500")
        return listed(path, **how)

    monkeypatch.setattr(type(memory), "ls", lambda _, path, **how: failing(path, **how))
    with pytest.raises(PicturesError, match=r"cannot be read: HTTP 500; asked 2 times"):
        open_source(asked, patience=HASTY)


def test_a_pattern_reads_no_folder_that_it_does_not_fit(memory, monkeypatch):
    folders = ["2023/x", "2024/x", "2024/y", "2024/x/deeper"]
    memory.pipe({f"/data/{folder}/a.jpg": content(folder) for folder in [*folders, "2024/z"]})
    memory.pipe("/data/2024/x/b.png", content("b"))
    asked, listed = [], memory.ls
    note = lambda _, path, **how: (asked.append(path), listed(path, **how))[1]  # noqa: E731
    monkeypatch.setattr(type(memory), "ls", note)
    assert open_source("memory://data/2024/[!z]/*.jpg").names == ("x/a.jpg", "y/a.jpg")
    assert sorted(asked) == ["/data/2024", "/data/2024/x", "/data/2024/y"]


def test_a_long_file_is_asked_for_in_pieces(memory, monkeypatch):
    from onnxprobe.images.places import remote

    data = np.random.default_rng(0).bytes(1000)
    memory.pipe("/x", data)
    monkeypatch.setattr(remote, "_PIECE", 64)
    assert place_of("memory://x").opened().read(3, 900) == data[3:900]


@pytest.mark.parametrize(
    ("fate", "seconds"), [("stall", 0.5), ("stall within", 0.5), (500, 10), (503, 10), (429, 10)]
)
def test_what_fails_once_is_asked_for_again(fate, seconds, server):
    put(server, "list.txt", b"a.jpg\n")
    put(server, "a.jpg", content("a"))
    patience = replace(HASTY, seconds=seconds)  # the second answer comes late on a busy machine
    source = open_source(server.url + "list.txt", patience=patience)
    server.fates["/a.jpg"] = [fate]
    with shorter_than(SLOWEST):
        assert source.read("a.jpg") == content("a")
    assert server.requests.count("/a.jpg") == 2


@pytest.mark.parametrize(
    ("fate", "message", "asked"),
    [
        ("stall", "no answer within 0.2 seconds; asked 2 times", 2),
        ("stall within", "no answer within 0.2 seconds; asked 2 times", 2),
        (500, "HTTP 500; asked 2 times", 2),
        (403, "HTTP 403", 1),
    ],
)
def test_what_always_fails_is_given_up_with_a_reason(fate, message, asked, server):
    put(server, "list.txt", b"a.jpg\n")
    source = open_source(server.url + "list.txt", patience=HASTY)
    server.fates["/a.jpg"] = [fate] * 9
    with shorter_than(SLOWEST), pytest.raises(OSError) as caught:  # noqa: PT011  text below
        source.read("a.jpg")
    assert str(caught.value) == message
    assert server.requests.count("/a.jpg") == asked


def test_what_is_not_there_is_not_asked_for_again(server):
    put(server, "list.txt", b"a.jpg\n")
    with pytest.raises(FileNotFoundError):
        open_source(server.url + "list.txt").read("a.jpg")
    assert server.requests.count("/a.jpg") == 1
    with pytest.raises(PicturesError, match=r"there is no folder or file 'http.*gone\.tar'"):
        open_source(server.url + "gone.tar")


def test_a_file_system_without_time_limits_gets_one(memory, monkeypatch):
    memory.pipe("/photos/a.jpg", content("a"))
    source, freed = open_source("memory://photos", patience=HASTY), threading.Event()
    monkeypatch.setattr(type(memory), "cat_file", lambda *_, **__: freed.wait(30))
    with shorter_than(SLOWEST), pytest.raises(OSError, match="no answer within"):
        source.read("a.jpg")
    freed.set()


def test_a_server_that_sends_whole_files_only_is_named(tmp_path):
    local = KINDS["npy"][0](tmp_path)
    with (
        Server(tmp_path, sends_parts=False) as server,
        pytest.raises(PicturesError, match="sends whole files only; copy it, or put simplecache::"),
    ):
        open_source(server.url + local.name)


def test_an_archive_that_becomes_shorter_is_a_reason(memory, tmp_path):
    memory.pipe("/p.npy", KINDS["npy"][0](tmp_path).read_bytes())
    source = open_source("memory://p.npy")
    memory.pipe("/p.npy", b"x" * 500)
    with pytest.raises(OSError, match=r"'memory://p\.npy' ends within it"):
        source.read(source.names[-1])


def test_a_password_is_never_shown(server):
    url = server.url.replace("//", "//me:secret@") + "a.tar?signature=secret"
    with pytest.raises(PicturesError) as caught:
        open_source(url)
    assert "secret" not in str(caught.value)
    assert "a.tar" in str(caught.value)


def test_a_url_that_nothing_reads_is_named():
    with pytest.raises(PicturesError, match="'nonsense://x' cannot be opened: Protocol not known"):
        open_source("nonsense://x")


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"reading from URLs needs fsspec; .*remote"):
        open_source("memory://x")


@pytest.mark.parametrize("url", ["file:///data", "local:///data"])
def test_a_url_of_a_file_is_a_path(url):
    assert str(place_of(url).path) == "/data"


def test_patience_grows_between_tries(monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    with pytest.raises(OSError, match="ConnectionError; asked 4 times"):
        replace(PATIENCE, tries=4, pause=1).ask(lambda _: (_ for _ in ()).throw(ConnectionError))
    assert slept == [1, 2, 4]


@pytest.mark.parametrize("name", ["a b.jpg", "ünï.jpg", "50%.jpg", "a+b&c=d.jpg", "q?.jpg"])
def test_names_that_urls_must_escape_are_read_from_a_folder(name, server):
    put(server, f"photos/{name}", content(name))
    source = open_source(server.url + "photos/")
    assert [source.read(found) for found in source.names] == [content(name)]
