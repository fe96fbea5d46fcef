"""An ``.onnx`` file as it lies on a disk: read and written by byte ranges, weights never loaded."""
