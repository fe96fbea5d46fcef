import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from onnxprobe import devices, runtime
from onnxprobe.binding import Bound
from onnxprobe.devices import KINDS, ON_CPU, Device, devices_of
from onnxprobe.embed import network as network_module
from onnxprobe.embed.network import Network
from onnxprobe.errors import DeviceError, NoSuchNameError, RunError
from onnxprobe.images import Preprocess
from onnxprobe.runtime import Session, halved

SEEN = Preprocess(size=(8, 8), mean=(127,), std=(64,))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("cpu", ["cpu"]),
        ("cpu,cpu", ["cpu", "cpu"]),
        ("cuda", ["cuda:0"]),
        ("cuda:3", ["cuda:3"]),
        ("cuda:1, cuda:0", ["cuda:1", "cuda:0"]),
        ("tensorrt:1", ["tensorrt:1"]),
    ],
)
def test_devices_are_read(said, meant):
    assert list(map(str, devices_of(said))) == meant


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        ("cude", NoSuchNameError, "no device named 'cude'; did you mean 'cuda'"),
        ("", NoSuchNameError, "no device named ''"),
        ("cuda:", DeviceError, "'cuda:' is no device; say 'cuda:0', for instance"),
        ("cuda:x", DeviceError, "'cuda:x' is no device"),
        ("cuda:-1", DeviceError, "'cuda:-1' is no device"),
        ("cpu:1", DeviceError, "'cpu:1' is no device; say 'cpu', for instance"),
        ("cuda,cuda:0", DeviceError, "'cuda,cuda:0' names a device twice"),
        ("cuda,cpu", DeviceError, "devices of one kind work together, not 'cuda,cpu'"),
    ],
)
def test_what_is_no_device_is_named(said, error, message):
    with pytest.raises(error, match=message):
        devices_of(said)


def test_there_are_two_precisions():
    assert devices_of("cuda", "float16")[0].precision == "float16"
    with pytest.raises(DeviceError, match="computes in float32 or float16, not in 'int8'"):
        devices_of("cuda", "int8")


def test_float32_is_float32_and_options_name_the_device():
    (name, options), fallback = devices_of("cuda:2")[0].providers
    assert (name, options["device_id"], options["use_tf32"]) == ("CUDAExecutionProvider", "2", "0")
    assert fallback[0] == "CPUExecutionProvider"
    first, second, third = devices_of("tensorrt:1", "float16")[0].providers
    assert (first[1]["trt_fp16_enable"], second[1]["device_id"]) == ("1", "1")
    assert third[0] == "CPUExecutionProvider"


def test_every_file_is_registered():
    files = {f.stem for f in Path(devices.__file__).parent.glob("*.py") if f.stem[0] != "_"}
    assert files == set(KINDS)


def offering(monkeypatch, *providers, starts=None, file=None):
    """An ONNX Runtime that says it offers ``providers``, of which only ``starts`` will start."""
    real = runtime.library()

    def session(source, options, providers, **rest):
        kept = [one for one in providers if starts is None or one[0] in starts]
        return real.InferenceSession(source, options, providers=kept, **rest)

    fake = SimpleNamespace(
        get_available_providers=lambda: list(providers),
        SessionOptions=real.SessionOptions,
        InferenceSession=session,
        OrtValue=real.OrtValue,
        set_default_logger_severity=lambda _: None,
        __version__="9.9",
        __file__=file or real.__file__,
    )
    monkeypatch.setattr(runtime, "library", lambda: fake)
    return fake


def test_a_device_that_the_runtime_does_not_offer_is_an_error(tiny, monkeypatch):
    offering(monkeypatch, "AzureExecutionProvider", "CPUExecutionProvider")
    message = (
        r"'cuda:1' was asked for, but the ONNX Runtime that is installed \(9\.9\) offers only "
        r"Azure, CPU; it needs an NVIDIA driver, and pip install 'onnxprobe\[gpu\]'"
    )
    with pytest.raises(DeviceError, match=message):
        Session(tiny, device=devices_of("cuda:1")[0])


def test_a_device_that_does_not_start_is_an_error_and_not_a_slow_run(tiny, monkeypatch):
    """As ONNX Runtime does where a library of CUDA is missing: it takes what is next in the list."""
    names = ("CUDAExecutionProvider", "CPUExecutionProvider")
    offering(monkeypatch, *names, starts=("CPUExecutionProvider",))
    message = "ONNX Runtime could not start it and would run the model on CPU; it needs an NVIDIA"
    with pytest.raises(DeviceError, match=message):
        Session(tiny, device=devices_of("cuda")[0])


