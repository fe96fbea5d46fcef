"""An MLServer runtime for the model of this folder.

Needs mlserver, onnxruntime, numpy.
"""

from pathlib import Path

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri
from served import Served


class Onnx(MLModel):
    """The model, as MLServer calls it."""

    async def load(self) -> bool:
        """Load the model."""
        self.served = Served(Path(await get_model_uri(self._settings)).parent)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Return the outputs that the request names, all where it names none."""
        feeds = {given.name: NumpyCodec.decode_input(given) for given in payload.inputs}
        answers = self.served.answers(feeds)
        names = [wanted.name for wanted in payload.outputs or ()] or list(answers)
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            id=payload.id,
            outputs=[NumpyCodec.encode_output(name, answers[name]) for name in names],
        )
