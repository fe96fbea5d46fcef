from dataclasses import dataclass, replace

import numpy as np
import pytest

from onnxprobe.recipe import Job, Kept, Run
from onnxprobe.recipe.kept import read, write


@dataclass(frozen=True)
class Result:
    member: np.ndarray
    views: tuple[str, ...]
    share: float
    nested: tuple[tuple[int, ...], ...] = ((1, 2), (3,))
    nothing: None = None


@dataclass(frozen=True)
class Step:
    factor: int = 2

    def __call__(self, x, *, progress) -> Result:
        progress("working", 1, 1)
        return Result(x * self.factor, ("a", "é\udcff"), 0.5)


@pytest.fixture
def run(tmp_path):
    return Run(Job(tmp_path / "m.onnx", "i", tmp_path), None, "sha", None, None, "given")


def test_a_result_comes_back_as_it_was(tmp_path):
    result = Result(np.eye(3, dtype=bool), ("a", "b"), 1 / 3)
    write(result, tmp_path / "r.npz")
    again = read(Result, tmp_path / "r.npz")
    assert again.member.dtype == bool
    np.testing.assert_array_equal(again.member, result.member)
    assert (again.views, again.share, again.nested) == (result.views, result.share, result.nested)


def test_a_step_is_done_once_and_read_the_second_time(run):
    given = Kept(np.arange(4), "key of the input")
    first = run.do("double", Step(), given)
    assert run.seconds["double"] >= 0

    def never(*_args, **_kwargs):
        raise AssertionError

    again = replace(run, progress=never).do("double", Step(), given)
    np.testing.assert_array_equal(again.value.member, first.value.member)
    assert again.key == first.key


@pytest.mark.parametrize("change", ["setting", "input"])
def test_another_setting_or_input_does_the_step_again(run, change):
    first = run.do("double", Step(2), Kept(np.arange(4), "a"))
    step = Step(3) if change == "setting" else Step(2)
    second = run.do("double", step, Kept(np.ones(4), "b" if change == "input" else "a"))
    assert first.key != second.key
    assert not np.array_equal(first.value.member, second.value.member)


def test_a_damaged_result_is_done_again(run, tmp_path):
    given = Kept(np.arange(4), "a")
    first = run.do("double", Step(), given)
    (path,) = (tmp_path / "cache").glob("double-*.npz")
    path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_array_equal(run.do("double", Step(), given).value.member, first.value.member)
