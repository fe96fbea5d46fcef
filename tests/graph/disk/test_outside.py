import os
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnxprobe.errors import MissingWeightsError, NoSuchNameError, NotOnnxError, StitchError
from onnxprobe.graph.disk import outside
from onnxprobe.graph.disk.outside import gathered
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.runtime import Session, run

X = np.eye(8, dtype=np.float32)


def matmul(folder, number, *, location="w.bin", name="model.onnx"):
    """``y = x @ w`` with ``w``, filled with ``number``, in a file beside the model."""
    (folder / location).parent.mkdir(parents=True, exist_ok=True)
    (folder / location).write_bytes(np.full(64, number, np.float32).tobytes())
    tensor = TensorProto(name="w", data_type=1, dims=[8, 8], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 8]) for n in "xy"]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [tensor]
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / name).write_bytes(proto.SerializeToString())
    return folder / name


def two(tmp_path):
    """Two models, each with a file ``w.bin`` of its own, stitched together."""
    a, b = matmul(tmp_path / "a", 2), matmul(tmp_path / "b", 3)
    return stitch(load(a), Graft(load(b), {"x": "y"}, prefix="b/"))


def answer(path):
    return float(run(path, {"x": X})["b/y"][0, 0])


@pytest.mark.parametrize("way", ["link", "copy"])
def test_two_files_of_one_name_come_along_under_two(tmp_path, way):
    path = save(two(tmp_path), tmp_path / "out" / "both.onnx", outside=way)
    assert sorted(p.name for p in path.parent.iterdir()) == ["both.onnx", "w-2.bin", "w.bin"]
    assert answer(path) == 8 * 2 * 3
    save(two(tmp_path), path, outside=way)  # once more, over itself
    assert answer(path) == 48


@pytest.mark.filterwarnings("default")
def test_whoever_shares_a_file_of_weights_is_told(tmp_path):
    """onnx 1.23 reads it no more, in either place."""
    model = load(matmul(tmp_path / "a", 2))
    with pytest.warns(
        RuntimeWarning, match=r"'w.bin' beside .*m.onnx' and beside the old model are"
    ):
        save(model, tmp_path / "b" / "m.onnx")
    said = []
    save(model, tmp_path / "b" / "m.onnx", say=said.append)  # it is there already
    save(model, tmp_path / "c" / "m.onnx", say=said.append, outside="copy")
    save(model, tmp_path / "a" / "m.onnx", say=said.append)
    assert not said


def test_a_file_of_the_same_length_with_other_weights_is_in_the_way(tmp_path):
    model = load(matmul(tmp_path / "a", 2))
    matmul(tmp_path / "b", 3)
    with pytest.raises(
        StitchError, match=r"is there already and is not the file of weights this model needs"
    ):
        save(model, tmp_path / "b" / "model.onnx", outside="copy")


def test_what_cannot_be_finished_leaves_nothing_behind(tmp_path):
    def refuses(_):
        raise StitchError("no")

    with pytest.raises(StitchError, match=r"^no$"):
        save(two(tmp_path), tmp_path / "out" / "both.onnx", check=refuses)
    (tmp_path / "out" / "w-2.bin").write_text("another file")
    with pytest.raises(
        StitchError, match=r"w-2.bin' is there already and is not the file of weights"
    ):
        save(two(tmp_path), tmp_path / "out" / "both.onnx")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["w-2.bin"]


def test_a_model_does_not_take_the_place_of_its_weights(tmp_path):
    model = load(matmul(tmp_path, 2))
    for path in (tmp_path / "w.bin", tmp_path / "other" / "w.bin"):
        with pytest.raises(StitchError, match=r"w.bin' is what the file of weights is called"):
            save(model, path)
    assert (tmp_path / "w.bin").stat().st_size == 256


def test_weights_in_a_folder_below_are_referred_to_where_they_are(tmp_path):
    model = load(matmul(tmp_path / "below", 2))
    path = save(model, tmp_path / "above.onnx", outside="reference")
    assert not (tmp_path / "w.bin").exists()
    assert onnx.load(path).graph.initializer[0].raw_data[:4] == np.float32(2).tobytes()
    assert float(run(path, {"x": X})["y"][0, 0]) == 2


def test_a_reference_to_a_folder_elsewhere_is_refused(tmp_path):
    model = load(matmul(tmp_path / "a", 2))
    with pytest.raises(
        MissingWeightsError, match=r"cannot refer to from '.*b'; write beside it, or use --weights"
    ):
        save(model, tmp_path / "b" / "model.onnx", outside="reference")


def test_a_way_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(
        NoSuchNameError, match="no way to keep weights named 'lnk'; did you mean 'link'"
    ):
        save(load(matmul(tmp_path, 2)), tmp_path / "m.onnx", outside="lnk")


