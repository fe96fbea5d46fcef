"""onnxruntime-web in a headless Chromium. Says: python browser.py CASES OUT NODE_MODULES CHROMIUM"""

import json
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

CASES, OUT, MODULES = map(Path, sys.argv[1:4])
CHROMIUM = sys.argv[4]
PATIENCE = 240
"""Seconds until a browser that says nothing is given up."""
QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-extensions")  # fmt: skip
done = threading.Event()


class Handler(SimpleHTTPRequestHandler):
    """Hand out the page, the cases and the library; take the answers."""

    extensions_map: ClassVar = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def do_GET(self):
        if self.path == "/cases":
            names = json.dumps(sorted(case.name for case in CASES.iterdir())).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(names)
            return
        super().do_GET()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = Path(self.path).name
        OUT.joinpath("version.txt" if name == "done" else name).write_bytes(body)
        self.send_response(200)
        self.end_headers()
        if name == "done":
            done.set()

    def translate_path(self, path):
        _, top, *rest = path.split("/")
        roots = {"cases": CASES, "modules": MODULES}
        return str(roots[top].joinpath(*rest) if top in roots else Path(__file__).parent / top)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler))
threading.Thread(target=server.serve_forever, daemon=True).start()
page = f"http://127.0.0.1:{server.server_port}/browser.html"
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    browser = subprocess.Popen(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", *QUIET,
         f"--user-data-dir={profile}", page],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    answered = done.wait(PATIENCE)
    browser.terminate()
    browser.wait()
sys.exit(0 if answered else f"Chromium did not answer within {PATIENCE} seconds")
