import hashlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from packaged_models import CLASSES, fused_file, run_facts, wary

from onnxprobe.errors import PackageError
from onnxprobe.fuse import with_metadata
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.package import PACKAGINGS, package
from onnxprobe.provenance import RUN, of_run
from onnxprobe.runtime import run

PLAIN = PACKAGINGS["plain"]


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def example(folder, *args):
    done = subprocess.run(
        [sys.executable, folder / "example.py", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_model_is_the_fused_file_byte_for_byte_and_the_folder_says_what_it_is(fused, tmp_path):
    done = package(fused, PLAIN, tmp_path / "out")
    found = contents(tmp_path / "out")
    assert found["model.onnx"] == fused.read_bytes()
    assert (
        set(done.files)
        == set(found)
        == {
            *("model.onnx", "labels.txt", "contract.json", "proof.json", "MODEL_CARD.md"),
            *("SHA256SUMS", "example.py", "pictures.py"),
        }
    )
    assert found["labels.txt"].decode().splitlines() == ["cat | dog", "bird of prey", "<b>fish</b>"]
    said = json.loads(found["contract.json"])
    assert [o["of"] for o in said["outputs"]] == ["backbone", "domain", "domain", "domain"]
    assert said["inputs"] == [{"name": "image", "dtype": "float32", "shape": ["N", 3, 8, 8]}]
    assert said["preprocess"]["alpha"] == "white"  # settings that were left out are there
    assert said["sha256"] == hashlib.sha256(fused.read_bytes()).hexdigest()


def test_every_output_of_a_head_that_was_trained_here_is_explained(tmp_path):
    package(fused_file(tmp_path, made=wary), PLAIN, tmp_path / "out")
    outputs = json.loads(contents(tmp_path / "out")["contract.json"])["outputs"]
    said = {output["name"]: output["meaning"] for output in outputs if output["of"] == "domain"}
    assert "domain_novelty" in said
    assert not [name for name, meaning in said.items() if meaning.startswith("of head")]


def test_the_checksums_are_those_of_every_other_file(fused, tmp_path):
    package(fused, PLAIN, tmp_path / "out")
    found = contents(tmp_path / "out")
    sums = dict(
        reversed(line.split("  ")) for line in found.pop("SHA256SUMS").decode().splitlines()
    )
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


def test_the_same_input_gives_the_same_bytes(fused, tmp_path):
    for name in ("one", "two"):
        package(fused, PLAIN, tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_example_runs_anywhere_and_names_the_class_that_the_model_does(fused, tmp_path):
    package(fused, PLAIN, tmp_path / "out")
    assert "domain_scores: float32 [1, 3]" in example(tmp_path / "out")
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (40, 20, 4), np.uint8)
    cv2.imwrite(str(tmp_path / "picture.png"), picture)
    from onnxprobe.images import preprocess_for

    prepared, _ = preprocess_for(load(fused))
    sample = prepared(prepared.decode((tmp_path / "picture.png").read_bytes()).pixels)
    answers = run(fused, {"image": sample[None]})
    best, confidence = int(answers["domain_id"][0, 0]), answers["domain_confidence"][0, 0]
    name = "none of the classes" if best < 0 else repr(CLASSES[best])
    shown = example(tmp_path / "out", tmp_path / "picture.png")
    assert f"domain: {name} (confidence {confidence:.3f})" in shown


@pytest.mark.parametrize("batch", [3, "N"])
def test_the_example_feeds_the_batch_that_the_model_takes(tmp_path, batch):
    fused = fused_file(tmp_path, batch=batch)
    package(fused, PLAIN, tmp_path / "out")
    assert f"domain_id: int64 [{1 if batch == 'N' else 3}, 1]" in example(tmp_path / "out")


def test_weights_beside_the_model_come_along(fused, tmp_path):
    beside = tmp_path / "beside"
    beside.mkdir()
    onnx.save_model(
        onnx.load(fused),
        beside / "model.onnx",
        save_as_external_data=True,
        location="w.bin",
        size_threshold=100,
    )
    done = package(beside / "model.onnx", PLAIN, tmp_path / "out")
    assert "w.bin" in done.files
    (beside / "w.bin").unlink()
    example(tmp_path / "out")


def test_a_card_says_how_good_each_class_is_and_which_to_look_at(fused, tmp_path):
    package(fused, PLAIN, tmp_path / "out")
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert r"| 0 | cat \| dog | 10 | 10.0% | 0.900 | 0.500 | 0.750 |" in card
    assert r"- cat \| dog: the head finds 50.0% of it on held-out pictures" in card
    assert "<b>" not in card
    assert "it is the last map" in card
    assert "| `scores` | the backbone's file | the same to the bit |" in card


def test_a_card_without_a_run_says_only_what_the_file_does(fused, tmp_path):
    for name in ("run.json", "proof.json"):
        fused.with_name(name).unlink()
    done = package(fused, PLAIN, tmp_path / "out")
    assert "proof.json" not in done.files
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert "| 2 | &lt;b>fish&lt;/b> |" in card
    assert "held-out" not in card
    assert 'The file says of its proof: `{"batches": [1, 2, 5]' in card


def test_a_card_of_a_file_that_says_what_run_it_came_from_needs_no_run_beside_it(fused, tmp_path):
    said = {RUN: json.dumps(of_run(run_facts()))}
    save(with_metadata(load(fused), said), tmp_path / "alone.onnx")
    package(tmp_path / "alone.onnx", PLAIN, tmp_path / "out")
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert "| 1 | bird\\u000aof prey | 11 | 10.0% | 0.900 | 0.700 | 0.750 |" in card
    assert "photos" not in card  # where pictures lay is nobody's business


def test_a_proof_of_another_file_is_left_out_and_that_is_said(fused, tmp_path):
    fused.with_name("proof.json").write_text(json.dumps({"fused": {"sha256": "0" * 64}}))
    done = package(fused, PLAIN, tmp_path / "out")
    assert "proof.json" not in done.files
    assert done.notes[0] == (
        "the 'proof.json' beside it is damaged or of another file; it was left out"
    )


def test_several_heads_have_a_file_of_labels_each(tmp_path):
    fused = fused_file(tmp_path, heads=("domain", "topic"))
    done = package(fused, PLAIN, tmp_path / "out")
    assert {"domain-labels.txt", "topic-labels.txt"} <= set(done.files)


def test_nothing_that_is_there_is_overwritten(fused, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(PackageError, match=r"holds files already, .* name a new folder with -o"):
        package(fused, PLAIN, tmp_path / "out")
    assert contents(tmp_path / "out") == {"mine.txt": b"mine"}


def test_every_file_is_on_the_disk_before_the_folder_takes_its_place(fused, tmp_path, monkeypatch):
    synced, rename = [], Path.rename
    monkeypatch.setattr("onnxprobe.package.folder.sync", lambda path: synced.append(path.name))

    def renaming(self, target):
        assert {p.name for p in self.rglob("*")} <= set(synced)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", renaming)
    done = package(fused, PLAIN, tmp_path / "out")
    assert set(done.files) <= set(synced)


def test_what_stops_halfway_leaves_nothing(fused, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("onnxprobe.package.folder.copy_file", full)
    with pytest.raises(OSError, match="No space left"):
        package(fused, PLAIN, tmp_path / "out")
    assert {p.name for p in tmp_path.iterdir()} == {"run"}


def test_a_backbone_without_heads_is_packaged_too(tmp_path):
    fused_file(tmp_path, preprocess=None)
    done = package(tmp_path / "backbone.onnx", PLAIN, tmp_path / "out")
    assert "labels.txt" not in done.files
    assert "scores: float32 [1, 5]" in example(tmp_path / "out")


def test_every_file_is_registered():
    import pkgutil

    import onnxprobe.package

    shared = {"_base", "card", "copied", "delivery", "feeds", "fitting", "folder", "packaging"}
    shared |= {"promise", "requirements", "served", "signing", "verifying", "yaml"}
    files_ = {m.name for m in pkgutil.iter_modules(onnxprobe.package.__path__)}
    assert files_ - shared == set(PACKAGINGS)
