"""Triton's core, with a backend for ONNX files, on repositories that onnxprobe wrote into."""

import json
import shutil
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.replay import replay
from onnxprobe.runtime import Session
from servers.asked import recording
from servers.serving import free_port, running, status, until

pytestmark = pytest.mark.servers
HERE = Path(__file__).parent / "triton"
PACKAGES = ("nvidia-pytriton==0.7.0", "tritonclient[grpc,http]", "onnxruntime")
CONFIG = """name: "face"
backend: "onnxruntime"
max_batch_size: 8
input [ { name: "image" data_type: TYPE_FP32 dims: [ 3, 8, 8 ] } ]
output [ { name: "scores" data_type: TYPE_FP32 dims: [ 5 ] label_filename: "labels.txt" } ]
dynamic_batching { max_queue_delay_microseconds: 50000 }
"""
CLIENTS = 8


@pytest.fixture(scope="module")
def triton(environment, tmp_path_factory):
    """Start Triton on a repository; give its addresses, HTTP and gRPC."""
    python = environment(*PACKAGES)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    there = packages / "pytriton" / "tritonserver"
    backends = tmp_path_factory.mktemp("backends")
    shutil.copytree(there / "backends" / "python", backends / "python")
    stub = there / "python_backend_stubs" / version / "triton_python_backend_stub"
    shutil.copy(stub, backends / "python")
    (backends / "onnxruntime").mkdir()
    shutil.copy(HERE / "model.py", backends / "onnxruntime")

    @contextmanager
    def start(repository):
        http, grpc = free_port(), free_port()
        command = [
            there / "bin" / "tritonserver",
            f"--model-repository={repository}",
            f"--backend-directory={backends}",
            "--http-address=127.0.0.1",
            f"--http-port={http}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={grpc}",
            "--allow-metrics=false",
            "--model-control-mode=poll",
            "--repository-poll-secs=1",
        ]
        url, libraries = f"http://127.0.0.1:{http}", packages / "nvidia_pytriton.libs"
        log = tmp_path_factory.mktemp("triton") / "log"
        path = f"{python.parent}:/usr/bin:/bin"
        ready = f"{url}/v2/health/ready"
        with running(command, ready, log, LD_LIBRARY_PATH=str(libraries), PATH=path):
            yield url, f"127.0.0.1:{grpc}"

    start.python = python
    return start


def repository_of(folder, model):
    entry = folder / "face"
    (entry / "1").mkdir(parents=True)
    shutil.copy(model, entry / "1" / "model.onnx")
    (entry / "config.pbtxt").write_text(CONFIG)
    (entry / "labels.txt").write_text("\n".join("abcde"))
    return folder


def package(*words):
    done = CliRunner().invoke(app, ["package", *map(str, words)])
    assert done.exit_code == 0, done.output


def got(url):
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  loopback
        return json.loads(answer.read())


@contextmanager
def a_client_that_goes_on(url, request):
    """Ask again and again as long as the block runs; give the statuses and versions it saw."""
    seen, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            said = urllib.request.Request(url + request.path, request.body)  # noqa: S310  loopback
            try:
                with urllib.request.urlopen(said, timeout=10) as answer:  # noqa: S310
                    seen.append((answer.status, json.loads(answer.read())["model_version"]))
            except OSError as error:
                seen.append((0, str(error)))
            stop.wait(0.02)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_old_clients_notice_neither_the_new_version_nor_the_way_back(
    triton, run, pictures, tmp_path
):
    today = repository_of(tmp_path / "today", run / "backbone.onnx")
    served = repository_of(tmp_path / "served", run / "backbone.onnx")
    asked = recording(tmp_path / "asked.jsonl", "face", pictures[:3])
    with (
        triton(today) as (old, _),
        triton(served) as (new, _),
        a_client_that_goes_on(new, asked[0]) as seen,
    ):
        package(run / "fused.onnx", "--for", "triton", "--replaces", served / "face")
        until(lambda: status(f"{new}/v2/models/face/versions/2/ready") == 200, "version 2")
        until(lambda: status(f"{new}/v2/models/face_heads/ready") == 200, "the second entry")
        after = replay(asked, old=old, new=new)
        assert [str(outcome) for outcome in after.outcomes] == [""] * len(asked)
        assert got(f"{new}/v2/models/face")["versions"] == ["2"]
        more = [output["name"] for output in got(f"{new}/v2/models/face_heads")["outputs"]]
        assert more == ["scores", "domain_scores", "domain_id", "domain_confidence"]

        package("--for", "triton", "--replaces", served / "face", "--rollback")
        until(lambda: status(f"{new}/v2/models/face/versions/1/ready") == 200, "version 1")
        until(lambda: status(f"{new}/v2/models/face_heads/ready") != 200, "one entry")
        assert replay(asked, old=old, new=new).kept
    assert {said for said, _ in seen} == {200}
    assert {version for _, version in seen} == {"1", "2"}


