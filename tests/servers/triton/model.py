"""A python-based backend named ``onnxruntime``, with the rules of Triton's own for what it loads.

Triton's own is not on PyPI; its core is. As there, one run answers all requests of a batch, and
every output of the file is checked when a model is loaded, asked for or not
(triton-inference-server/onnxruntime_backend, src/onnxruntime.cc).
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton


def _file(folder, config, version):
    return str(Path(folder, version, config.get("default_model_filename") or "model.onnx"))


def _checked(session, batched):
    for value in (*session.get_inputs(), *session.get_outputs()):
        if not value.type.startswith("tensor("):
            raise triton.TritonModelException(f"{value.name!r} is no tensor")
        if batched and isinstance(value.shape[0], int):
            raise triton.TritonModelException(
                f"the first size of {value.name!r} is {value.shape[0]}"
            )


class TritonPythonModel:
    """One instance of a model."""

    @staticmethod
    def auto_complete_config(auto):
        """Fill in nothing, which Triton's own would do from the file."""
        config = auto.as_dict()
        if config["input"] and config["output"]:
            return auto
        raise triton.TritonModelException("name inputs and outputs")

    def initialize(self, arguments):
        """Load one version."""
        config = json.loads(arguments["model_config"])
        file = _file(arguments["model_repository"], config, arguments["model_version"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(file, options, ["CPUExecutionProvider"])
        _checked(self.session, config["max_batch_size"] > 0)

    def execute(self, requests):
        """Run all requests at once; each gets its own rows of what it asked for."""
        names = [value.name for value in self.session.get_inputs()]
        feeds = [
            {name: triton.get_input_tensor_by_name(r, name).as_numpy() for name in names}
            for r in requests
        ]
        wanted = sorted({name for r in requests for name in r.requested_output_names()})
        rows = [len(feed[names[0]]) for feed in feeds]
        together = {name: np.concatenate([feed[name] for feed in feeds]) for name in names}
        answers = dict(zip(wanted, self.session.run(wanted, together), strict=True))
        ends = np.cumsum(rows)
        return [
            triton.InferenceResponse(
                [
                    triton.Tensor(name, answers[name][end - count : end])
                    for name in request.requested_output_names()
                ]
            )
            for request, count, end in zip(requests, rows, ends, strict=True)
        ]
