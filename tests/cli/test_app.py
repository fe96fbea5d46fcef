import errno
import json
import re
import signal
import subprocess
import sys
import time

import onnx
import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import _EXAMPLES, app
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.runtime import run

HEAVY = ("numpy", "onnx", "onnxruntime", "sklearn", "cv2", "rich")


def onnxprobe(*args, **options):
    """Run the command as a user does, in a process of its own."""
    code = "from onnxprobe.cli.app import main; main()"
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def invoke(*args):
    return CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


def test_the_command_line_itself_imports_nothing_heavy():
    code = f"import sys, onnxprobe.cli.app; sys.exit(bool(set({HEAVY}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ANALYSIS = ("cv2", "h5py", "pyarrow", "scipy", "sklearn", "faiss", "openTSNE", "onnxruntime")


def without_analysis(*args):
    """Run the command where only ONNX, numpy, typer and rich are installed."""
    blocked = f"import sys; sys.modules.update(dict.fromkeys({ANALYSIS}));"
    code = f"{blocked} from onnxprobe.cli.app import main; main()"
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_recipes_are_listed_without_the_packages_that_run_them():
    done = without_analysis("recipes")
    assert done.returncode == 0, done.stderr
    assert "clustering.stability" in done.stdout
    assert "dl-tsne" in done.stdout


def test_surgery_needs_neither_a_runtime_nor_the_analysis(tiny_file, tmp_path):
    done = without_analysis("probe", tiny_file, "-o", tmp_path / "probed.onnx")
    assert done.returncode == 0, done.stderr
    assert load(tmp_path / "probed.onnx").outputs == ("scores", "block:mean")


def test_a_missing_extra_is_named_with_how_to_get_it(tiny_file, tmp_path):
    done = without_analysis("embed", tiny_file, tmp_path, "-o", tmp_path / "s.h5")
    needs = r"onnxprobe: this needs '(cv2|h5py|pyarrow|scipy)', which is not installed; install it with: "
    assert re.fullmatch(needs + r"pip install 'onnxprobe\[cpu\]' \(or \[gpu\]\)\n", done.stderr)


@pytest.mark.parametrize("command", [c.__name__.replace("_", "-") for c in _EXAMPLES])
def test_the_help_of_every_command_ends_with_an_example(command):
    shown = " ".join(invoke(command, "--help").output.split())
    assert f"Example: onnxprobe {command}" in shown


def test_inspect_prints_json_with_the_promised_keys(tiny_file):
    facts = json.loads(invoke("inspect", tiny_file, "--json").output)
    assert set(facts) >= {"model", "opset", "ir_version", "inputs", "outputs", "layers", "pick"}
    layer = facts["layers"][0]
    assert layer["output"] == "stem"
    assert layer["shape"] == [4, 8, 8]
    assert (layer["elements"], layer["parameters"], layer["macs"]) == (256, 108, 64 * 108)
    assert layer["cut"] is True
    assert facts["layers"][1]["cut"] is False
    assert facts["pick"]["tensor"] == "block"


def test_inspect_shows_brackets_and_the_pick(tiny_file):
    shown = invoke("inspect", tiny_file).output
    assert "block" in shown
    assert "4×8×8" in shown


def test_pick_prints_the_name_alone(tiny_file):
    result = invoke("pick", tiny_file)
    assert (result.output, result.exit_code) == ("block\n", 0)


def test_names_with_commas_in_them_are_names(tiny, tmp_path):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = ["the,stem" if name == "stem" else name for name in names]
    path = save(Model(proto), tmp_path / "commas.onnx")
    out = tmp_path / "part.onnx"
    invoke("extract", path, "--inputs", "the,stem", "--outputs", "block,the,stem,gate", "-o", out)
    assert load(out).outputs == ("block", "the,stem", "gate")


def test_probe_adds_an_output(tiny_file, tmp_path, images):
    invoke("probe", tiny_file, "--tensor", "block", "--pooling", "std", "-o", tmp_path / "p.onnx")
    assert run(tmp_path / "p.onnx", {"image": images})["block:std"].shape == (5, 4)


def test_split_and_extract_write_parts(tiny_file, tmp_path):
    invoke("split", tiny_file, "--at", "block", "-o", tmp_path / "halves")
    assert load(tmp_path / "halves/trunk.onnx").outputs == ("block",)
    assert load(tmp_path / "halves/head.onnx").inputs == ("block",)
    invoke(
        "extract",
        tiny_file,
        "--inputs",
        "stem",
        "--outputs",
        "block,flat",
        "-o",
        tmp_path / "e.onnx",
    )
    assert load(tmp_path / "e.onnx").outputs == ("block", "flat")


def a_head(path):
    import numpy as np

    head = LinearHead(
        HEADS["softmax"],
        np.eye(2, 4, dtype=np.float32),
        np.zeros(2, np.float32),
        np.zeros(2, np.float32),
        ("a", "b"),
        (4,),
        "topic",
    )
    return save(head.model(opset=17, ir_version=8), path)


