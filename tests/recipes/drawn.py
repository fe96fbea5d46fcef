"""Pictures of noise, some under a checkerboard: a domain that anybody can see."""

import numpy as np

from onnxprobe.images import Preprocess

SEEN = Preprocess(size=(32, 32), mean=(127,), std=(64,))


def picture(rng, *, odd):
    """Grey noise of one kind, or the same under a checkerboard."""
    noise = rng.normal(128, 20, (32, 32, 3)).clip(0, 255)
    if odd:
        noise[np.indices((32, 32)).sum(0) % 2 == 0] = 255
    return noise.astype(np.uint8)