def test_what_keeps_a_device_from_starting_is_named(tiny, monkeypatch, tmp_path):
    (tmp_path / "capi").mkdir()
    (tmp_path / "capi" / "libonnxruntime_providers_cuda.so").write_bytes(b"no library")
    names, init = ("CUDAExecutionProvider", "CPUExecutionProvider"), tmp_path / "__init__.py"
    offering(monkeypatch, *names, starts=names[1:], file=str(init))
    message = (
        r"would run the model on CPU \(.*libonnxruntime_providers_cuda\.so.*\); it needs an NV"
    )
    with pytest.raises(DeviceError, match=message):
        Session(tiny, device=devices_of("cuda")[0])


def test_cuda_is_looked_for_where_pip_has_put_it_and_only_for_a_gpu(tiny, monkeypatch, capfd):
    names, looked = ("CUDAExecutionProvider", "CPUExecutionProvider"), []
    fake = offering(monkeypatch, *names, starts=names[1:])
    fake.preload_dlls = lambda: looked.append(sys.stdout.write("Failed to load libcudart.so"))
    Session(tiny)
    assert not looked
    with pytest.raises(DeviceError):
        Session(tiny, device=devices_of("cuda")[0])
    assert len(looked) == 1
    assert capfd.readouterr().out == ""


def test_what_a_provider_has_no_option_for_is_set_before_it_starts(tiny, monkeypatch):
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    offering(monkeypatch, "TensorrtExecutionProvider", starts=("CPUExecutionProvider",))
    with pytest.raises(DeviceError, match="it needs an NVIDIA driver, TensorRT, and"):
        Session(tiny, device=devices_of("tensorrt")[0])
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == "0"  # TensorRT would keep ten bits of 23


@pytest.mark.parametrize(("name", "wanted"), [("cpu", False), ("cuda", True), ("tensorrt", True)])
def test_kernels_that_give_the_same_bits_are_asked_for_where_there_are_others(
    name, wanted, tiny, monkeypatch
):
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    seen = []

    def session(_, options, **__):
        seen.append(options.use_deterministic_compute)
        raise RuntimeError("enough")

    fake = SimpleNamespace(
        get_available_providers=lambda: [kind.provider for kind in KINDS.values()],
        SessionOptions=runtime.library().SessionOptions,
        InferenceSession=session,
        set_default_logger_severity=lambda _: None,
        __version__="9.9",
        __file__=runtime.library().__file__,
    )
    monkeypatch.setattr(runtime, "library", lambda: fake)
    with pytest.raises(RunError, match="enough"):
        Session(tiny, device=devices_of(name)[0])
    assert seen == [wanted]


def test_nothing_is_printed_and_nothing_else_is_tried(tiny, monkeypatch, capfd):
    seen = []

    def session(*_, providers, enable_fallback):
        seen.append((providers, enable_fallback))
        raise RuntimeError("CUDA failure 101: invalid device ordinal")

    fake = SimpleNamespace(
        get_available_providers=lambda: ["CUDAExecutionProvider"],
        SessionOptions=runtime.library().SessionOptions,
        InferenceSession=session,
        set_default_logger_severity=lambda _: None,
        __version__="9.9",
        __file__=runtime.library().__file__,
    )
    monkeypatch.setattr(runtime, "library", lambda: fake)
    message = "9.9 does not load the model on 'cuda:7': CUDA failure 101: invalid device ordinal"
    with pytest.raises(RunError, match=message):
        Session(tiny, device=devices_of("cuda:7")[0])
    assert len(seen) == 1
    assert seen[0][1] == 0
    assert capfd.readouterr() == ("", "")


def test_a_session_says_what_runs_it(tiny):
    session = Session(tiny)
    assert session.providers == ("CPUExecutionProvider",)
    assert session.device == ON_CPU


def test_buffers_that_are_used_again_give_what_fresh_ones_give(tiny):
    session, rng = Session(tiny), np.random.default_rng(0)
    bound = session.bound("image", ["scores"])
    kept = []
    for _ in range(3):
        samples = rng.normal(size=(4, 3, 8, 8)).astype(np.float32)
        kept.append((bound.run(samples)["scores"], session.run({"image": samples})["scores"]))
    for found, wanted in kept:  # after all runs: what was returned is a copy
        np.testing.assert_array_equal(found, wanted)


