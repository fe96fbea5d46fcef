"""Archives of pictures: which part of them is taken, several as one source, what is refused."""

import gzip
import tarfile
import threading
import time

import h5py
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from source_parts import PICTURE, content, everything, npy, tables, tar, zipped

from onnxprobe.errors import NoSuchNameError, PicturesError
from onnxprobe.images import Status, decode, open_source
from onnxprobe.images.sources._recent import Recent


def shard(path, names):
    with tarfile.open(path, "w") as archive:
        for name in names:
            (path.parent / "one").write_bytes(content(name))
            archive.add(path.parent / "one", name)
    return path


KEYS = ["0a.jpg", "0a.json", "0a.seg.png", "sub/0b.jpg", "sub/0b.seg.png"]


def test_every_picture_of_a_webdataset_sample_has_a_name_of_its_own(tmp_path):
    path = shard(tmp_path / "0.tar", KEYS)
    wanted = ["0a.jpg", "0a.seg.png", "sub/0b.jpg", "sub/0b.seg.png"]
    assert list(open_source(path).names) == wanted
    assert list(open_source(f"{path}#jpg").names) == wanted[::2]
    assert list(open_source(f"{path}#seg.png").names) == wanted[1::2]
    with pytest.raises(PicturesError, match=r"none of the 4 pictures in .*0\.tar' ends in"):
        open_source(f"{path}#webp")


@pytest.mark.parametrize("asked", ["shards", "shards/*.tar", "shards/{00..01}.tar", "sh*s"])
def test_shards_are_one_source_however_they_are_named(asked, tmp_path, monkeypatch):
    (tmp_path / "shards").mkdir()
    for name in ("00", "01"):
        shard(tmp_path / f"shards/{name}.tar", ["a/x.jpg", f"{name}.jpg"])
    monkeypatch.chdir(tmp_path)
    if asked == "sh*s":
        with pytest.raises(PicturesError, match=r"no file fits the pattern 'sh\*s'"):
            open_source(asked)
        return
    assert everything(open_source(asked)) == {
        "00.tar/00.jpg": content("00.jpg"),
        "00.tar/a/x.jpg": content("a/x.jpg"),
        "01.tar/01.jpg": content("01.jpg"),
        "01.tar/a/x.jpg": content("a/x.jpg"),
    }


def test_archives_of_several_kinds_are_one_source(tmp_path):
    (tmp_path / "all").mkdir()
    npy(tmp_path / "all")
    tables(tmp_path / "all")
    names = open_source(tmp_path / "all").names
    assert len(names) == 24
    assert names[0] == "photos.npy/000000000"
    assert names[-1] == "photos.parquet/000000011"


def test_where_there_are_pictures_archives_beside_them_are_left_alone(tmp_path):
    shard(tmp_path / "0.tar", ["a.jpg"])
    (tmp_path / "b.jpg").write_bytes(PICTURE)
    with pytest.warns(
        RuntimeWarning, match=r"are left out .*1 \.tar.*an archive is a source of its"
    ):
        assert open_source(tmp_path).names == ("b.jpg",)


def test_a_picture_that_no_shard_holds_is_an_os_error(tmp_path):
    shard(tmp_path / "a.tar", ["a.jpg"])
    source = open_source(tmp_path)
    assert source.names == ("a.tar/a.jpg",)
    for name in ("b.tar/a.jpg", "a.tar/b.jpg", "a.tar", "a.jpg", ""):
        with pytest.raises(
            FileNotFoundError, match=f"the source holds no '{name.removeprefix('a.tar/')}'"
        ):
            source.read(name)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_ending_that_no_picture_has_is_named(kind, tmp_path):
    archive = {"tar": tar, "zip": zipped}[kind](tmp_path)
    with pytest.raises(
        PicturesError, match=r"none of the \d pictures in .* ends in '\.bmp', as ask"
    ):
        open_source(f"{archive}#BMP")


