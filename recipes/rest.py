"""What was found beside what is known."""

from itertools import count as counting
from itertools import islice

import numpy as np

from onnxprobe.domains.grouping import default_name
from recipes.grouped import Grouped, Mask, known
from recipes.groups.clustering import Groups
from recipes.groups.merging import SAME


def beside(attributes: Grouped, predicted: Mask, found: Groups) -> Grouped:
    """Return the known attributes, and after them the groups that none of them explains.

    A group is explained by an attribute that overlaps it by a Jaccard index of .6: among pictures of
    which the attribute is known by what is known, among the others by what is ``predicted`` ``(n, K)``.
    """
    told = known(attributes)
    so = np.where(told, attributes.member, predicted)
    new = [k for k in range(found.member.shape[1]) if not _explained(found.member[:, k], so)]
    count = len(new)
    free = (name for name in map(default_name, counting()) if name not in attributes.names)
    return Grouped(
        member=np.hstack([attributes.member, found.member[:, new]]),
        view=(*attributes.view, *(found.view[k] for k in new)),
        stability=(*attributes.stability, *found.stability[new].tolist()),
        names=(*attributes.names, *islice(free, count)),
        known=np.hstack([told, np.ones((len(told), count), bool)]),
    )


def _explained(group: Mask, attributes: Mask) -> bool:
    both = (attributes & group[:, None]).sum(axis=0)
    either = attributes.sum(axis=0) + group.sum() - both
    return bool((both >= SAME * either).any())
