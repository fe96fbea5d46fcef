"""Estimators of scikit-learn by class name. None of them is imported: their attributes are read.

To add one: write its rule in the file of its family, or in a new one that is listed here.
"""

from typing import Final

from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.estimators.bayes import BAYES
from onnxprobe.lowering.estimators.calibrated import CALIBRATED
from onnxprobe.lowering.estimators.centers import CENTERS
from onnxprobe.lowering.estimators.chains import CHAINS
from onnxprobe.lowering.estimators.columns import COLUMNS
from onnxprobe.lowering.estimators.ensembles import ENSEMBLES
from onnxprobe.lowering.estimators.features import FEATURES
from onnxprobe.lowering.estimators.functions import FUNCTIONS
from onnxprobe.lowering.estimators.linear import LINEAR
from onnxprobe.lowering.estimators.neighbors import NEIGHBORS
from onnxprobe.lowering.estimators.perceptron import PERCEPTRONS
from onnxprobe.lowering.estimators.projections import PROJECTIONS
from onnxprobe.lowering.estimators.regressors import REGRESSORS
from onnxprobe.lowering.estimators.scalers import SCALERS
from onnxprobe.lowering.estimators.several import SEVERAL
from onnxprobe.lowering.estimators.svm import SUPPORT_VECTORS
from onnxprobe.lowering.estimators.thresholds import THRESHOLDS
from onnxprobe.lowering.estimators.trees import TREES
from onnxprobe.registry import Registry

ESTIMATORS: Final = Registry(
    "estimator with a plain form",
    [
        *BAYES,
        *CALIBRATED,
        *CENTERS,
        *CHAINS,
        *COLUMNS,
        *ENSEMBLES,
        *FEATURES,
        *FUNCTIONS,
        *LINEAR,
        *NEIGHBORS,
        *PERCEPTRONS,
        *PROJECTIONS,
        *REGRESSORS,
        *SCALERS,
        *SEVERAL,
        *SUPPORT_VECTORS,
        *THRESHOLDS,
        *TREES,
    ],
)

__all__ = ["ESTIMATORS", "Rule"]
