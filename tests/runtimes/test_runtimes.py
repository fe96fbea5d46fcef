"""Fused files in other runtimes: they load, and say what ONNX Runtime and numpy say."""

from functools import cache

import numpy as np
import pytest

from onnxprobe.heads import HEADS, NOVELTY
from runtimes.cases import BATCHES, compared, read_answers, within, write_cases
from runtimes.known import RUNTIMES

pytestmark = [pytest.mark.slow, pytest.mark.real]
CASES = [*HEADS, "poolings", *NOVELTY]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    return folder, write_cases(folder)


@pytest.fixture(scope="module", params=RUNTIMES, ids=lambda runtime: runtime.name)
def answered(request, cases, tmp_path_factory):
    """What one runtime said of every case: it is installed, and started, once."""
    runtime, missing = request.param, request.param.missing()
    if missing:
        pytest.skip(missing)
    folder = runtime.answers(cases[0], tmp_path_factory.mktemp("runtime"))
    return cache(lambda name: read_answers(folder / f"{name}.json"))


@pytest.mark.parametrize("name", CASES)
def test_a_fused_file_loads_and_answers_at_every_batch(answered, cases, name):
    case = cases[1][name]
    answers, error = answered(name)
    assert error == ""
    for batch in BATCHES:
        shapes = [output.shape for output in answers[batch]]
        assert shapes == [expected.shape for expected in case.expected[batch]]


@pytest.mark.parametrize("name", CASES)
def test_its_old_answers_are_those_of_onnx_runtime_and_its_new_ones_those_of_numpy(
    answered, cases, name
):
    case = cases[1][name]
    found = compared(case, answered(name)[0])
    assert {f.name: f.relative for f in found if not within(case, f)} == {}


def test_the_pictures_of_the_cases_are_answered_differently(cases):
    """A head that says the same of all would hide a runtime that mixes pictures up."""
    for case in cases[1].values():
        scores = np.vstack([case.expected[batch][case.old] for batch in BATCHES])
        assert len(np.unique(scores.round(3), axis=0)) == sum(BATCHES)
        found = np.vstack([case.expected[batch][case.old + 1] for batch in BATCHES])
        assert len(np.unique(found)) > 2
