import json

import pytest
from packaged_models import HOW, fused_file
from tiny import tiny_model

from onnxprobe.errors import ContractError, PackageError
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.package import PACKAGINGS, package, replace, rollback
from onnxprobe.triton.config import config

TRITON = PACKAGINGS["triton"]
FACE = """# ours
name: "face"
backend: "onnxruntime"
max_batch_size: 16
input [ { name: "image" data_type: TYPE_FP32 dims: [ 3, 8, 8 ] } ]
output [ { name: "scores" data_type: TYPE_FP32 dims: [ 5 ] label_filename: "faces.txt" } ]
dynamic_batching { }
"""


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def entry(fused, tmp_path):
    """A repository that serves the backbone as ``face``, beside something else."""
    repository = tmp_path / "model_repository"
    face = repository / "face"
    (face / "1").mkdir(parents=True)
    (face / "config.pbtxt").write_text(FACE)
    (face / "faces.txt").write_text("a\nb\nc\nd\ne\n")
    (face / "1" / "model.onnx").write_bytes((fused.parent / "backbone.onnx").read_bytes())
    (repository / "other").mkdir()
    return face


def test_the_old_entry_gets_a_version_and_nothing_else_in_it_changes(fused, entry):
    before = contents(entry)
    replace(fused, TRITON, entry)
    after = contents(entry)
    assert after.pop("2/model.onnx") == fused.read_bytes()
    assert after == before


def test_the_second_entry_is_configured_alike_and_has_the_new_outputs(fused, entry):
    done = replace(fused, TRITON, entry)
    other = contents(entry.parent / "face_heads")
    assert {f"face_heads/{name}" for name in other} | {"face/2/model.onnx"} == set(done.files)
    assert other["1/model.onnx"] == fused.read_bytes()
    text = other["config.pbtxt"].decode()
    assert text.startswith("# ours\nbackend")
    found = config(text)
    assert found.name == ""
    assert found.max_batch_size == 16
    assert [(o.name, o.data_type, o.dims, o.label_filename) for o in found.outputs] == [
        ("scores", "TYPE_FP32", (5,), "faces.txt"),
        ("domain_scores", "TYPE_FP32", (3,), "domain-labels.txt"),
        ("domain_id", "TYPE_INT64", (1,), ""),
        ("domain_confidence", "TYPE_FP32", (1,), ""),
    ]
    assert "dynamic_batching" in text
    assert "dims: [ 3, 8, 8 ] zero_data: true" in text
    assert other["faces.txt"] == b"a\nb\nc\nd\ne\n"
    assert other["domain-labels.txt"].decode().splitlines()[1] == "bird of prey"


def test_rollback_leaves_the_repository_as_it_was(fused, entry):
    before = contents(entry.parent)
    folders = {str(p) for p in entry.parent.rglob("*")}
    replace(fused, TRITON, entry)
    done = rollback(TRITON, entry)
    assert done.files == ("face/2/", "face_heads/")
    assert contents(entry.parent) == before
    assert {str(p) for p in entry.parent.rglob("*")} == folders


def test_a_later_version_of_somebody_else_survives_a_rollback(fused, entry):
    replace(fused, TRITON, entry)
    (entry / "7").mkdir()
    (entry / "7" / "model.onnx").write_bytes(b"mine")
    rollback(TRITON, entry)
    assert {p.name for p in entry.iterdir() if p.is_dir()} == {"1", "7"}


def test_what_was_changed_since_is_not_taken_away(fused, entry):
    replace(fused, TRITON, entry)
    (entry / "2" / "model.onnx").write_bytes(b"mine")
    with pytest.raises(PackageError, match="is not the file that was put there"):
        rollback(TRITON, entry)
    assert (entry / "2" / "model.onnx").read_bytes() == b"mine"


def test_a_rollback_of_nothing_says_so(entry):
    with pytest.raises(PackageError, match=r"nothing that onnxprobe put into .* replaces 'face'"):
        rollback(TRITON, entry)


def test_a_second_package_waits_for_the_first_to_be_taken_back(fused, entry):
    replace(fused, TRITON, entry)
    before = contents(entry.parent)
    with pytest.raises(PackageError, match="take an earlier package back with --rollback"):
        replace(fused, TRITON, entry)
    assert contents(entry.parent) == before


def test_a_file_that_answers_otherwise_never_gets_in(entry, tmp_path):
    save(tiny_model(opset=13), tmp_path / "another.onnx")
    before = contents(entry.parent)
    with pytest.raises(ContractError, match=r"would not answer as version 1 of .*: opset of"):
        replace(tmp_path / "another.onnx", TRITON, entry)
    assert contents(entry.parent) == before


def test_the_backbone_itself_has_nothing_new(fused, entry):
    with pytest.raises(PackageError, match=r"has no output that .* does not serve already"):
        replace(fused.parent / "backbone.onnx", TRITON, entry)


def test_an_entry_that_the_server_completes_by_itself_is_refused(fused, entry):
    text = FACE.replace("output [", "# output [")
    (entry / "config.pbtxt").write_text(text)
    with pytest.raises(PackageError, match=r"names no outputs, .* name 'scores' in it first"):
        replace(fused, TRITON, entry)
    (entry / "config.pbtxt").unlink()
    with pytest.raises(PackageError, match=r"has no 'config.pbtxt', so Triton would take every"):
        replace(fused, TRITON, entry)


