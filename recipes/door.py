"""What cannot work is said before the first picture is read, not after the last."""

from dataclasses import fields
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Checked(Protocol):
    """A step that can tell, from its settings alone, that it will not work."""

    def check(self) -> None:
        """Look at the settings and the files they name.

        Raises:
            RecipeError: the step cannot work with them.
        """


def at_the_door(recipe: Any) -> None:
    """Check every step of ``recipe`` that can be.

    Raises:
        RecipeError: one cannot work.
    """
    for field in fields(recipe):
        step = getattr(recipe, field.name)
        if isinstance(step, Checked):
            step.check()
