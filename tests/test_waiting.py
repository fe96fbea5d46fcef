import threading
import time

import pytest

from onnxprobe.waiting import started, together, within


def test_what_comes_in_time_is_returned_and_errors_are_raised():
    assert within(9, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(9, lambda: 1 / 0)


def test_what_does_not_come_in_time_is_given_up():
    freed = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, lambda: freed.wait(60))
    freed.set()


def test_a_call_that_never_ends_keeps_no_process_from_ending():
    freed, before = threading.Event(), set(threading.enumerate())
    answer = started(lambda: freed.wait(60))
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    assert not answer.wait(0)
    freed.set()
    thread.join()
    assert answer.get() is True


@pytest.mark.parametrize("at_once", [1, 3, 99])
def test_calls_made_together_answer_in_order(at_once):
    assert together(lambda x: x * x, range(20), at_once=at_once) == [x * x for x in range(20)]
    assert together(lambda x: x, [], at_once=at_once) == []


def test_no_more_calls_are_made_at_once_than_asked_for():
    now, most, lock = 0, 0, threading.Lock()

    def call(_):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1

    together(call, range(12), at_once=3)
    assert most == 3


def test_the_first_error_of_several_is_raised():
    def call(x):
        if x in (3, 7):
            raise KeyError(x)

    with pytest.raises(KeyError, match="3"):
        together(call, range(9), at_once=4)
