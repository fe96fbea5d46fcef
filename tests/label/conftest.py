"""Pictures of one brightness each."""

import cv2
import numpy as np
import pytest

from onnxprobe.images import open_source


@pytest.fixture
def grey(tmp_path):
    """``grey({"a/1.png": 200, …})`` makes pictures of these levels, 0 to 255, and opens them."""

    def make(levels, name="grey"):
        for path, level in levels.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), np.full((8, 8, 3), level, np.uint8))
        return open_source(tmp_path / name)

    return make
