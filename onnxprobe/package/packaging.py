"""Write a fused model as the folder that a target's users copy."""

from pathlib import Path

from onnxprobe.package._base import Packaged, Packaging
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.folder import free, write_folder


def package(fused: Path, packaging: Packaging, out: Path) -> Packaged:
    """Write the model ``fused``, and what lies beside it, to the new folder ``out``.

    The folder is there whole or not at all, and the same input gives the same bytes.

    Raises:
        PackageError: ``out`` holds something, or the model cannot be served so.
        NotOnnxError, MissingWeightsError, GraphError: the model cannot be read.
    """
    free(out)
    delivery = Delivery.read(fused)
    files = write_folder(packaging.files(delivery), out)
    following = packaging.next.format(folder=out).splitlines()
    return Packaged(out, files, delivery.notes, tuple(following))
