import pytest

from onnxprobe.recipe.forecast import Forecasts
from onnxprobe.recipe.listing import every
from onnxprobe.recipe.settings import steps

RECIPES = every()
WIDTHS = (512, 256, 128, 64)
STEPS = {
    f"{recipe}.{name}": step
    for recipe, found in RECIPES.items()
    for name, step in steps(found).items()
    if isinstance(step, Forecasts) and name != "embedding"
}


def test_the_steps_of_the_default_recipe_that_take_long_say_so():
    said = {name for name in STEPS if name.startswith("domains.")}
    assert said == {"domains.clustering", "domains.tsne", "domains.classifier"}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_more_pictures_never_take_less_and_a_hundred_times_as_many_not_the_square(step):
    few, more, many = (step.cost(rows, WIDTHS) for rows in (10_000, 100_000, 1_000_000))
    assert few.seconds < more.seconds <= many.seconds
    assert few.memory < more.memory <= many.memory
    assert many.seconds < 20 * more.seconds


def test_the_goal_for_the_sample_of_the_origin_is_foretold():
    found = [STEPS[name].cost(342_012, WIDTHS) for name in STEPS if name.startswith("domains.")]
    assert sum(cost.seconds for cost in found) < 2_400  # twenty minutes of two cores
