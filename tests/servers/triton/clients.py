"""Several clients at once. Says: python clients.py http|grpc HOST:PORT MODEL ROWS.npz ANSWERS.npz

Every array of ROWS.npz is asked for by a client of its own, a row at a time; ANSWERS.npz holds all
outputs of the model for it, ``<array>/<output>``.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import numpy as np

protocol, address, model, rows, answers = sys.argv[1:]
triton = import_module(f"tritonclient.{protocol}")
INPUT = "image"


def outputs(client):
    said = client.get_model_metadata(model)
    found = said["outputs"] if protocol == "http" else said.outputs
    return [output["name"] if protocol == "http" else output.name for output in found]


def ask(images):
    with triton.InferenceServerClient(address) as client:
        names, found = outputs(client), []
        for image in images:
            fed = triton.InferInput(INPUT, [1, *image.shape], "FP32")
            fed.set_data_from_numpy(image[None])
            wanted = [triton.InferRequestedOutput(name) for name in names]
            answer = client.infer(model, [fed], outputs=wanted)
            found.append([answer.as_numpy(name) for name in names])
        return dict(zip(names, map(np.concatenate, zip(*found, strict=True)), strict=True))


asked = dict(np.load(rows))
with ThreadPoolExecutor(len(asked)) as clients:
    told = dict(zip(asked, clients.map(ask, asked.values()), strict=True))
np.savez(
    Path(answers),
    **{f"{key}/{name}": array for key, of in told.items() for name, array in of.items()},
)
