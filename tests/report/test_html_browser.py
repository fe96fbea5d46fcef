"""The page in a real browser, where one is installed."""

import re
import shutil
import subprocess

import pytest
from fake_run import fake_run
from test_html_page import HOSTILE

from onnxprobe.report.html import write_report

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed"),
]


def browse(page, profile):
    """Give the document after its script has run, and what the browser complained of."""
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=3000",
            f"--user-data-dir={profile}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout, re.findall(r".*CONSOLE.*", done.stderr)


@pytest.mark.parametrize(
    "options",
    [
        {"pictures": 300, "names": HOSTILE},
        {"pictures": 100, "domains": False},
        {"pictures": 30_000, "drawn": False},
    ],
    ids=["hostile names", "no domains", "many points"],
)
def test_the_script_runs_without_complaint(tmp_path, options):
    pictures = fake_run(tmp_path / "run", **options)
    dom, complaints = browse(write_report(tmp_path / "run", pictures), tmp_path / "profile")
    assert complaints == []
    assert f'data-points="{options["pictures"]}"' in dom
    assert "hostile" not in re.findall(
        r"<([a-z]+)", re.sub(r"<script.*?</script>", "", dom, flags=re.DOTALL)
    )
    listed = re.search(r'<div class="legend">.*?</ul>', dom, flags=re.DOTALL)[0]
    assert listed.count("<li>") == (1 if options.get("domains") is False else 10)
