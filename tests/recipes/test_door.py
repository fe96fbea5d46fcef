"""What cannot work is said before any picture is read."""

from dataclasses import replace

import pytest

from onnxprobe.errors import RecipeError
from onnxprobe.recipe.listing import every
from onnxprobe.recipe.settings import configured


@pytest.mark.parametrize("name", [name for name, r in every().items() if hasattr(r, "split")])
@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("split.group_by", "none.csv:person", "the groups 'none.csv' cannot be read"),
        ("split.heldout", 1.5, "split.heldout is between 0 and 1, not 1.5"),
    ],
)
def test_every_recipe_says_it_without_a_run(name, setting, value, message):
    recipe = every()[name]
    if name == "known":
        recipe = replace(recipe, attributes=replace(recipe.attributes, file=__file__))
        message = f"{message}|has no column"
    with pytest.raises(RecipeError, match=message):
        configured(recipe, {setting: value})(None)


@pytest.mark.parametrize(
    ("name", "setting", "value", "message"),
    [
        (
            "labelled",
            "labels.file",
            "none.csv",
            r"'none.csv' cannot be read: .* labels.file=FILE.csv",
        ),
        (
            "labelled",
            "classifier.keep",
            2.0,
            "classifier.keep is a share above 0 and up to 1, not 2",
        ),
        ("known", "attributes.file", "none.csv", "'none.csv' cannot be read"),
    ],
)
def test_files_and_shares_of_a_step_are_looked_at(name, setting, value, message):
    with pytest.raises(RecipeError, match=message):
        configured(every()[name], {setting: value})(None)