def test_braces_that_name_folders_say_what_is_in_them(tmp_path):
    for name in ("train", "val"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(PICTURE)
    asked = f"{tmp_path}/{{train,val}}"
    with pytest.raises(PicturesError) as told:
        open_source(asked)
    assert str(told.value) == (
        f"'{asked}' names the folder 'train'; what is in it is '{asked}/**/*'"
    )
    assert open_source(f"{asked}/**/*").names == ("train/a.jpg", "val/a.jpg")


def test_one_damaged_shard_is_named(tmp_path):
    shard(tmp_path / "0.tar", ["a.jpg"])
    (tmp_path / "1.tar").write_bytes(b"nothing")
    with pytest.raises(PicturesError, match=r"1\.tar' is no tar archive"):
        open_source(f"{tmp_path}/*.tar")


def test_a_shard_that_is_named_and_not_there_is_missed(tmp_path):
    shard(tmp_path / "0.tar", ["a.jpg"])
    with pytest.raises(PicturesError, match=r"names '1\.tar', which is not there"):
        open_source(f"{tmp_path}/{{0..1}}.tar")


def test_a_folder_of_pictures_has_no_parts(tmp_path):
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    with pytest.raises(PicturesError, match="holds no archives to take 'jpg' from"):
        open_source(f"{tmp_path}#jpg")
    (tmp_path / "list.txt").write_text("a.jpg")
    with pytest.raises(PicturesError, match=r"is a list, of which no part 'x' can be taken"):
        open_source(f"{tmp_path}/list.txt#x")


def test_a_hash_sign_or_a_bracket_in_a_name_is_no_sign_of_anything(tmp_path):
    folder = tmp_path / "a#1 [b] {c}"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(PICTURE)
    assert open_source(folder).names == ("a.jpg",)
    assert open_source(shard(folder / "x.tar", KEYS)).names
    assert len(open_source(f"{folder / 'x.tar'}#jpg").names) == 2


def test_links_in_a_circle_do_not_repeat_what_a_pattern_finds(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/x1.jpg").write_bytes(PICTURE)
    (tmp_path / "b/y.jpg").write_bytes(PICTURE)
    (tmp_path / "b/up").symlink_to(tmp_path)
    assert open_source(f"{tmp_path}/**/[!y]?.jpg").names == ("b/x1.jpg",)
    assert open_source(f"{tmp_path}/**/{{x1,y}}.jpg").names == ("b/x1.jpg", "b/y.jpg")


def test_a_picture_that_is_listed_twice_has_two_names(tmp_path):
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    (tmp_path / "list.txt").write_text("a.jpg\na.jpg\na.jpg#2\na.jpg\n")
    source = open_source(tmp_path / "list.txt")
    assert source.names == ("a.jpg", "a.jpg#2", "a.jpg#2#2", "a.jpg#3")
    assert source.read("a.jpg#3") == PICTURE


def table(path, **columns):
    parquet.write_table(pa.table(columns), path)
    return path


def test_a_column_of_bytes_will_do(tmp_path):
    path = table(tmp_path / "t.parquet", data=[b"1" + PICTURE, None])
    source = open_source(path)
    assert source.read("000000000") == b"1" + PICTURE
    with pytest.raises(OSError, match="the row has no picture"):
        source.read("000000001")


def test_a_picture_that_lies_beside_its_table_is_read_from_there(tmp_path):
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    path = table(tmp_path / "t.parquet", image=[{"bytes": None, "path": "a.jpg"}])
    # bytes that are all null have the type null; readers of such tables know better
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    parquet.write_table(parquet.read_table(path).cast(pa.schema({"image": kind})), path)
    assert open_source(path).read("000000000") == PICTURE


@pytest.mark.parametrize("kind", ["dictionary", "fixed", "large"])
def test_bytes_are_read_however_arrow_keeps_them(kind, tmp_path):
    rows = [content("a"), content("b"), content("a")]
    columns = {
        "dictionary": pa.array(rows).dictionary_encode(),
        "fixed": pa.array(rows, pa.binary(len(rows[0]))),
        "large": pa.array(rows, pa.large_binary()),
    }
    source = open_source(table(tmp_path / "t.parquet", image=columns[kind]))
    assert [source.read(name) for name in source.names] == rows


def test_archives_in_a_folder_that_are_compressed_are_not_passed_over(tmp_path):
    shard(tmp_path / "0.tar", ["a.jpg"])
    (tmp_path / "1.tar.gz").write_bytes(gzip.compress((tmp_path / "0.tar").read_bytes()))
    with pytest.raises(PicturesError, match=r"1\.tar\.gz' is compressed, .* gzip -d 1\.tar\.gz"):
        open_source(tmp_path)


def test_a_page_whose_checksum_is_wrong_is_not_read(tmp_path):
    path = tmp_path / "x.parquet"
    rows = pa.table({"image": [content("a"), content("b")]})
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    parquet.write_table(rows, path, row_group_size=1, write_page_checksum=True, **options)
    data = bytearray(path.read_bytes())
    data[data.index(content("a")) + 40] ^= 1
    path.write_bytes(data)
    source = open_source(path)
    with pytest.raises(OSError, match="CRC"):
        source.read("000000000")
    assert source.read("000000001") == content("b")


def test_of_several_columns_one_is_chosen(tmp_path):
    path = table(tmp_path / "t.parquet", front=[b"f"], back=[b"b"], label=[1])
    with pytest.raises(
        PicturesError, match=r"several columns .* pictures: 'front', 'back'; choose"
    ):
        open_source(path)
    assert open_source(f"{path}#back").read("000000000") == b"b"
    with pytest.raises(NoSuchNameError, match=r"no column of pictures in .* named 'bak'; did you"):
        open_source(f"{path}#bak")
    told = (
        r"no column of '.*u\.parquet' holds pictures; there is 'label' \(int64\), 'shots' "
        r"\(list<.*binary>\), and one of pictures is binary, or \{bytes, path\}"
    )
    with pytest.raises(PicturesError, match=told):
        open_source(table(tmp_path / "u.parquet", label=[1], shots=[[b"a", b"b"]]))
    with pytest.raises(PicturesError, match=r"no pictures in '.*v\.parquet': it has no rows"):
        open_source(table(tmp_path / "v.parquet", data=pa.array([], pa.binary())))


@pytest.mark.parametrize("name", ["x.parquet", "x.h5", "x.npy"])
def test_a_damaged_archive_is_named(name, tmp_path):
    begins = {"x.parquet": b"PAR1", "x.h5": b"\x89HDF\r\n\x1a\n", "x.npy": b"\x93NUMPY\x01\x00"}
    (tmp_path / name).write_bytes(begins[name] + bytes(99))
    with pytest.raises(PicturesError, match=rf"{name}' (cannot be read as|is no \.npy file)"):
        open_source(tmp_path / name)


def test_of_several_datasets_one_is_chosen(tmp_path):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["a/front"] = np.zeros((3, 8, 9, 3), np.uint8)
        file["back"] = np.ones((3, 8, 9), np.uint8)
        file["label"], file["name"] = np.arange(3), ["x", "y", "z"]
    with pytest.raises(PicturesError, match=r"several datasets .* 'a/front', 'back'; choose one"):
        open_source(tmp_path / "t.h5")
    assert open_source(f"{tmp_path}/t.h5#back").read("000000002") == b"P5\n9 8\n255\n" + b"\1" * 72
    assert len(open_source(f"{tmp_path}/t.h5#/a/front").names) == 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
@pytest.mark.parametrize(
    "shape", [(2, 6, 5), (2, 6, 5, 1), (2, 6, 5, 3), (2, 6, 5, 4), (2, 3, 6, 5)]
)
def test_pixels_in_an_array_are_the_pixels_that_are_decoded(shape, dtype, tmp_path):
    full = np.iinfo(dtype).max
    native = np.dtype(dtype).newbyteorder("=")
    array = np.random.default_rng(0).integers(0, full, shape, native)
    np.save(tmp_path / "a.npy", array.astype(dtype))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = array.astype(dtype)
    wanted = np.moveaxis(array, 1, -1) if shape[1] == 3 else array
    wanted = wanted if wanted.ndim == 4 else wanted[..., None]
    wanted = np.floor(wanted[..., :3] / (full / 255) + 0.5)  # the opacity is ignored below
    for source in map(open_source, (tmp_path / "a.npy", tmp_path / "a.h5")):
        for name, pixels in zip(source.names, wanted, strict=True):
            picture = decode(source.read(name), alpha="ignore")
            assert picture.status is Status.OK
            assert (picture.pixels == pixels).all()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 6, 5), np.float32), r"is float32 \[2, 6, 5\]; pictures are uint8 or uint16"),
        (np.zeros((60, 50, 3), np.uint8), r"is uint8 \[60, 50, 3\]; pictures are"),
        (np.zeros((6, 5), np.uint8), r"is uint8 \[6, 5\]"),
        (np.zeros((0, 6, 5), np.uint8), "it has no rows"),
        (np.asfortranarray(np.zeros((2, 6, 5), np.uint8)), "is in Fortran order, so no picture"),
        (np.array([None]), r"is object \[1\]"),
    ],
)
def test_an_array_that_holds_no_pictures_says_what_it_is(array, message, tmp_path):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(PicturesError, match=message):
        open_source(tmp_path / "a.npy")


