"""The bundled pictures, and the script that builds them."""

import csv
import hashlib
import io
import json
import sys
import tarfile
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
sys.path.append(str(EXAMPLES))

import build_noto_emoji as builder  # noqa: E402

FACTS = tomllib.loads((EXAMPLES / "examples.toml").read_text())["noto-emoji"]
LARGEST_ARCHIVE = 25_000_000  # bytes


def entry(image, **more):
    return {
        "image": image,
        "name": image.upper(),
        "short_name": "short",
        "unified": image.removesuffix(".png").upper(),
        "category": "People & Body",
        "subcategory": "hands",
        "added_in": "0.6",
        **more,
    }


def variation(image, added_in="1.0"):
    return {"image": image, "unified": image.removesuffix(".png").upper(), "added_in": added_in}


HANDS = entry(
    "b.png",
    name='HANDS, "OPEN"',
    skin_variations={
        "1F3FB": variation("b-1f3fb.png"),
        "1F3FF-1F3FC": variation("b-1f3ff-1f3fc.png", added_in="14.0"),
    },
)
EMOJI = [HANDS, entry("a.png", category="Flags")]
PICTURES = {name: name.encode() for name in ("b.png", "b-1f3fb.png", "b-1f3ff-1f3fc.png", "a.png")}


def package_of(pictures, emoji):
    """Pack a small npm package: the pictures, the table, and a sheet that nobody asked for."""
    members = {f"{builder.PICTURES}{name}": png for name, png in pictures.items()}
    members |= {builder.EMOJI: json.dumps(emoji).encode(), "package/img/google/sheets/64.png": b""}
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        folder = tarfile.TarInfo("package")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for number, (name, content) in enumerate(members.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uid = len(content), number, number
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def build(tmp_path, monkeypatch, capsys):
    """Run the script on a small package, in an examples/ folder of its own."""
    monkeypatch.setattr(builder, "HERE", tmp_path)

    def run(pictures, emoji, into):
        package = package_of(pictures, emoji)
        (tmp_path / "package.tgz").write_bytes(package)
        (tmp_path / "examples.toml").write_text(
            '[noto-emoji]\narchive = "pictures.tar"\nlabels = "labels.csv"\n'
            f'package_sha512 = "{hashlib.sha512(package).hexdigest()}"\n'
        )
        builder.main([str(tmp_path / "package.tgz"), "-o", str(tmp_path / into)])
        archive, labels = tmp_path / into / "pictures.tar", tmp_path / into / "labels.csv"
        return archive.read_bytes(), labels.read_bytes(), capsys.readouterr().out

    return run


def test_the_same_pictures_give_the_same_bytes_in_any_order(build):
    *files, _ = build(PICTURES, EMOJI, "once")
    *again, _ = build(dict(reversed(PICTURES.items())), EMOJI[::-1], "again")
    assert again == files


def test_the_script_prints_what_sha256sum_would(build, tmp_path):
    archive, labels, printed = build(PICTURES, EMOJI, "out")
    assert printed.splitlines() == [
        f"{hashlib.sha256(archive).hexdigest()}  {tmp_path / 'out/pictures.tar'}",
        f"{hashlib.sha256(labels).hexdigest()}  {tmp_path / 'out/labels.csv'}",
    ]


def test_the_archive_holds_the_pictures_by_name_without_times_and_owners(build):
    archive, *_ = build(PICTURES, EMOJI, "out")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = opened.getmembers()
        contents = {member.name: opened.extractfile(member).read() for member in members}
    assert contents == PICTURES
    assert list(contents) == sorted(PICTURES)
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}


def test_the_labels_say_what_each_picture_is_a_variation_of(build):
    _, labels, _ = build(PICTURES, EMOJI, "out")
    assert labels.decode() == (
        "file,base,name,short_name,unified,category,subcategory,skin_tone,added_in\n"
        "a.png,a.png,A.PNG,short,A,Flags,hands,none,0.6\n"
        'b-1f3fb.png,b.png,"HANDS, ""OPEN""",short,B-1F3FB,People & Body,hands,light,1.0\n'
        'b-1f3ff-1f3fc.png,b.png,"HANDS, ""OPEN""",short,B-1F3FF-1F3FC,People & Body,hands,'
        "dark+medium-light,14.0\n"
        'b.png,b.png,"HANDS, ""OPEN""",short,B,People & Body,hands,none,0.6\n'
    )


@pytest.mark.parametrize(
    ("pictures", "emoji"),
    [(PICTURES | {"c.png": b""}, EMOJI), (PICTURES, [*EMOJI, entry("c.png")])],
    ids=["no label", "no picture"],
)
def test_a_picture_without_label_or_the_reverse_is_named_and_nothing_written(
    build, tmp_path, pictures, emoji
):
    with pytest.raises(builder.PackageError, match=r"^1 names are in only one .* first 'c\.png'$"):
        build(pictures, emoji, "out")
    assert not (tmp_path / "out").exists()


def test_another_package_is_refused(tmp_path):
    (tmp_path / "package.tgz").write_bytes(b"another")
    with pytest.raises(builder.PackageError, match=r"has sha512 \w{128}, but examples\.toml names"):
        builder.main([str(tmp_path / "package.tgz"), "-o", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["package.tgz"]


def test_a_package_that_is_not_there_is_named(tmp_path):
    with pytest.raises(builder.PackageError, match=r"missing\.tgz' cannot be read: No such file"):
        builder.main([str(tmp_path / "missing.tgz"), "-o", str(tmp_path)])


def test_without_npm_the_script_asks_for_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(builder.PackageError, match=r"^npm cannot get 'emoji.*; give its \.tgz$"):
        builder.main(["-o", str(tmp_path)])


@pytest.fixture(scope="module")
def labels():
    with (EXAMPLES / FACTS["labels"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.real
@pytest.mark.parametrize("kind", ["archive", "labels"])
def test_the_bundled_files_are_the_ones_that_examples_toml_names(kind):
    content = (EXAMPLES / FACTS[kind]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == FACTS[f"{kind}_sha256"]
    assert len(content) <= LARGEST_ARCHIVE


@pytest.mark.real
def test_every_bundled_picture_has_one_label_and_decodes_to_64_by_64_with_alpha(labels):
    names = []
    with tarfile.open(EXAMPLES / FACTS["archive"]) as archive:
        for member in archive:
            names.append(member.name)
            png = np.frombuffer(archive.extractfile(member).read(), np.uint8)
            image = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
            assert (image.shape, image.dtype) == ((64, 64, 4), np.uint8), member.name
    assert names == [label["file"] for label in labels]
    assert len(names) == FACTS["pictures"]


@pytest.mark.real
def test_the_bundled_labels_hold_what_the_readme_says(labels):
    counted = {column: len({label[column] for label in labels}) for column in labels[0]}
    assert (counted["base"], counted["category"], counted["subcategory"]) == (1911, 10, 99)
    files = {label["file"] for label in labels}
    tones = {"none", *builder.SKIN_TONES.values()}
    for label in labels:
        assert label["base"] in files
        assert (label["skin_tone"] == "none") == (label["base"] == label["file"])
        assert set(label["skin_tone"].split("+")) <= tones
        assert all(label.values())
