"""How the findings of lint look on a terminal: what is so, then the line that mends it."""

from collections.abc import Sequence

from onnxprobe.errors import plural
from onnxprobe.lint import Finding
from onnxprobe.report.wording import visible


def lint_text(findings: Sequence[Finding], target: str) -> str:
    """List errors first, then warnings, then how many there are of each."""
    ordered = sorted(findings, key=lambda finding: finding.level)
    lines = [f"{f.level:>7}  {f.rule}: {visible(f.says)}\n{'fix':>7}  {_fix(f)}" for f in ordered]
    errors = sum(finding.level == "error" for finding in findings)
    counts = f"{plural(errors, 'error')}, {plural(len(findings) - errors, 'warning')}"
    return "\n".join([*lines, f"{target}: {counts if findings else 'nothing is in the way'}"])


def _fix(finding: Finding) -> str:
    return "\n".join(map(visible, finding.fix.split("\n")))
