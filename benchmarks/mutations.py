"""Ways to break an ONNX file: of its bytes, and of what it says."""

import random
from collections.abc import Callable

import onnx
from onnx import TensorProto, helper

OfBytes = Callable[[random.Random, bytearray], None]
OfModel = Callable[[random.Random, onnx.ModelProto], None]
SIZES = (-1, 0, 1, 7, 2**31, 2**40, 2**62, -(2**62))
NAMES = (
    "",
    "x\x1b[2J\x1b]0;gone\x07",
    "a\nb\r\tc",
    "\u202egnp.exe",
    "../../y",
    "n" * 100_000,
    "\0",
    "é" * 50,
)


def chance(rng: random.Random, share: float) -> bool:
    """Be true in a share of cases, 0 to 1."""
    return rng.random() < share


def flip_bits(rng: random.Random, data: bytearray) -> None:
    """Flip up to sixteen bits."""
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def truncate(rng: random.Random, data: bytearray) -> None:
    """Cut the end off."""
    del data[rng.randrange(len(data)) :]


def lie_about_length(rng: random.Random, data: bytearray) -> None:
    """Write another varint where a length may be."""
    at = rng.randrange(len(data))
    lie = rng.choice(
        (b"\x00", b"\x7f", b"\xff\x7f", b"\xff" * 4 + b"\x0f", b"\xff" * 9 + b"\x01", b"\xff" * 12)
    )
    data[at : at + rng.choice((1, 1, len(lie)))] = lie


def repeat_stretch(rng: random.Random, data: bytearray) -> None:
    """Write a stretch of the file twice, or at another place."""
    start = rng.randrange(len(data))
    stretch = data[start : start + rng.choice((1, 8, 64, 512, 4096))]
    at = rng.choice((start, rng.randrange(len(data))))
    data[at:at] = stretch


def drop_stretch(rng: random.Random, data: bytearray) -> None:
    """Leave a stretch of the file out."""
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 2, 8, 64))]


def fill_stretch(rng: random.Random, data: bytearray) -> None:
    """Fill a stretch with one byte."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((1, 4, 16, 64)))
    data[start:end] = bytes([rng.choice((0, 0x0A, 0x7F, 0x80, 0xFF))]) * (end - start)


def declare_size(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Give a weight, an input or an output another shape."""
    graph = proto.graph
    tensor = rng.choice(graph.initializer) if graph.initializer else None
    if tensor is not None and chance(rng, 0.5):
        tensor.dims[:] = [rng.choice(SIZES) for _ in range(rng.choice((0, 1, 2, 4, 40)))]
        return
    info = rng.choice([*graph.input, *graph.output])
    for dim in info.type.tensor_type.shape.dim:
        dim.dim_value = rng.choice(SIZES)


