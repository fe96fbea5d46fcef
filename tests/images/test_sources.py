import os
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
from source_parts import KINDS, NAMES, PICTURE, content, everything, folder, tar, zipped

import onnxprobe.images.sources as package
from onnxprobe.errors import PicturesError
from onnxprobe.images import MAX_PIXELS, SOURCES, TooLongError, longest, open_source


@pytest.mark.parametrize("kind", SOURCES)
def test_every_picture_is_found_sorted_and_read(kind, tmp_path):
    make, wanted = KINDS[kind]
    source = open_source(make(tmp_path))
    assert source.kind == kind
    assert everything(source) == wanted


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_is_moved_has_the_same_names(kind, tmp_path):
    make, wanted = KINDS[kind]
    (tmp_path / "here").mkdir()
    place = str(make(tmp_path / "here"))
    (tmp_path / "here").rename(tmp_path / "there")
    moved = place.replace("/here/", "/there/")
    assert everything(open_source(moved)) == wanted


def test_names_that_are_not_utf8_or_hold_newlines_survive(tmp_path):
    root = folder(tmp_path)
    assert list(open_source(root).names) == NAMES
    assert list(open_source(tar(tmp_path, root)).names) == NAMES


@pytest.mark.parametrize("kind", SOURCES)
def test_many_threads_may_read_at_once(kind, tmp_path):
    make, wanted = KINDS[kind]
    source, wrong = open_source(make(tmp_path)), []

    def read():
        wrong.extend(n for n in list(source.names) * 20 if source.read(n) != wanted[n])

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("kind", SOURCES)
def test_a_picture_that_a_source_does_not_hold_is_an_os_error(kind, tmp_path):
    source = open_source(KINDS[kind][0](tmp_path))
    beyond = f"{len(source.names):09d}"
    for name in ("nowhere.jpg", "", "-1", "0.0", "²", "zero\0byte", "no-such.tar/a.jpg", beyond):
        with pytest.raises(OSError, match=r"."):
            source.read(name)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_picture_of_more_bytes_than_asked_for_is_not_read(kind, tmp_path):
    source = open_source(KINDS[kind][0](tmp_path))
    for name in source.names:
        data = source.read(name)
        assert source.read(name, len(data)) == data
        with pytest.raises(TooLongError, match="bytes are more than the limit of 9") as told:
            source.read(name, 9)
        assert told.value.size >= len(data) - len("P6 65535 65535 65535 ")  # made for pixels alone


def test_a_picture_of_fifty_gigabytes_is_refused_unread(tmp_path):
    with (tmp_path / "sparse.jpg").open("wb") as file:
        file.truncate(50 << 30)
    source = open_source(tmp_path)
    with pytest.raises(TooLongError, match="53,687,091,200 bytes"):
        source.read("sparse.jpg", longest(MAX_PIXELS))


def test_what_a_zip_would_blow_up_to_is_refused_packed(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.jpg", bytes(1 << 20))
    with pytest.raises(TooLongError, match="1,048,576 bytes"):
        open_source(tmp_path / "bomb.zip").read("bomb.jpg", 1 << 16)


def test_a_file_may_be_as_long_as_the_pixels_that_are_allowed_can_take():
    assert longest(MAX_PIXELS) == MAX_PIXELS * 8
    assert longest(100) == 1 << 26  # little pictures may carry much that is no pixel


def test_a_link_out_of_the_folder_is_followed_and_a_circle_is_not(tmp_path):
    root = folder(tmp_path)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "far.jpg").write_bytes(PICTURE)
    (root / "near.jpg").symlink_to(outside / "far.jpg")
    (root / "there").symlink_to(outside)
    (root / "b" / "up").symlink_to(root)
    found = set(open_source(root).names)
    assert found == {*NAMES, "near.jpg", "there/far.jpg"}


def test_a_dead_link_is_listed_so_that_the_ledger_can_say_so(tmp_path):
    root = folder(tmp_path)
    (root / "dead.jpg").symlink_to(tmp_path / "gone.jpg")
    source = open_source(root)
    assert "dead.jpg" in source.names
    with pytest.raises(FileNotFoundError):
        source.read("dead.jpg")


def test_a_folder_or_pipe_that_is_called_like_a_picture_is_none(tmp_path):
    root = folder(tmp_path)
    (root / "album.jpg").mkdir()
    os.mkfifo(root / "pipe.jpg")
    assert list(open_source(root).names) == NAMES