def test_stitch_then_check_keeps_the_contract(tiny_file, tmp_path):
    a_head(tmp_path / "topic.onnx")
    fused = tmp_path / "fused.onnx"
    told = invoke(
        "stitch",
        tiny_file,
        tmp_path / "topic.onnx",
        "--tensor",
        "block",
        "--pooling",
        "mean",
        "-o",
        fused,
    )
    assert "1 old output bit-identical at batch 1, 2, 5" in told.output
    assert invoke("check", tiny_file, fused).exit_code == 0
    assert invoke("check", fused, tiny_file).exit_code == 1
    assert json.loads(invoke("check", tiny_file, fused, "--json").output)["kept"] is True


def test_stitch_without_proof_says_so(tiny_file, tmp_path):
    a_head(tmp_path / "topic.onnx")
    told = invoke(
        "stitch",
        tiny_file,
        tmp_path / "topic.onnx",
        "-t",
        "block",
        "-o",
        tmp_path / "f.onnx",
        "--no-proof",
    )
    assert "without proof" in told.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["split", "{m}", "--at", "gate"],
            "it also needs the model input 'image'; the nearest cut is 'block'",
        ),
        (["split", "{m}", "--at", "blok"], "no tensor named 'blok'; did you mean 'block'?"),
        (["split", "nowhere.onnx", "--at", "x"], "there is no file 'nowhere.onnx'"),
        (["probe", "{m}", "--tensor", "block", "--pooling", "meen"], "no pooling named 'meen'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_1(tiny_file, tmp_path, args, message):
    done = onnxprobe(*(a.format(m=tiny_file) for a in args), "-o", tmp_path / "out")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("onnxprobe: ")
    assert message in line
    assert not (tmp_path / "out").exists()


def test_a_name_with_control_characters_stays_on_one_line():
    done = onnxprobe("pick", "no\nsuch\x1b[31m.onnx")
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b" not in done.stderr


def test_a_file_that_is_not_onnx_is_one_line(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"PK\x03\x04")
    done = onnxprobe("inspect", tmp_path / "a.pt")
    assert done.stderr.endswith(
        "is not an ONNX file (it starts with 'PK'); a PyTorch checkpoint is exported with torch.onnx.export\n"
    )


def test_a_disk_that_is_full_is_one_line_and_nothing_is_half_written(tiny_file, tmp_path):
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512));"
    code = f"{limited} from onnxprobe.cli.app import main; main()"
    out = tmp_path / "probed.onnx"
    command = [sys.executable, "-c", code, "probe", tiny_file, "-t", "block", "-o", out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"onnxprobe: File too large: {str(out)!r}\n"
    assert list(tmp_path.iterdir()) == [tiny_file]


def test_a_disk_that_does_not_say_which_file_is_told_of_the_one_that_was_asked_for(
    tiny_file, monkeypatch
):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("onnxprobe.graph.extract.extract", full)
    args = ["extract", str(tiny_file), "--inputs", "image", "--outputs", "block", "-o", "part.onnx"]
    error = CliRunner().invoke(app, args).exception
    assert isinstance(error, OSError)
    assert error.filename == "part.onnx"


def test_too_little_memory_is_one_line():
    code = (
        "import onnxprobe.cli.surgery\n"
        "import onnxprobe.graph.load as l\n"
        "def greedy(path): bytes(1 << 60)\n"
        "l.load = greedy\n"
        "from onnxprobe.cli.app import main; main()"
    )
    command = [sys.executable, "-c", code, "pick", "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("onnxprobe: this needs more memory than there is; try fewer")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_one_line(number):
    code = (
        "import onnxprobe.cli.surgery as s, time\n"
        "import onnxprobe.graph.load as l\n"
        "def slow(path): print('ready', flush=True); time.sleep(30)\n"
        "l.load = slow\n"
        "from onnxprobe.cli.app import main; main()"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code, "pick", "x"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout.readline() == "ready\n"
    time.sleep(0.1)
    started.send_signal(number)
    _, error = started.communicate(timeout=20)
    assert (started.returncode, error) == (
        130,
        "onnxprobe: interrupted; nothing is half-written, embed, label and run-recipe go on where they stopped\n",
    )


def test_a_model_that_lacks_its_weights_can_be_inspected(tmp_path, big_file):
    proto = onnx.load(big_file)
    for tensor in proto.graph.initializer:
        tensor.CopyFrom(
            onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name)
        )
    onnx.external_data_helper.convert_model_to_external_data(proto, location="w.data")
    onnx.save(proto, tmp_path / "out.onnx")
    (tmp_path / "w.data").unlink()
    assert invoke("inspect", tmp_path / "out.onnx").exit_code == 0
    done = onnxprobe(
        "probe",
        tmp_path / "out.onnx",
        "-t",
        "wide",
        "-p",
        "flatten",
        "-o",
        tmp_path / "x" / "p.onnx",
    )
    assert "keeps its weights in 'w.data', which is not beside it" in done.stderr
