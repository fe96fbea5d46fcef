"""A folder for everybody: the model, what it promises, its evidence, its card, a script that runs."""

from typing import Final

from onnxprobe.package._base import Content, Files, Packaging
from onnxprobe.package.card import card
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.promise import as_text, promise


def told(of: Delivery) -> dict[str, Content]:
    """Return the files that say what the model is: labels, contract, proof, card."""
    proof = {} if of.proof is None else {"proof.json": as_text(of.proof)}
    return {
        **of.label_files(),
        "contract.json": as_text(promise(of)),
        **proof,
        "MODEL_CARD.md": card(of),
    }


def runnable(of: Delivery) -> dict[str, Content]:
    """Return the script that prepares pictures, where the model says how they are prepared."""
    return {} if of.preprocess is None else {"pictures.py": script("pictures.py")}


def _files(of: Delivery) -> Files:
    return {
        **of.model_files(),
        **told(of),
        "example.py": script("example.py"),
        **runnable(of),
    }


PLAIN: Final = Packaging(
    name="plain",
    says="model, labels, contract, proof, card and an example that runs",
    files=_files,
    next="python {folder}/example.py",
)