def test_an_array_cut_short_is_refused(tmp_path):
    path = npy(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PicturesError, match="cut short: it ends before its last picture"):
        open_source(path)


def test_a_tar_that_is_called_otherwise_is_told_by_its_content(tmp_path):
    path = tar(tmp_path)
    assert open_source(path.rename(tmp_path / "photos.bin")).kind == "tar"


def test_a_block_that_many_want_is_read_once_and_old_ones_make_room():
    recent, reads = Recent(25, len), []

    def read(key):
        reads.append(key)
        time.sleep(0.02)
        return key * 10

    threads = [threading.Thread(target=recent.get, args=("a", lambda: read("a"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == ["a"]
    for key in "bacab":  # room for two: b stays until c comes, is read again at the end
        assert recent.get(key, lambda key=key: read(key)) == key * 10
    assert reads == ["a", "b", "c", "b"]


def test_a_read_that_fails_is_tried_again_by_the_next():
    recent = Recent(10, len)

    def fails():
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        recent.get("a", fails)
    assert recent.get("a", lambda: "x") == "x"


def test_a_table_that_would_be_read_many_times_over_says_so(tmp_path, monkeypatch):
    from onnxprobe.images.sources import parquet as module

    path = tables(tmp_path)
    monkeypatch.setattr(module, "_KEPT", 100)
    with pytest.warns(RuntimeWarning, match="keeps 4 pictures in a row group of 0 MB, and reads"):
        open_source(path)
