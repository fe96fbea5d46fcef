"""A server of pictures that fails as real ones do."""

import contextlib
import re
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder in parts, as real servers do, and fails as real servers do."""

    def __init__(self, *args, server_of, **kwargs):
        self.of = server_of
        super().__init__(*args, directory=str(server_of.root), **kwargs)

    def do_GET(self):
        self.of.requests.append(self.path)
        with self.of.counting:
            self.of.now += 1
            self.of.most = max(self.of.most, self.of.now)
        time.sleep(self.of.delay)
        try:
            self._answer()
        finally:
            with self.of.counting:
                self.of.now -= 1

    def _answer(self):
        fate = self.of.fates.get(self.path, [])
        now = fate.pop(0) if fate else None
        if now == "stall":
            self.of.stopped.wait(30)
        elif now == "stall within":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"begun")
            self.wfile.flush()
            self.of.stopped.wait(30)
        elif now is not None:
            self.send_error(now)
        elif (part := self._asked_part()) and Path(self.translate_path(self.path)).is_file():
            self._part(int(part[1]), int(part[2]) + 1)
        else:
            super().do_GET()

    def _asked_part(self):
        if self.of.sends_parts:
            return re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        return None

    def _part(self, start, stop):
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data[start:stop])))
        self.end_headers()
        self.wfile.write(data[start:stop])

    def end_headers(self):
        if self.of.sends_parts:
            self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def log_message(self, *_):
        pass


class Server:
    """A server of ``root`` on loopback.

    ``fates[path]`` is what becomes of the next requests for a path: a status, ``"stall"``, or
    ``"stall within"``. Every answer takes ``delay`` seconds; ``most`` were made at the same time.
    """

    def __init__(self, root, *, sends_parts=True, delay=0):
        self.root, self.sends_parts = root, sends_parts
        self.delay, self.counting, self.now, self.most = delay, threading.Lock(), 0, 0
        self.fates, self.requests, self.stopped = {}, [], threading.Event()

    def __enter__(self):
        self.http = ThreadingHTTPServer(
            ("127.0.0.1", 0), lambda *args, **kw: Handler(*args, server_of=self, **kw)
        )
        self.http.handle_error = lambda *_: None  # clients hang up on what stalls
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@contextlib.contextmanager
def shorter_than(seconds):
    """What hangs is a failure; far more than is needed, so that a busy machine is none."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
