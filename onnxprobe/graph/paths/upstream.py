"""What a tensor depends on."""

from collections.abc import Collection

from onnxprobe.graph.model import Model, Node


def upstream(
    model: Model, names: Collection[str], stop: Collection[str] = ()
) -> tuple[set[Node], set[str]]:
    """Return the nodes and tensors needed to compute ``names``, looking no further than ``stop``.

    A tensor in ``stop`` is taken as given: neither it nor what it depends on is returned. Tensors
    that an If, Loop or Scan body captures count as read by that node.

    >>> from onnxprobe.graph.build import Builder
    >>> from onnxprobe.graph.value import Value
    >>> nodes = Builder(17)
    >>> _ = nodes.op("Relu", nodes.op("Neg", "x", out="minus"), out="y")
    >>> image = Value("x", "float32", ("N", 3))
    >>> y = Value("y", "float32", ("N", 3))
    >>> model = nodes.model("two steps", [image], [y], ir_version=8)
    >>> sorted(upstream(model, ["y"], stop=["minus"])[1])
    ['y']

    Raises:
        NoSuchNameError: a name is not a tensor of the model.
    """
    given = frozenset(stop)
    nodes: set[Node] = set()
    tensors: set[str] = set()
    todo = [model.value(name).name for name in names if name not in given]
    while todo:
        name = todo.pop()
        if name in tensors:
            continue
        tensors.add(name)
        node = model.producers.get(name)
        if node is not None and node not in nodes:
            nodes.add(node)
            todo += [read for read in node.reads if read not in given]
    return nodes, tensors
