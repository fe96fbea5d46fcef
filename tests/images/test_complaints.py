"""What C code prints while a picture is decoded belongs to that picture, and nothing else does."""

import ctypes
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from onnxprobe.images import Status, complaints, decode
from onnxprobe.images.complaints import complaints as listening

PICTURES = Path(__file__).parent / "pictures"
LIBC = ctypes.CDLL(None)
STDERR = ctypes.c_void_p.in_dll(LIBC, "stderr")
glibc = pytest.mark.skipif(
    not complaints._libc_name().startswith("glibc"), reason="stderr can be set with glibc alone"
)
pytestmark = glibc


def printed(text):
    """Print as C code does: to whatever ``stderr`` is just now."""
    LIBC.fputs(text.encode() + b"\n", STDERR)


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def jpeg(pixels, *options):
    return cv2.imencode(".jpg", pixels, options)[1].tobytes()


RESTARTS = (cv2.IMWRITE_JPEG_RST_INTERVAL, 1)
BROKEN = {
    "half of it is gone": (lambda d: d[: len(d) // 2] + b"\xff\xd9", (), "premature end of data"),
    "zeros in between": (
        lambda d: d[: len(d) // 2] + bytes(900) + d[len(d) // 2 + 900 :],
        RESTARTS,
        "extraneous bytes before marker 0xd",
    ),
    "another restart marker": (
        lambda d: d.replace(b"\xff\xd2", b"\xff\xd4", 1),
        RESTARTS,
        "found marker 0xd4 instead of RST2",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_jpeg_of_which_a_part_is_lost_is_no_picture(name, noise, capfd):
    damage, options, said = BROKEN[name]
    whole = jpeg(noise, *options)
    assert decode(whole).status is Status.OK
    found = decode(damage(whole))
    assert found.status is Status.DECODE_ERROR
    assert (found.width, found.height) == (64, 64)
    assert found.error.startswith("JPEG: Corrupt JPEG data: ")
    assert said in found.error
    assert capfd.readouterr() == ("", "")


def test_a_jpeg_is_told_to_be_broken_at_every_size_that_is_decoded(noise):
    half = jpeg(noise)[:4000] + b"\xff\xd9"
    for side in (64, 32, 16, 8):
        found = decode(half, need=lambda _h, _w, side=side: (side, side))
        assert found.status is Status.DECODE_ERROR


def test_bytes_behind_a_whole_picture_are_no_loss(noise, capfd):
    whole = jpeg(noise)
    found = decode(whole[:-2] + b"\x12\x34" + whole[-2:])
    assert found.status is Status.OK
    assert np.array_equal(found.pixels, decode(whole).pixels)
    assert capfd.readouterr() == ("", "")


def test_what_libpng_says_of_a_broken_picture_is_in_the_ledger(noise, capfd):
    data = bytearray(cv2.imencode(".png", noise)[1].tobytes())
    data[-20] ^= 1  # within the checksum of the last chunk of pixels, or just before
    found = decode(bytes(data))
    assert found.status is Status.DECODE_ERROR
    assert found.error.startswith("PNG: libpng error: ")
    assert capfd.readouterr() == ("", "")


def test_each_thread_hears_what_it_says_itself():
    together = threading.Barrier(8)

    def say(number):
        together.wait()
        for turn in range(200):
            with listening() as lines:
                printed(f"{number} {turn}")
                printed("again")
            assert lines == [f"{number} {turn}", "again"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(8)))


def test_pictures_decoded_at_the_same_time_are_told_apart(noise):
    whole = jpeg(noise)
    files = [whole, whole[:4000] + b"\xff\xd9"] * 300
    with ThreadPoolExecutor(8) as pool:
        found = [picture.status for picture in pool.map(decode, files)]
    assert found == [Status.OK, Status.DECODE_ERROR] * 300


def test_who_does_not_listen_is_not_heard(capfd):
    with listening() as lines:
        other = threading.Thread(target=printed, args=("from C",))
        other.start()
        other.join()
        sys.stderr.write("from Python\n")
        os.write(2, b"from the system\n")
    assert lines == []
    assert capfd.readouterr().err == "from C\nfrom Python\nfrom the system\n"


def test_standard_error_is_put_back_also_after_an_error(capfd):
    before = STDERR.value
    with pytest.raises(KeyError), listening():  # noqa: PT012
        assert STDERR.value != before
        raise KeyError
    assert STDERR.value == before
    printed("from C")
    assert capfd.readouterr().err == "from C\n"


def test_one_who_listens_within_another_keeps_nothing_from_it_that_is_not_its_own():
    with listening() as outer:
        printed("a")
        with listening() as inner:
            printed("b")
        printed("c")
    assert (outer, inner) == (["a", "c"], ["b"])


def test_with_another_c_library_lines_are_printed_as_ever(capfd, monkeypatch):
    monkeypatch.setattr(complaints, "_libc_name", str)
    monkeypatch.setattr(complaints, "_STREAM", complaints._made())
    with listening() as lines:
        printed("from C")
    assert lines == []
    assert capfd.readouterr().err == "from C\n"


FORKED = """
import ctypes, os, threading
from onnxprobe.images.complaints import _STREAM, complaints
libc = ctypes.CDLL(None)
begun, over = threading.Event(), threading.Event()
def listen():
    with complaints(), _STREAM._lock:  # as when it is forked while this one enters or leaves
        begun.set()
        over.wait()
other = threading.Thread(target=listen)
other.start()
begun.wait()
child = os.fork()
if child == 0:
    with complaints() as lines:
        libc.fputs(b"heard\\n", ctypes.c_void_p.in_dll(libc, "stderr"))
    libc.fputs(b"printed\\n", ctypes.c_void_p.in_dll(libc, "stderr"))
    os._exit(0 if lines == ["heard"] else 1)
status = os.waitpid(child, 0)[1]
over.set()
raise SystemExit(status)
"""


def test_a_process_that_is_forked_while_others_listen_can_listen_too():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED],
        stderr=subprocess.PIPE,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"printed\n")