def elsewhere(session, monkeypatch):
    """Let ``session`` think that its device has memory of its own; it is that of the CPU."""
    made = []

    def bound(feed, outputs):
        made.append(Bound(runtime.library(), session._session, ON_CPU, feed=feed, outputs=outputs))
        return made[-1]

    device = SimpleNamespace(kind=SimpleNamespace(memory="elsewhere"))
    monkeypatch.setattr(session, "device", device)
    monkeypatch.setattr(session, "bound", bound)
    return made


def test_each_thread_has_buffers_of_its_own(tiny, monkeypatch):
    session = Session(tiny)
    made = elsewhere(session, monkeypatch)
    samples = [np.full((2, 3, 8, 8), i, np.float32) for i in range(24)]
    with ThreadPoolExecutor(3) as pool:
        found = list(
            pool.map(lambda x: session.steadily("image", x, ["scores"])["scores"], samples)
        )
    assert 1 <= len(made) <= 3
    for x, rows in zip(samples, found, strict=True):
        np.testing.assert_array_equal(rows, session.run({"image": x})["scores"])


def test_each_shape_has_buffers_of_its_own(tiny, monkeypatch):
    session = Session(tiny)
    made = elsewhere(session, monkeypatch)
    for size in (4, 1, 4):
        x = np.full((size, 3, 8, 8), size, np.float32)
        found = session.steadily("image", x, ["scores"])["scores"]
        np.testing.assert_array_equal(found, session.run({"image": x})["scores"])
    assert len(made) == 2


def test_what_a_device_does_not_take_is_one_line(tiny, monkeypatch):
    session = Session(tiny)
    elsewhere(session, monkeypatch)
    with pytest.raises(RunError, match=r"the model does not run on image \(2, 3, 9, 9\)"):
        session.steadily("image", np.zeros((2, 3, 9, 9), np.float32), ["scores"])


def test_half_precision_keeps_inputs_and_outputs_and_is_close(tiny):
    half = halved(tiny)
    assert half.inputs == tiny.inputs
    assert half.value("scores").dtype == "float32"
    samples = np.random.default_rng(0).normal(size=(4, 3, 8, 8)).astype(np.float32)
    found, wanted = (Session(m).run({"image": samples})["scores"] for m in (half, tiny))
    assert not np.array_equal(found, wanted)
    np.testing.assert_allclose(found, wanted, rtol=2e-2, atol=2e-2)  # float16 has three digits


def test_the_cosine_between_the_precisions_is_stated(tiny):
    (device,) = devices_of("cpu", "float16")
    network = Network.of(tiny, ["scores"], SEEN, batch=4, device=device)
    assert 0.999 < network.cosine < 1
    assert Network.of(tiny, ["scores"], SEEN, batch=4).cosine == 1


def test_half_precision_that_says_something_else_is_refused(tiny, monkeypatch):
    monkeypatch.setattr(network_module, "LEAST_COSINE", 1.1)
    (device,) = devices_of("cpu", "float16")
    message = r"in float16 the model says something else than in float32 \(a cosine of \d\.\d{4} wh"
    with pytest.raises(DeviceError, match=message):
        Network.of(tiny, ["scores"], SEEN, batch=4, device=device)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_gpu_says_what_the_cpu_says(tiny, precision):
    (device,) = devices_of("cuda", precision)
    network = Network.of(tiny, ["scores"], SEEN, batch=4, device=device)
    assert network.session.providers[0] == "CUDAExecutionProvider"
    samples = np.random.default_rng(0).normal(size=(4, 3, 8, 8)).astype(np.float32)
    wanted = Network.of(tiny, ["scores"], SEEN, batch=4).run(samples)["scores"]
    for _ in range(3):
        found = network.run(samples)["scores"]
        close = 1e-4 if precision == "float32" else 2e-2
        np.testing.assert_allclose(found, wanted, rtol=close, atol=close)


@pytest.mark.gpu
def test_a_gpu_that_is_not_there_is_named(tiny):
    with pytest.raises((RunError, DeviceError), match="cuda:99"):
        Session(tiny, device=Device(KINDS["cuda"], 99))