@pytest.mark.parametrize(
    ("path", "what"),
    [("/dev/zero", "a device"), ("pipe", "a pipe"), (".", "Is a directory")],
)
def test_what_never_ends_or_never_begins_is_not_read(path, what, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.jpg").symlink_to(path)
    (tmp_path / "list.txt").write_text("link.jpg\n")
    (tmp_path / "a.jpg").write_bytes(b"a")
    with pytest.raises(OSError, match=what):
        open_source(tmp_path / "list.txt").read("link.jpg")
    if path != ".":
        with pytest.raises(OSError, match=f"it is {what}, not a file"):
            open_source(tmp_path).read("link.jpg")
        with pytest.raises(PicturesError, match=f"link.jpg' cannot be read: it is {what}, not a f"):
            open_source(tmp_path / "link.jpg")


def test_links_in_a_tar_lead_to_their_target(tmp_path):
    path, root = tmp_path / "links.tar", folder(tmp_path)
    with tarfile.open(path, "w") as archive:
        archive.add(root / "a.jpg", "x/a.jpg")
        for name, kind, target in (
            ("hard.jpg", tarfile.LNKTYPE, "x/a.jpg"),
            ("x/soft.jpg", tarfile.SYMTYPE, "a.jpg"),
            ("dead.jpg", tarfile.SYMTYPE, "gone.jpg"),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    source = open_source(path)
    assert source.read("hard.jpg") == source.read("x/soft.jpg") == content("a.jpg")
    with pytest.raises(OSError, match="it is a link to a file that is not in the archive"):
        source.read("dead.jpg")


def test_a_damaged_or_locked_zip_member_is_an_os_error(tmp_path):
    path = zipped(tmp_path)
    data = bytearray(path.read_bytes())
    data[data.index(b"a.jpg") + 40] ^= 255
    path.write_bytes(data)
    with pytest.raises(OSError, match=r"CRC|Error -3"):
        open_source(path).read("a.jpg")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p / "gone", "there is no folder or file '{}'"),
        (
            lambda p: p,
            "no pictures in '{}': it holds no files",
        ),
    ],
)
def test_a_path_without_pictures_is_named(make, message, tmp_path):
    with pytest.raises(PicturesError) as caught:
        open_source(make(tmp_path))
    assert str(caught.value) == message.format(make(tmp_path))


def test_a_folder_of_other_files_says_what_counts_as_a_picture(tmp_path):
    (tmp_path / "a.heic").touch()
    with pytest.raises(PicturesError, match=r"none of its 1 files ends in \.apng, \.bmp"):
        open_source(tmp_path)


def test_files_that_may_be_pictures_are_not_left_out_in_silence(tmp_path):
    for name in ("a.jpg", "b/IMG.HEIC", "b/c.heic", "d.avif", "e", "f.", "g/h.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    told = (
        r"6 files in '.*' may hold pictures and are left out by name \(2 \.heic, 2 without an ending, "
        r"1 \.\w+, 1 \.\w+\); a text file that lists them"
    )
    with pytest.warns(RuntimeWarning, match=told):
        assert open_source(tmp_path).names == ("a.jpg",)
    with pytest.warns(RuntimeWarning, match="1 file in"):
        assert open_source(str(tmp_path / "[ae]*")).names == ("a.jpg",)


def test_nothing_is_said_of_what_is_no_picture(tmp_path):
    for name in (
        "a.jfif",
        "labels.csv",
        "meta.parquet",
        ".DS_Store",
        ".hidden",
        "Thumbs.db",
        "x.txt",
    ):
        (tmp_path / name).touch()
    assert open_source(tmp_path).names == ("a.jfif",)


def test_no_name_is_not_the_folder_one_is_in(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PicturesError, match="pictures come from '', which names nothing; pictures"):
        open_source("")


def written(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("one.jpg", PICTURE, "is one picture; pictures come from a folder, a pattern, a .tar"),
        ("x.bin", b"\0" * 600, "is none of these; pictures come from a folder"),
        ("x.txt", b"<!doctype html>\n<title>404</title>", "is HTML; pictures come from a folder"),
        ("y.txt", b"version https://git-lfs.github.com/spec/v1\n", "get the files with: git lfs"),
        ("x.tar.gz", b"\x1f\x8b" + bytes(600), "single pictures cannot be read from it; unpack it"),
        ("x.zip", b"PK\x03\x04" + bytes(600), "is no zip archive, or one that is dam"),
        ("empty.txt", b"\n \n", "the list is empty"),
        ("zero.txt", b"a.jpg\n" * 999 + b"b\0.jpg", "names a picture with a zero byte"),
    ],
)
def test_other_files_are_refused_with_a_reason(name, data, message, tmp_path):
    with pytest.raises(PicturesError, match=message):
        open_source(written(tmp_path / name, data))


def test_an_archive_cut_short_is_refused(tmp_path):
    path = tar(tmp_path)
    path.write_bytes(path.read_bytes()[:-12000])
    with pytest.raises(PicturesError, match="is no tar archive, or one that is damaged or cut"):
        open_source(path)


def test_an_archive_that_is_cut_short_while_it_is_read_is_an_os_error(tmp_path):
    path = tar(tmp_path)
    source = open_source(path)
    os.truncate(path, 600)
    with pytest.raises(OSError, match="ends within it"):
        source.read(source.names[0])


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_folder_without_permission_is_named(tmp_path):
    locked = folder(tmp_path) / "b"
    locked.chmod(0)
    with pytest.raises(PicturesError, match="cannot be read: Permission denied"):
        open_source(tmp_path)
    locked.chmod(0o700)


def test_every_file_is_registered():
    files = {p.stem for p in Path(package.__file__).parent.glob("[!_]*.py")}
    assert len(files) == len(SOURCES) == len(KINDS)
