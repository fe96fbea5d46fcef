"""Which changed bytes of a picture are seen: one byte at a time, at random, in every format.

    python benchmarks/flipped.py [--changes 1000]

A change is seen where the status is not ``ok``, harmless where the pixels are the same, and passes
where they are not. Pictures are photo-like, 160×120, written by OpenCV.
"""

import argparse
from collections import Counter
from typing import Final

import cv2
import numpy as np
from embed import HERE, _picture

from onnxprobe.embed.quiet import quiet_opencv
from onnxprobe.images import Status, decode, open_source

KINDS: Final = {
    "PNG": (".png", []),
    "GIF": (".gif", []),
    "JPEG": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 92]),
    "JPEG, progressive": (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    "WebP": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 90]),
    "WebP, lossless": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
    "TIFF, LZW": (".tif", [cv2.IMWRITE_TIFF_COMPRESSION, 5]),
    "BMP": (".bmp", []),
}


def fates(data: bytes, changes: int, rng: np.random.Generator) -> Counter[str]:
    """Return what became of ``changes`` copies of a file, each with one byte changed."""
    whole, found = decode(data).pixels, Counter[str]()
    for place in rng.integers(len(data), size=changes).tolist():
        changed = bytearray(data)
        changed[place] ^= int(rng.integers(1, 256))
        picture = decode(bytes(changed))
        same = picture.status is Status.OK and np.array_equal(picture.pixels, whole)
        found["harmless" if same else "passes" if picture.status is Status.OK else "seen"] += 1
    return found


def main() -> None:
    """Print a line for each format."""
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--changes", type=int, default=1000)
    changes, rng = ask.parse_args().changes, np.random.default_rng(0)
    picture = _picture(open_source(HERE / "examples" / "noto-emoji.tar"), (120, 160), rng)
    print(f"OpenCV {cv2.__version__}, {changes} changes of one byte each")
    with quiet_opencv():
        for name, (ending, how) in KINDS.items():
            data = cv2.imencode(ending, picture, how)[1].tobytes()
            found = fates(data, changes, rng)
            shares = (
                f"{what} {found[what] / changes:6.1%}" for what in ("seen", "harmless", "passes")
            )
            print(f"  {name:<18}{len(data):7,} bytes   {'   '.join(shares)}")


if __name__ == "__main__":
    main()
