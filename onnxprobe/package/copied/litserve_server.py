"""Serve the model of this folder: 'python server.py [PORT]', then POST /predict.

{"inputs": {"<input>": [[...]]}} or {"picture": "<base64>"} gives
{"outputs": {"<output>": [[...]]}, "classes": {"<head>": ["..."]}}.
Needs litserve, onnxruntime, numpy; for pictures opencv-python-headless too.
"""

import base64
import sys
from pathlib import Path
from typing import Any

import litserve
from served import Served


class Model(litserve.LitAPI):
    """The model, as LitServe calls it."""

    def setup(self, device: str) -> None:  # noqa: ARG002  LitServe passes it
        """Load the model; ONNX Runtime takes a GPU where it is installed for one."""
        self.served = Served(Path(__file__).parent)

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what to feed."""
        if "picture" in request:
            return self.served.of_picture(base64.b64decode(request["picture"]))
        return dict(request["inputs"])

    def predict(self, x: dict[str, Any]) -> dict[str, Any]:
        """Return every output."""
        return self.served.answers(x)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Return what JSON can say of it."""
        return {
            "outputs": {name: array.tolist() for name, array in output.items()},
            "classes": self.served.classes(output),
        }


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    litserve.LitServer(Model(), accelerator="auto").run(port=port, generate_client_file=False)
