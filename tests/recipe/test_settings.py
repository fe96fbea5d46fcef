from dataclasses import dataclass, field
from typing import Literal

import pytest

from onnxprobe.errors import NoSuchNameError, RecipeError
from onnxprobe.recipe.settings import as_json, configured, flat, settings


@dataclass(frozen=True)
class Cluster:
    """Find groups.

    Attributes:
        resolution: higher gives more groups,
            and smaller ones.
        seed: of the random numbers.
        scale: how settings grow.
        names: of something.
        limit: at most so many; null for all.
    """

    resolution: float = 1.0
    seed: int = 0
    scale: Literal["to-n", "verbatim"] = "to-n"
    names: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True)
class Recipe:
    """A recipe."""

    clustering: Cluster = field(default_factory=Cluster)


def test_every_setting_is_listed_with_what_it_means():
    listed = {s.name: s for s in settings(Recipe())}
    assert list(listed) == [
        f"clustering.{n}" for n in ("resolution", "seed", "scale", "names", "limit")
    ]
    assert listed["clustering.resolution"].about == "higher gives more groups, and smaller ones."
    assert listed["clustering.resolution"].default == 1.0


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("resolution", "8", 8.0),
        ("resolution", 2, 2.0),
        ("seed", "7", 7),
        ("scale", "verbatim", "verbatim"),
        ("names", '["a", "b"]', ("a", "b")),
        ("limit", "null", None),
        ("limit", "3", 3),
    ],
)
def test_a_setting_is_changed_by_text_or_value(name, text, value):
    changed = configured(Recipe(), {f"clustering.{name}": text})
    assert getattr(changed.clustering, name) == value
    assert type(getattr(changed.clustering, name)) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("clustering.resolution", "high", "clustering.resolution is a number, not 'high'"),
        ("clustering.seed", "1.5", "clustering.seed is a whole number, not 1.5"),
        ("clustering.seed", "true", "clustering.seed is a whole number, not True"),
        ("clustering.limit", "few", "clustering.limit is a whole number or null, not 'few'"),
        ("clustering.scale", "huge", "clustering.scale is 'to-n' or 'verbatim', not 'huge'"),
    ],
)
def test_a_value_of_another_type_is_refused(name, text, message):
    with pytest.raises(RecipeError) as raised:
        configured(Recipe(), {name: text})
    assert str(raised.value) == message


def test_a_misspelt_step_or_setting_suggests_a_near_one():
    with pytest.raises(
        NoSuchNameError, match="no step named 'clusterin'; did you mean 'clustering'"
    ):
        configured(Recipe(), {"clusterin.seed": 1})
    with pytest.raises(NoSuchNameError, match=r"no setting named 'clustering.sed'; did you mean"):
        configured(Recipe(), {"clustering.sed": 1})


def test_settings_go_through_json_and_back():
    changed = configured(Recipe(), {"clustering.resolution": "4", "clustering.names": '["x"]'})
    assert configured(Recipe(), flat(as_json(changed))) == changed


def test_a_toml_value_outside_any_step_is_refused():
    with pytest.raises(RecipeError, match="'seed' is a setting without a step"):
        flat({"seed": 3})


@dataclass(frozen=True)
class Finer(Cluster):
    """Find more groups.

    Attributes:
        seed: of the draw.
        depth: how fine.
    """

    depth: int = 1


def test_a_step_tells_of_the_settings_that_it_inherits_too():
    listed = {s.name: s.about for s in settings(Recipe(Finer()))}
    assert listed["clustering.limit"] == "at most so many; null for all."
    assert listed["clustering.seed"] == "of the draw."
    assert listed["clustering.depth"] == "how fine."
