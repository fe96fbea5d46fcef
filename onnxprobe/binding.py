"""Buffers in a device's memory that are allocated once and used for every run."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxprobe.devices import Device


class Bound:
    """One input and the outputs of a session, where the device has them. For one thread.

    A plain run copies the input to the device into memory allocated for it, and the outputs back
    out of such memory, every time (microsoft/onnxruntime#10000).
    """

    def __init__(
        self, runtime: Any, session: Any, device: Device, *, feed: str, outputs: Sequence[str]
    ) -> None:
        """Bind ``feed`` and ``outputs`` of a ``session`` of the module ``runtime``."""
        self._runtime, self._session, self._device = runtime, session, device
        self._feed, self._outputs = feed, tuple(outputs)
        self._binding = session.io_binding()
        self._input: Any = None
        self._place = (device.kind.memory, device.number)

    def run(self, samples: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Run on ``samples``, of the same shape and type every time; return copies by name."""
        if self._input is None:
            self._first(samples)
        else:
            self._input.update_inplace(samples)
            self._session.run_with_iobinding(self._binding)
        found = self._binding.get_outputs()
        named = zip(self._outputs, found, strict=True)
        return {
            name: np.array(value.numpy()) for name, value in named
        }  # in host memory it is a view

    def _first(self, samples: NDArray[Any]) -> None:
        """Run once to learn how large the outputs are, and bind what that run allocated."""
        new = self._runtime.OrtValue.ortvalue_from_shape_and_type
        self._input = new(samples.shape, samples.dtype.type, *self._place)
        self._input.update_inplace(samples)
        self._binding.bind_ortvalue_input(self._feed, self._input)
        for name in self._outputs:
            self._binding.bind_output(name, *self._place)
        self._session.run_with_iobinding(self._binding)
        values = self._binding.get_outputs()
        self._binding.clear_binding_outputs()
        for name, value in zip(self._outputs, values, strict=True):
            self._binding.bind_ortvalue_output(name, value)
