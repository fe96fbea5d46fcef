"""A BentoML service for the model of this folder: 'bentoml serve', or 'bentoml build'.

POST /answers {"inputs": {"<input>": [[...]]}} or /picture with a file called picture gives
{"outputs": {"<output>": [[...]]}, "classes": {"<head>": ["..."]}}.
Needs bentoml, onnxruntime, numpy; for pictures opencv-python-headless too.
"""

from pathlib import Path
from typing import Any

import bentoml
from served import Served


@bentoml.service
class Model:
    """The model, as BentoML calls it."""

    def __init__(self) -> None:
        """Load the model."""
        self.served = Served(Path(__file__).parent)

    @bentoml.api
    def answers(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return every output for arrays, as nested lists by the name of the input."""
        return self._said(inputs)

    @bentoml.api
    def picture(self, picture: Path) -> dict[str, Any]:
        """Return every output for a picture file."""
        return self._said(self.served.of_picture(picture.read_bytes()))

    def _said(self, feeds: dict[str, Any]) -> dict[str, Any]:
        answers = self.served.answers(feeds)
        return {
            "outputs": {name: array.tolist() for name, array in answers.items()},
            "classes": self.served.classes(answers),
        }