@pytest.mark.parametrize("stops", [1, 2])
def test_what_stops_halfway_leaves_the_repository_as_it_was(fused, entry, monkeypatch, stops):
    from pathlib import Path

    before, calls, rename = contents(entry.parent), [], Path.rename

    def stopping(self, target):
        calls.append(target)
        if len(calls) == stops:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stopping)
    with pytest.raises(OSError, match="No space left"):
        replace(fused, TRITON, entry)
    assert contents(entry.parent) == before
    assert {p.name for p in entry.parent.iterdir()} == {"face", "other"}


def test_the_newest_version_is_the_one_that_is_replaced_by_number_not_by_name(fused, entry):
    (entry / "1").rename(entry / "9")
    (entry / "10").mkdir()
    (entry / "10" / "model.onnx").write_bytes((entry / "9" / "model.onnx").read_bytes())
    for name in ("not-a-version", "011", "1.5", "-3"):
        (entry / name).mkdir()
    done = replace(fused, TRITON, entry)
    assert "face/11/model.onnx" in done.files


def test_the_file_is_called_what_the_config_calls_it(fused, entry):
    (entry / "config.pbtxt").write_text(FACE + 'default_model_filename: "net.onnx"\n')
    (entry / "1" / "model.onnx").rename(entry / "1" / "net.onnx")
    done = replace(fused, TRITON, entry)
    assert {"face/2/net.onnx", "face_heads/1/net.onnx"} <= set(done.files)


def test_a_fixed_batch_is_declared_whole(tmp_path):
    fused = fused_file(tmp_path, batch=2)
    package(fused, TRITON, tmp_path / "repository" / "net")
    found = config((tmp_path / "repository" / "net" / "config.pbtxt").read_text())
    assert found.max_batch_size == 0
    assert found.inputs[0].dims == (2, 3, 8, 8)
    assert found.outputs[1].dims == (2, 3)


def test_an_entry_of_its_own_batches(fused, tmp_path):
    package(fused, TRITON, tmp_path / "repository" / "net")
    found = contents(tmp_path / "repository" / "net")
    said = config(found["config.pbtxt"].decode())
    assert (said.backend, said.max_batch_size) == ("onnxruntime", 8)
    assert said.inputs[0].dims == (3, 8, 8)
    assert found["1/model.onnx"] == fused.read_bytes()
    assert json.loads(found["contract.json"])["heads"][0]["prefix"] == "domain"


def test_open_sizes_are_warmed_up_with_the_size_of_pictures_or_not_at_all(tmp_path):
    def warmed(preprocess, folder):
        folder.mkdir()
        fused = fused_file(folder, preprocess=preprocess)
        proto = load(fused).proto
        for axis in (2, 3):
            proto.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "side"
        from onnxprobe.graph.model import Model

        save(Model(proto), folder / "open.onnx")
        package(folder / "open.onnx", TRITON, folder / "out")
        return (folder / "out" / "config.pbtxt").read_text()

    known = warmed(HOW, tmp_path / "known")
    assert "dims: [ 3, -1, -1 ]" in known
    assert "dims: [ 3, 8, 8 ] zero_data" in known
    assert "model_warmup" not in warmed(None, tmp_path / "unknown")


def test_a_target_that_serves_nothing_cannot_replace(fused, entry):
    with pytest.raises(PackageError, match="a package for 'plain' replaces nothing"):
        replace(fused, PACKAGINGS["plain"], entry)


@pytest.mark.parametrize("what", [".", "../nowhere"])
def test_a_folder_that_is_no_entry_is_refused(fused, entry, what):
    with pytest.raises(PackageError, match=r"is no entry of a model repository: .* own folder"):
        replace(fused, TRITON, entry.parent / what)


def test_a_label_file_of_the_same_name_is_not_overwritten(fused, entry):
    config_, labels = entry / "config.pbtxt", entry / "domain-labels.txt"
    config_.write_text(FACE.replace("faces.txt", labels.name))
    labels.write_text("theirs\n")
    replace(fused, TRITON, entry)
    other = entry.parent / "face_heads"
    assert (other / labels.name).read_text() == "theirs\n"
    assert (other / "new-domain-labels.txt").read_text().startswith("cat | dog\n")
    found = config((other / "config.pbtxt").read_text())
    assert found.outputs[1].label_filename == "new-domain-labels.txt"


def test_a_second_entry_has_one_version_whatever_the_first_says(fused, entry):
    policy = "version_policy { specific { versions: [1, 7] } }\n"
    (entry / "config.pbtxt").write_text(FACE + policy)
    done = replace(fused, TRITON, entry)
    assert "version_policy" not in (entry.parent / "face_heads" / "config.pbtxt").read_text()
    assert done.notes == (
        "'config.pbtxt' has a version_policy: see that it serves the new version",
    )


def test_labels_that_the_config_names_must_be_there(fused, entry):
    (entry / "faces.txt").unlink()
    with pytest.raises(PackageError, match=r"names 'faces.txt', which is not in"):
        replace(fused, TRITON, entry)
