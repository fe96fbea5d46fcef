"""What a recipe is, and running one in a folder, every step's result kept."""

from onnxprobe.recipe.findings import Domain, Findings
from onnxprobe.recipe.kept import Kept
from onnxprobe.recipe.run import Job, Run

__all__ = ["Domain", "Findings", "Job", "Kept", "Run"]
