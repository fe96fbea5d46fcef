import pytest

from onnxprobe.embed.sizing import fastest
from onnxprobe.errors import RunError


class Device:
    """Takes 1 ms a run and, from ``wide`` pictures on, longer for each; ``memory`` for so many."""

    def __init__(self, wide, memory=10_000):
        self.wide, self.memory, self.now, self.sizes = wide, memory, 0.0, []

    def __call__(self, size):
        if size > self.memory:
            raise RunError("the model does not run on …: out of memory")
        first = size not in self.sizes
        self.sizes.append(size)
        self.now += 0.001 * max(1, size / self.wide) + (1 if first else 0)  # it allocates

    def clock(self):
        return self.now


@pytest.mark.parametrize(("wide", "wanted"), [(8, 8), (64, 64), (100, 128), (9999, 1024)])
def test_twice_as_many_are_taken_as_long_as_that_pays(wide, wanted):
    device = Device(wide)
    assert fastest(device, start=8, clock=device.clock) == wanted


def test_where_memory_ends_the_last_size_is_kept():
    device = Device(9999, memory=100)
    assert fastest(device, start=8, clock=device.clock) == 64


def test_a_first_size_that_does_not_fit_is_an_error():
    device = Device(9999, memory=4)
    with pytest.raises(RunError, match="out of memory"):
        fastest(device, start=8, clock=device.clock)