def hub(tmp_path):
    """A model as the cache of a model hub has it: names that are links to blobs."""
    real = matmul(tmp_path / "blobs", 2, location="1234", name="5678")
    proto = onnx.load(real, load_external_data=False)
    proto.graph.initializer[0].external_data[0].value = "w.bin"
    real.write_bytes(proto.SerializeToString())
    names = tmp_path / "snapshots" / "main"
    names.mkdir(parents=True)
    (names / "model.onnx").symlink_to("../../blobs/5678")
    (names / "w.bin").symlink_to("../../blobs/1234")
    return names / "model.onnx"


def test_a_model_that_is_a_link_finds_weights_that_are_a_link_to_the_same_place(tmp_path):
    model = load(hub(tmp_path))
    assert model.constant("w")[0, 0] == 2
    assert float(run(model, {"x": X})["y"][0, 0]) == 2
    path = save(model, tmp_path / "out" / "model.onnx")
    assert (path.parent / "w.bin").read_bytes() == (tmp_path / "blobs" / "1234").read_bytes()
    assert not (path.parent / "w.bin").is_symlink()


def test_links_of_a_model_that_is_a_link_lead_no_further(tmp_path):
    path = hub(tmp_path)
    (tmp_path / "secret").write_bytes(bytes(256))
    (path.parent / "w.bin").unlink()
    (path.parent / "w.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(NotOnnxError, match="outside the model's folder"):
        load(path).constant("w")


def test_weights_of_two_folders_run_without_being_written(tmp_path):
    model = two(tmp_path)
    assert gathered(model.proto)[1] == tmp_path
    assert float(Session(model).run({"x": X})["b/y"][0, 0]) == 48


def test_weights_inside_and_beside_run_together(tmp_path, loaded_big):
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 8]) for n in "xy"]
    assert ends[0].name == loaded_big.inputs[0]
    model = stitch(load(matmul(tmp_path / "a", 2)), Graft(loaded_big, {"x": "y"}, prefix="big/"))
    expected = run(loaded_big, {"x": run(load(tmp_path / "a" / "model.onnx"), {"x": X})["y"]})["y"]
    np.testing.assert_array_equal(run(model, {"x": X})["big/y"], expected)
    path = save(model, tmp_path / "out" / "both.onnx")
    np.testing.assert_array_equal(run(path, {"x": X})["big/y"], expected)


def test_a_model_without_weights_beside_it_is_gathered_as_it_is(tiny):
    assert gathered(tiny.proto) == (tiny.proto, None)


def test_a_link_is_told_of_because_other_readers_refuse_it(tmp_path, monkeypatch):
    monkeypatch.setattr(outside, "clone", lambda *_: False)
    path = matmul(tmp_path / "a", 2)
    with pytest.warns(RuntimeWarning, match=r"'w.bin' beside .* are one now \(a hard link\)"):
        save(load(path), tmp_path / "b" / "model.onnx")
    assert (tmp_path / "b" / "w.bin").samefile(tmp_path / "a" / "w.bin")


@pytest.mark.skipif(sys.platform != "linux", reason="FICLONE is of Linux")
def test_where_the_file_system_shares_blocks_weights_are_no_link(tmp_path, monkeypatch, recwarn):
    def shares(new, request, old):
        assert request == 0x40049409
        os.write(new.fileno(), os.pread(old, 1 << 20, 0))

    monkeypatch.setattr("onnxprobe.graph.disk.copying.fcntl.ioctl", shares)
    path = matmul(tmp_path / "a", 2)
    again = save(load(path), tmp_path / "b" / "model.onnx")
    assert (tmp_path / "b" / "w.bin").stat().st_nlink == 1
    assert load(again).constant("w")[0, 0] == 2
    assert not recwarn.list


def test_weights_on_another_file_system_are_not_linked(tmp_path, monkeypatch):
    def other_device(*_, **__):
        raise OSError(18, os.strerror(18))

    monkeypatch.setattr(outside, "clone", lambda *_: False)
    monkeypatch.setattr(os, "link", other_device)
    with pytest.raises(
        StitchError, match=r"cannot be hard-linked to .* \(.*cross-device.*\); use --weights copy"
    ):
        save(load(matmul(tmp_path / "a", 2)), tmp_path / "b" / "model.onnx")
    assert not list((tmp_path / "b").iterdir())


def test_looking_at_a_model_does_not_change_what_is_written(tmp_path):
    path = matmul(tmp_path, 2)
    again = save(Model(load(path).proto), tmp_path / "again.onnx")
    assert again.read_bytes() == path.read_bytes()
