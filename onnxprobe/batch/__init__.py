"""The batch doctor: which nodes count on one batch size, and the model without that.

Looking and mending need no runtime; ``onnxprobe.batch.proving`` runs both files and compares.
"""

from onnxprobe.batch.diagnosis import Baked, Diagnosis, baked, diagnose
from onnxprobe.batch.dynamic import dynamic

__all__ = ["Baked", "Diagnosis", "baked", "diagnose", "dynamic"]
