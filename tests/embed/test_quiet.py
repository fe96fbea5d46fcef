import cv2
import pytest

from onnxprobe.embed.quiet import SILENT, logging, quiet_opencv


def test_opencv_is_put_back_as_it_was_also_after_an_error():
    before = cv2.getNumThreads(), logging().getLogLevel()
    with pytest.raises(KeyError), quiet_opencv():  # noqa: PT012
        assert cv2.getNumThreads() == 1
        assert logging().getLogLevel() == SILENT
        raise KeyError
    assert (cv2.getNumThreads(), logging().getLogLevel()) == before


def test_broken_pictures_print_nothing(capfd):
    from onnxprobe.images import decode

    broken = b"GIF89a" + bytes(7) + b";"
    with quiet_opencv():
        decode(broken)
    assert capfd.readouterr() == ("", "")
