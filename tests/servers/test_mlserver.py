"""MLServer, with the folder that ``package --for mlserver`` writes."""

from contextlib import contextmanager

import numpy as np
import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.replay import replay
from onnxprobe.runtime import Session
from servers.asked import recording
from servers.serving import answer_of, free_port, running

pytestmark = pytest.mark.servers
PACKAGES = ("mlserver==1.7.1", "onnxruntime")


@pytest.fixture
def serving(environment, tmp_path):
    """Start MLServer on the package of a model; give its address."""
    python = environment(*PACKAGES)

    @contextmanager
    def start(model):
        folder = tmp_path / f"package of {model.stem}"
        words = ["package", str(model), "--for", "mlserver", "--name", "face", "-o", str(folder)]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        http, grpc, metrics = free_port(), free_port(), free_port()
        settings = {
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": str(http),
            "MLSERVER_GRPC_PORT": str(grpc),
            "MLSERVER_METRICS_PORT": str(metrics),
            "MLSERVER_PARALLEL_WORKERS": "0",
        }
        url = f"http://127.0.0.1:{http}"
        command = [python.parent / "mlserver", "start", folder]
        ready = f"{url}/v2/models/face/ready"
        with running(command, ready, tmp_path / f"{model.stem}.log", **settings):
            yield url

    return start


def test_clients_that_name_outputs_notice_nothing_and_those_that_name_none_get_more(
    serving, run, pictures, tmp_path
):
    unnamed, named, own = recording(tmp_path / "asked", "face", pictures[:3], classes=False)
    with serving(run / "backbone.onnx") as old, serving(run / "fused.onnx") as new:
        outcomes = replay([named, unnamed, own], old=old, new=new).outcomes
        everything = answer_of(new + unnamed.path, unnamed.body)
    assert [outcome.difference.split(" '")[0] for outcome in outcomes] == [
        "",
        "also answers",
        "also answers",
    ]
    expected = Session(run / "fused.onnx").run({"image": pictures[:3]})
    for output in everything["outputs"]:
        got = np.array(output["data"]).reshape(output["shape"])
        np.testing.assert_array_equal(
            got.astype(expected[output["name"]].dtype), expected[output["name"]]
        )
    assert {output["name"] for output in everything["outputs"]} == set(expected)
