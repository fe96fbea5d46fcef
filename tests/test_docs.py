"""What the documentation says is so: examples run, commands and options exist."""

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

import onnxprobe
from onnxprobe.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = get_command(app).commands
MODULES = [
    module.name
    for module in pkgutil.walk_packages(onnxprobe.__path__, "onnxprobe.")
    if module.name.startswith(
        ("onnxprobe.graph", "onnxprobe.registry", "onnxprobe.atomic", "onnxprobe.probe")
    )
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.real
def test_the_python_of_the_readme_prints_what_it_says(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", text, re.DOTALL)
    assert blocks
    for code, expected in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {})  # noqa: S102  our own README
        assert printed.getvalue() == expected


def spoken():
    """Yield every command line that a page shows: page, words."""
    for page in PAGES:
        for line in page.read_text().splitlines():
            for said in re.findall(r"(?:^\s*|`|&& )onnxprobe ([a-z][^`#]*)", line):
                yield pytest.param(
                    shlex.split(said.replace("…", "x")), id=f"{page.relative_to(ROOT)}: {said[:40]}"
                )


@pytest.mark.parametrize("words", list(spoken()))
def test_every_command_and_option_that_a_page_shows_exists(words):
    assert words[0] in COMMANDS
    options = {o for p in COMMANDS[words[0]].params for o in (*p.opts, *p.secondary_opts)}
    used = {word.split("=")[0] for word in words[1:] if word.startswith("-")}
    assert used <= options | {"--help"}


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "verbs").glob("*.md")), ids=lambda p: p.stem
)
def test_a_page_is_about_a_command_shows_it_and_the_index_links_it(page):
    assert page.stem in COMMANDS
    assert f"\nonnxprobe {page.stem}" in page.read_text()
    assert f"(verbs/{page.name})" in (ROOT / "docs" / "index.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
