from dataclasses import dataclass, field

from rich.console import Console

from onnxprobe.report.recipes import recipes_json, recipes_table


@dataclass(frozen=True)
class Step:
    """A step.

    Attributes:
        share: of the ``n`` pictures,
            0 to 1.
    """

    share: float = 0.5


@dataclass(frozen=True)
class Recipe:
    """Take ``n`` pictures,
    and look.

    More that nobody asked for.
    """

    step: Step = field(default_factory=Step)


def test_what_docstrings_say_is_shown_as_prose():
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(recipes_table({"mine": Recipe()}))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    assert lines[0] == "mine: Take n pictures, and look."
    assert lines[2].split(maxsplit=2) == ["step.share", "0.5", "of the n pictures, 0 to 1."]


def test_programs_get_the_same_words():
    assert recipes_json({"mine": Recipe()}) == [
        {
            "name": "mine",
            "about": "Take n pictures, and look.",
            "settings": [
                {"name": "step.share", "default": 0.5, "about": "of the n pictures, 0 to 1."}
            ],
        }
    ]
