import json
from dataclasses import replace

from onnxprobe.recipe.forecast import PROCESS, Cost, Forecast
from onnxprobe.report.forecast import forecast_text, forecast_warning

STEPS = {"embedding": Cost(600.0, 1e9), "clustering": Cost(1800.0, 4e9)}
BIG = Forecast(342_012, (512, 256), STEPS, cores=2, memory=16_000_000_000)


def test_cores_share_the_time_and_embeddings_are_held_beside_the_largest_step():
    assert BIG.seconds == 1200
    assert BIG.held == 342_012 * 768 * 4
    assert BIG.needed == PROCESS + BIG.held + 4e9
    assert BIG.fits


def test_it_is_told_in_a_line():
    assert forecast_text(BIG) == (
        "342,012 pictures, 768 numbers each: about 20 minutes on 2 cores if they are idle, up to about "
        "5.4 GB of memory"
    )
    assert forecast_warning(BIG) is None


def test_more_memory_than_there_is_is_a_warning():
    small = replace(BIG, memory=4_000_000_000)
    assert not small.fits
    assert forecast_warning(small) == (
        "the run may need 5.4 GB of memory, 1.1 GB of it for the embeddings alone, and this machine has "
        "4.0 GB; take fewer pictures with --sample, or views with --set embedding.depths=1"
    )


def test_a_step_that_tells_nothing_costs_nothing():
    none = Forecast(50, (8,), {}, cores=4, memory=1)
    assert (none.seconds, none.needed) == (0, PROCESS + none.held)


def test_as_json_it_says_the_same():
    said = json.loads(json.dumps(BIG.to_json()))
    assert (said["seconds"], said["memory"]) == (BIG.seconds, round(BIG.needed))
    assert said["steps"]["clustering"] == {"seconds": 1800.0, "memory": 4e9}
    assert said["machine"] == {"cores": 2, "memory": BIG.memory}
