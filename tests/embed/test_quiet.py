import cv2
import pytest

from onnxprobe.embed.quiet import quiet_opencv


def test_opencv_is_put_back_as_it_was_also_after_an_error():
    before = cv2.getNumThreads(), cv2.utils.logging.getLogLevel()
    with pytest.raises(KeyError), quiet_opencv():  # noqa: PT012
        assert cv2.getNumThreads() == 1
        assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
        raise KeyError
    assert (cv2.getNumThreads(), cv2.utils.logging.getLogLevel()) == before
