"""A child process with little memory, for files that ask for too much; run by ``test_infer``."""

import resource
import sys

from onnx import TensorProto, helper

from onnxprobe.graph.inference.infer import infer


def long_vectors(length):
    """Two vectors that are added, and a node whose answer nobody can tell."""
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [length]) for n in "ab"]
    nodes = [
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("Mystery", ["sum"], ["told"], domain="nowhere"),
    ]
    graph = helper.make_graph(nodes, "vectors", ends, [helper.make_empty_tensor_value_info("told")])
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("nowhere", 1)]
    return helper.make_model(graph, opset_imports=imports)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    sys.stdout.write(f"{infer(long_vectors(int(sys.argv[1])))['sum']}\n")
