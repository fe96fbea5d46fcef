import math
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import pytest

from onnxprobe.errors import RecipeError
from onnxprobe.recipe.kinds import Bounds, Count, Folds, Positive, Seed, Share, fitted
from onnxprobe.recipe.listing import every
from onnxprobe.recipe.settings import as_json, configured, flat, steps

RECIPES = every()
CHECKED_BY_THE_STEP = {"embedding.sample", "split.heldout", "classifier.keep"}
ANY = {"labels.level"}


def numbers(kind):
    """The kinds of number that a setting may be, each with its bounds."""
    if get_origin(kind) is Annotated:
        return [kind]
    if get_origin(kind) is Literal:
        return []
    if kind in (int, float):
        return [kind]
    return [one for part in get_args(kind) for one in numbers(part)]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Count, 0, "step.x is a whole number of 1 or more, not 0"),
        (Count | None, -3, "step.x is a whole number of 1 or more or null, not -3"),
        (Seed, -1, "step.x is a whole number from 0 to 4294967295, not -1"),
        (Folds, 10**9, "step.x is a whole number from 2 to 100, not 1000000000"),
        (Share, 1.5, "step.x is a number from 0 to 1, not 1.5"),
        (Positive, 0, "step.x is a number above 0, not 0"),
        (
            Annotated[float, Bounds(above=0, most=1)],
            0.0,
            "step.x is a number above 0 and up to 1, not 0.0",
        ),
        (float, math.nan, "step.x is a number, not nan"),
        (float, math.inf, "step.x is a number, not inf"),
        (
            tuple[Positive, ...],
            [1, 0],
            "step.x is a list [..] of a number above 0 each, not [1, 0]",
        ),
        (tuple[float, ...], ["a"], "step.x is a list [..] of a number each, not ['a']"),
        (tuple[str, ...], [None], "step.x is a list [..] of a name each, not [None]"),
        (tuple[str, ...], "val", "step.x is a list [..] of a name each, not 'val'"),
    ],
)
def test_what_a_setting_cannot_be_is_said_with_what_it_can(kind, value, message):
    with pytest.raises(RecipeError) as raised:
        fitted("step.x", value, kind)
    assert str(raised.value) == message


def test_a_whole_number_that_no_float_holds_is_no_number():
    with pytest.raises(RecipeError, match=r"step\.x is a number, not 1000"):
        fitted("step.x", 10**400, float)


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        (tuple[Positive, ...], [1, 2.5], (1.0, 2.5)),
        (Share | None, None, None),
        (Share | None, 1, 1.0),
        (float | int | None, 600, 600),
        (Folds, 2, 2),
        (tuple[str, ...], [], ()),
    ],
)
def test_what_fits_is_held_as_its_kind(kind, value, held):
    found = fitted("step.x", value, kind)
    assert found == held
    assert type(found) is type(held)


@pytest.mark.parametrize("name", RECIPES)
def test_the_usual_settings_of_a_recipe_are_within_their_own_bounds(name):
    recipe = RECIPES[name]
    assert configured(recipe, flat(as_json(recipe))) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_number_of_a_recipe_has_bounds(name):
    bare = {
        f"{step_name}.{setting}"
        for step_name, step in steps(RECIPES[name]).items()
        for setting, kind in get_type_hints(type(step), include_extras=True).items()
        if {int, float} & set(numbers(kind))
    }
    assert bare <= CHECKED_BY_THE_STEP | ANY
