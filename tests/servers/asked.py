"""What old clients of the V2 protocol ask: by name, without a name, for classes, in JSON and binary."""

import base64
import json

import numpy as np

from onnxprobe.replay import read_recording


def recording(path, name, images, *, output="scores", classes=True):
    """Write a recording of clients of the model ``name``, and read it back."""
    data = {"name": "image", "datatype": "FP32", "shape": list(images.shape)}
    plain = {"inputs": [{**data, "data": images.ravel().tolist()}]}
    wanted = [{}, {"outputs": [{"name": output}]}, {"id": "a client's own"}]
    if classes:
        wanted.append({"outputs": [{"name": output, "parameters": {"classification": 3}}]})
    where = f"/v2/models/{name}/infer"
    lines = [{"method": "POST", "path": where, "body": {**plain, **more}} for more in wanted]
    if classes:
        lines.append(_binary(where, data, images, output))
    path.write_text("\n".join(map(json.dumps, lines)))
    return read_recording(path)


def _binary(where, data, images, output):
    body = images.astype(np.float32).tobytes()
    said = {
        "inputs": [{**data, "parameters": {"binary_data_size": len(body)}}],
        "outputs": [{"name": output, "parameters": {"binary_data": True}}],
    }
    head = json.dumps(said).encode()
    return {
        "method": "POST",
        "path": where,
        "headers": {"Inference-Header-Content-Length": str(len(head))},
        "body_base64": base64.b64encode(head + body).decode(),
    }
