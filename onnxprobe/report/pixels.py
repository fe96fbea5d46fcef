"""How near a model is that prepares its pictures itself, on the terminal."""

from pathlib import Path

from onnxprobe.pixels import FromPixels


def from_pixels_text(done: FromPixels, out: Path, origin: str) -> str:
    """Say how near prepared pixels and answers are to those after Python's preparation."""
    sizes = ", ".join(f"{height}×{width}" for height, width in done.sizes)
    lines = [
        f"preprocessing: {origin}",
        f"compared on pictures of {sizes}",
        f"prepared: {done.equal:.1%} of the numbers the same to the bit, all within {done.levels:g} of 255",
        *(
            f"output {output.name!r}: within {output.relative:.2g} of its largest value"
            for output in done.outputs
        ),
        str(out),
    ]
    return "\n".join(lines)