def declare_type(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Give a weight or an input another type, or none, or one that does not exist."""
    kind = rng.choice((0, 2, 8, 14, 16, 22, 27, 99, 2**30))
    graph = proto.graph
    if chance(rng, 0.5) and graph.initializer:
        rng.choice(graph.initializer).data_type = kind
    elif chance(rng, 0.5):
        rng.choice([*graph.input, *graph.output]).ClearField("type")
    else:
        rng.choice([*graph.input, *graph.output]).type.tensor_type.elem_type = kind


def wire_a_cycle(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Let a node read what comes after it, or what it writes itself."""
    nodes = [node for node in proto.graph.node if node.input and node.output]
    later = rng.choice(nodes)
    earlier = rng.choice(nodes)
    earlier.input[rng.randrange(len(earlier.input))] = later.output[0]


def shuffle_nodes(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Put the nodes in another order."""
    nodes = list(proto.graph.node)
    rng.shuffle(nodes)
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


def rename(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Give a thing the name of another, or a hostile one."""
    graph = proto.graph
    fields = [
        (thing, "name") for thing in (*graph.node, *graph.initializer, *graph.input, *graph.output)
    ]
    thing, field = rng.choice(fields)
    setattr(thing, field, rng.choice((*NAMES, rng.choice(fields)[0].name)))
    node = rng.choice(graph.node)
    for names in (node.input, node.output):
        if names and chance(rng, 0.5):
            names[rng.randrange(len(names))] = rng.choice((*NAMES, rng.choice(fields)[0].name))


def rename_throughout(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Give one tensor a hostile name everywhere, so that the model stays whole."""
    old, new = (
        rng.choice([n for node in proto.graph.node for n in node.output]),
        rng.choice(NAMES[1:]),
    )
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]
    for info in proto.graph.output:
        info.name = new if info.name == old else info.name


def change_versions(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Import other operator sets, twice, none; another IR version."""
    if chance(rng, 0.3):
        proto.ir_version = rng.choice((0, 1, 3, 14, 99, -1, 2**40))
    if chance(rng, 0.3):
        del proto.opset_import[:]
    versions = (0, 1, 6, 9, 13, 26, 99, -5, 2**40)
    proto.opset_import.append(
        helper.make_opsetid(rng.choice(("", "ai.onnx", "ai.onnx.ml", "x")), rng.choice(versions))
    )


def change_operator(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Turn a node into another operator, with its attributes gone or twice."""
    node = rng.choice(proto.graph.node)
    node.op_type = rng.choice(
        ("", "Constant", "If", "Loop", "Reshape", "Slice", "Split", "Conv", "Nothing")
    )
    if chance(rng, 0.5):
        del node.attribute[:]
    elif node.attribute:
        node.attribute.add().CopyFrom(rng.choice(node.attribute))
        node.attribute[-1].type = rng.choice((0, 1, 2, 4, 5, 14))
    if chance(rng, 0.3):
        del node.input[:]
    if chance(rng, 0.2):
        del node.output[:]


def point_elsewhere(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Say that the data of a weight is in another file, or at another place."""
    if not proto.graph.initializer:
        return
    tensor = rng.choice(proto.graph.initializer)
    if chance(rng, 0.7):
        tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    places = (
        "../secret",
        "/etc/passwd",
        "link",
        "weights.bin",
        "",
        ".",
        "gone",
        "a\0b",
        "x" * 5000,
        "loop",
        "pipe",
    )
    numbers = ("0", "-1", "9999999999", "abc", "", str(2**70), "1e3", "12", "0x10")
    said = {
        "location": rng.choice(places),
        "offset": rng.choice(numbers),
        "length": rng.choice(numbers),
    }
    ours = {"field": rng.choice(("9", "x")), "stamp": "", "folder": "/etc", "home": "/"}
    said |= {f"onnxprobe.disk.{k}": v for k, v in ours.items()} if chance(rng, 0.2) else {}
    for key, value in said.items():
        if chance(rng, 0.9):
            tensor.external_data.add(key=key, value=value)


def nest(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Put an If in an If in an If …, each with a long weight or none."""
    graph = helper.make_graph([helper.make_node("Identity", ["deep"], ["out"])], "g", [], [])
    padding = rng.choice((0, 2000))
    for _ in range(rng.choice((3, 10, 15, 16, 20, 22, 24))):
        node = helper.make_node("If", ["flag"], ["out"], then_branch=graph)
        if padding:
            node.attribute.add(name="else_branch", type=5).g.doc_string = "x" * padding
        graph = helper.make_graph([node], "g", [], [])
    proto.graph.node.extend(graph.node)


def call_itself(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Add local functions that call themselves or each other."""
    names = ["F", "G"] if chance(rng, 0.5) else ["F", "F"]
    for name, other in zip(names, reversed(names), strict=True):
        body = [helper.make_node(other, ["a"], ["b"], domain="local")] * rng.choice((1, 2))
        proto.functions.append(helper.make_function("local", name, ["a"], ["b"], body[:1], []))
    node = rng.choice(proto.graph.node)
    node.op_type, node.domain = "F", "local"


def empty_out(rng: random.Random, proto: onnx.ModelProto) -> None:
    """Take all nodes, inputs, outputs or weights away."""
    field = rng.choice(("node", "input", "output", "initializer", "name"))
    proto.graph.ClearField(field)


OF_BYTES: tuple[OfBytes, ...] = (
    flip_bits, truncate, lie_about_length, repeat_stretch, drop_stretch, fill_stretch,
)  # fmt: skip
OF_MODEL: tuple[OfModel, ...] = (
    declare_size, declare_type, wire_a_cycle, shuffle_nodes, rename, rename_throughout, change_versions,
    change_operator, point_elsewhere, nest, call_itself, empty_out,
)  # fmt: skip


def mutated(proto: onnx.ModelProto, seed: int) -> tuple[bytes, str]:
    """Return the file with one to three things broken, and what was done to it."""
    rng, done = random.Random(seed), []  # noqa: S311  nothing is kept secret
    broken = onnx.ModelProto()
    broken.CopyFrom(proto)
    for _ in range(rng.choice((0, 1, 1, 2))):
        change = rng.choice(OF_MODEL)
        try:
            change(rng, broken)
        except (IndexError, ValueError):  # nothing left to choose from, or to set so
            continue
        done.append(change.__name__)
    data = bytearray(broken.SerializeToString())
    for _ in range(rng.choice((0, 1, 1, 2)) if done else 1):
        blow = rng.choice(OF_BYTES)
        done.append(blow.__name__)
        if data:
            blow(rng, data)
    return bytes(data), ", ".join(done)