def test_outputs_that_are_configured_for_old_clients_are_noticed(triton, run, pictures, tmp_path):
    """What replay is for: it must see what a client would."""
    today = repository_of(tmp_path / "today", run / "backbone.onnx")
    careless = repository_of(tmp_path / "careless", run / "fused.onnx")
    with (careless / "face" / "config.pbtxt").open("a") as config:
        config.write('output [ { name: "domain_scores" data_type: TYPE_FP32 dims: [ 3 ] } ]\n')
    unnamed, named, *_ = recording(tmp_path / "a.jsonl", "face", pictures[:1])
    with triton(today) as (old, _), triton(careless) as (new, _):
        found = replay([unnamed, named], old=old, new=new)
    assert not found.kept
    assert found.outcomes[0].difference.startswith("also answers 'domain_scores', which this")
    assert found.outcomes[1].difference == ""


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_rows_of_several_clients_that_share_a_run_get_their_own_answers(
    triton, run, pictures, tmp_path, protocol
):
    served = repository_of(tmp_path / "served", run / "backbone.onnx")
    package(run / "fused.onnx", "--for", "triton", "--replaces", served / "face")
    rows = {f"client {i}": pictures[i::CLIENTS] for i in range(CLIENTS)}
    np.savez(tmp_path / "rows.npz", **rows)
    with triton(served) as (url, grpc):
        until(lambda: status(f"{url}/v2/models/face_heads/ready") == 200, "the second entry")
        address = grpc if protocol == "grpc" else url.removeprefix("http://")
        words = [protocol, address, "face_heads", tmp_path / "rows.npz", tmp_path / "told.npz"]
        done = subprocess.run(
            [triton.python, HERE / "clients.py", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (stats,) = got(f"{url}/v2/models/face_heads/stats")["model_stats"]
    batches = {said["batch_size"]: said["compute_infer"]["count"] for said in stats["batch_stats"]}
    assert max(batches) > 1
    told, session = dict(np.load(tmp_path / "told.npz")), Session(run / "fused.onnx")
    for client, images in rows.items():
        alone = [session.run({"image": image[None]}) for image in images]
        for name in alone[0]:
            expected = np.concatenate([answer[name] for answer in alone])
            # rows of a larger product may be summed in another order
            np.testing.assert_allclose(told[f"{client}/{name}"], expected, rtol=0, atol=1e-5)


def test_clients_that_ask_for_classes_get_the_names_of_domains(triton, run, pictures, tmp_path):
    served = repository_of(tmp_path / "served", run / "backbone.onnx")
    package(run / "fused.onnx", "--for", "triton", "--replaces", served / "face")
    *_, classes, _ = recording(tmp_path / "a", "face_heads", pictures[:1], output="domain_scores")
    with triton(served) as (url, _):
        until(lambda: status(f"{url}/v2/models/face_heads/ready") == 200, "the second entry")
        said = urllib.request.Request(url + classes.path, classes.body)  # noqa: S310  loopback
        with urllib.request.urlopen(said, timeout=10) as answer:  # noqa: S310
            (output,) = json.loads(answer.read())["outputs"]
    scores = Session(run / "fused.onnx").run({"image": pictures[:1]})["domain_scores"][0]
    names = [line.split(":")[2] for line in output["data"]]
    assert names == [("cats", "dogs", "birds")[i] for i in np.argsort(-scores)]
