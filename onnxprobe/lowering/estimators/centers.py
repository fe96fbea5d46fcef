"""Centres: k-means, and the nearest centroid of each class."""

from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import DISTANCE, LEAST, Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import ratio, softmax
from onnxprobe.lowering.squares import against_first, squares, summed
from onnxprobe.lowering.writer import Writer


def _distances(write: Writer, estimator: Any, flow: Flow) -> Flow:
    squared = summed(write, squares(write, flow, estimator.cluster_centers_))
    return Flow(write.op("Sqrt", squared), len(estimator.cluster_centers_))


def _clustered(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """A cluster is an answer; the nearer its centre, the higher its score."""
    squared = summed(write, squares(write, flow, estimator.cluster_centers_))
    count = len(estimator.cluster_centers_)
    away = Flow(write.op("Neg", write.op("Sqrt", squared)), count)
    return Decision(np.arange(count), away, ranking=write.op("Neg", squared), kind=DISTANCE)


def _nearest(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """Nearest in the space as it is, where classes are as likely; else by the discriminant."""
    if estimator.metric != "euclidean":
        raise LoweringError(
            f"NearestCentroid with metric {estimator.metric!r} gives no scores; fit it with 'euclidean'"
        )
    flow = Flow(write.settled(flow), flow.width)
    prior = np.asarray(estimator.class_prior_)
    spread = np.asarray(estimator.within_class_std_dev_)
    scales = np.where(spread == 0, 1.0, spread)
    terms = squares(write, flow, estimator.centroids_, scales)
    scaled = Affine.of(np.full(len(prior), -1.0), 2 * np.log(prior))
    margin = Flow(summed(write, terms), len(prior)).then(scaled)
    logs = Flow(
        write.settled(Flow(summed(write, against_first(write, terms)), len(prior)).then(scaled)),
        len(prior),
    )
    ranking = logs.tensor
    if np.isclose(prior, 1 / len(prior)).all():
        plain = against_first(write, squares(write, flow, estimator.centroids_))
        ranking = write.op("Neg", summed(write, plain))
    logit = ratio(logs)
    margin = margin if logit is None else logit
    best = write.op("ArgMax", ranking, axis=1, keepdims=1)
    link = softmax(write, logs)
    return Decision(estimator.classes_, margin, link, logit, best=best, floor=LEAST)


CENTERS: Final = (
    Rule("KMeans", decide=_clustered, transform=_distances),
    Rule("MiniBatchKMeans", decide=_clustered, transform=_distances),
    Rule("NearestCentroid", decide=_nearest),
)
