"""What cuML needs, and how it is tried."""

from typing import Final

import numpy as np

NEEDS: Final = "an NVIDIA GPU with CUDA 13, and pip install 'onnxprobe[cuml]'"
TINY: Final = np.arange(64, dtype=np.float32).reshape(32, 2)
