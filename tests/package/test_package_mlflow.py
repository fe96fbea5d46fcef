import json
import subprocess

import pytest
from environments import venv
from onnx import TensorProto, helper
from packaged_models import fused_file

from onnxprobe.errors import PackageError
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.package import PACKAGINGS, package

MLFLOW = PACKAGINGS["mlflow"]
CHECK = """
import sys, warnings
import mlflow, numpy as np, onnxruntime
warnings.simplefilter("ignore")
folder = sys.argv[1]
model = mlflow.pyfunc.load_model(folder)
print([(i.name, i.type.str, i.shape) for i in model.metadata.signature.inputs.inputs])
print([o.name for o in model.metadata.signature.outputs.inputs])
example = model.input_example
rows = {name: np.repeat(array, 3, 0) + 0.5 for name, array in example.items()}
session = onnxruntime.InferenceSession(folder + "/model.onnx")
direct = dict(zip([o.name for o in session.get_outputs()], session.run(None, rows)))
served = model.predict(rows)
assert set(served) == set(direct)
assert all(np.array_equal(served[name], direct[name]) for name in direct)
print(model.metadata.metadata["heads"])
mlflow.onnx.load_model(folder)
"""


def test_the_directory_says_what_mlflow_asks(fused, tmp_path):
    done = package(fused, MLFLOW, tmp_path / "out")
    assert {"MLmodel", "requirements.txt", "python_env.yaml", "conda.yaml"} <= set(done.files)
    said = (tmp_path / "out" / "MLmodel").read_text()
    assert 'loader_module: "mlflow.onnx"' in said
    assert r"\"tensor-spec\": {\"dtype\": \"float32\", \"shape\": [-1, 3, 8, 8]}" in said
    example = json.loads((tmp_path / "out" / "input_example.json").read_text())
    assert example == {"image": [[[[0.0] * 8] * 8] * 3]}
    needs = (tmp_path / "out" / "requirements.txt").read_text().splitlines()
    assert [need.partition("==")[0] for need in needs] == ["mlflow", "numpy", "onnx", "onnxruntime"]
    assert all("==" in need for need in needs[1:])


def test_the_same_input_gives_the_same_bytes(fused, tmp_path):
    for name in ("one", "two"):
        package(fused, MLFLOW, tmp_path / name)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert files == sorted(p.name for p in (tmp_path / "two").iterdir())
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_without_a_known_size_there_is_no_example(tmp_path):
    fused = fused_file(tmp_path, preprocess=None)
    proto = load(fused).proto
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    save(Model(proto), tmp_path / "open.onnx")
    done = package(tmp_path / "open.onnx", MLFLOW, tmp_path / "out")
    assert "input_example.json" not in done.files
    assert "saved_input_example_info" not in (tmp_path / "out" / "MLmodel").read_text()


def test_a_tensor_of_unknown_rank_has_no_signature(tmp_path):
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "unknown",
        [info("x", TensorProto.FLOAT, None)],
        [info("y", TensorProto.FLOAT, None)],
    )
    opset = [helper.make_opsetid("", 17)]
    save(Model(helper.make_model(graph, opset_imports=opset, ir_version=8)), tmp_path / "x.onnx")
    with pytest.raises(PackageError, match="has no place in the signature of an MLflow model"):
        package(tmp_path / "x.onnx", MLFLOW, tmp_path / "out")


@pytest.mark.servers
def test_mlflow_loads_it_and_answers_as_the_file_does(tmp_path):
    fused = fused_file(tmp_path, heads=("domain", "yes"))
    package(fused, MLFLOW, tmp_path / "out")
    python = venv(tmp_path / "venv", ["mlflow>=3.17,<4", "onnxruntime", "onnx"])
    done = subprocess.run(
        [python, "-c", CHECK, str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "[('image', '<f4', (-1, 3, 8, 8))]"
    assert "'bird\\nof prey'" in lines[2]
