"""Where the command begins, with nothing imported that takes time."""

from onnxprobe.cli.interrupts import beginning


def main() -> None:
    """Import the app and run it."""
    beginning()
    from onnxprobe.cli.app import main as run  # takes a tenth of a second

    run()
