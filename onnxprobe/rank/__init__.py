"""Which tensor and pooling to tap, measured on pictures: a few hundred, twice over.

How much a representation is worth is no property of the network alone: which layer is best depends
on the task (Bordes et al. 2022, arXiv:2206.13378). So the pick is a good default, and what counts
is what a probe scores on pictures, and labels where there are some, of one's own.
"""

from onnxprobe.rank.labels import read_labels
from onnxprobe.rank.ranking import PICTURES, Ranking, Score, rank
from onnxprobe.rank.scores import standard_error

__all__ = ["PICTURES", "Ranking", "Score", "rank", "read_labels", "standard_error"]
