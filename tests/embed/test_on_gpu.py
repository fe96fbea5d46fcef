"""Stores that are made on GPUs: near those of the CPU, and the same bits however often one stops."""

from ctypes.util import find_library

import numpy as np
import pytest
from store_parts import PROBES, content

from onnxprobe.devices import devices_of
from onnxprobe.errors import DeviceError

pytestmark = pytest.mark.gpu
NEAR = {"float32": 1e-4, "float16": 2e-2}
"""Sums in another order; three digits."""


@pytest.mark.parametrize("precision", NEAR)
@pytest.mark.parametrize("name", ["cuda", "tensorrt"])
def test_vectors_are_near_those_of_the_cpu(name, precision, run):
    if name == "tensorrt" and find_library("nvinfer") is None:
        pytest.skip("no TensorRT")
    accounts = []
    found = run("gpu.h5", devices=devices_of(name, precision), account=accounts.append)
    wanted = run("cpu.h5")
    for probe in PROBES:
        np.testing.assert_allclose(
            found.embeddings(probe),
            wanted.embeddings(probe),
            rtol=NEAR[precision],
            atol=NEAR[precision],
        )
    (account,) = accounts
    provider = {"cuda": "CUDA", "tensorrt": "Tensorrt"}[name]
    assert account.ran_on[0].startswith(f"{name}:0 ({provider}ExecutionProvider")
    assert account.precision == precision


@pytest.mark.parametrize("precision", NEAR)
def test_work_that_was_stopped_goes_on_with_the_same_bits(precision, run, tmp_path):
    cuda = devices_of("cuda", precision)
    run("stopped/e.h5", sample=18, devices=cuda)
    run("stopped/e.h5", devices=cuda)
    run("whole/e.h5", devices=cuda)
    assert content(tmp_path / "stopped/e.h5") == content(tmp_path / "whole/e.h5")


def test_how_many_pictures_a_run_takes_is_measured(run):
    batch = run(batch=None, devices=devices_of("cuda")).header.batch
    assert batch in [8 << doubled for doubled in range(8)]


def test_two_gpus_give_the_same_bits_as_one(run, tmp_path):
    try:
        run("two/e.h5", devices=devices_of("cuda:0,cuda:1"))
    except DeviceError as error:
        pytest.skip(f"there is one GPU: {error}")
    run("one/e.h5", devices=devices_of("cuda"))
    assert content(tmp_path / "two/e.h5") == content(tmp_path / "one/e.h5")


def test_what_was_begun_on_a_gpu_is_not_gone_on_with_on_the_cpu(run):
    from onnxprobe.errors import StoreError

    run(sample=16, devices=devices_of("cuda"))
    with pytest.raises(StoreError, match="a network on cuda float32, not a network on cpu float32"):
        run()
