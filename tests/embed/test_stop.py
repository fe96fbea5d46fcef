import signal
import threading

import pytest

from onnxprobe.embed.stop import stoppable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_old_order_returns(number):
    before = signal.getsignal(number)
    with stoppable() as asked:
        assert not asked.is_set()
        signal.raise_signal(number)
        assert asked.is_set()
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_interrupts_at_once():
    with pytest.raises(KeyboardInterrupt), stoppable():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_thread_catches_no_signals():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with stoppable() as asked:
            seen.append((asked.is_set(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
