from dataclasses import replace

import pytest
from architectures import convolutional, others
from rich.console import Console

from onnxprobe.graph.inspect import inspect
from onnxprobe.graph.pick import pick
from onnxprobe.report.layers import inspection, short
from onnxprobe.report.layers import pick as drawn

TINY = """\
tiny.onnx  opset 17, IR 8
 input  image  float32 N×3×8×8
output  scores  float32 N×5
#  op                 output  shape  elements  params   MACs  cut
0  Conv               stem    4×8×8       256     108  6,912  │
1  Conv               branch  4×8×8       256     144  9,216
2  Relu               gate    4×8×8       256
3  Add                block   4×8×8       256                 ◀ pick
4  GlobalAveragePool  pooled  4×1×1         4                 │
5  Flatten            flat    4             4                 │
6  Gemm               scores  5             5      25     20
7 layers, 277 parameters (1,108B), 16.1k multiply-accumulates per sample

pick  block  4×8×8  Add, collapse
  · after 'block' (4×8×8) everything on the way to 'scores' is one vector per sample
  · of its 256 numbers 4 are left in 'pooled', written by GlobalAveragePool 'pooled'
  · it lies behind 2 of 3 layers with weights (depth 0.67)
or
  pooled  4×1×1  a vector of 4: the pick pooled, with no place left in it
"""


def printed(thing, width=120):
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(thing)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def test_layers_totals_and_pick_are_drawn(tiny):
    assert printed(inspection(inspect(tiny, name="tiny.onnx"))) == TINY


def test_names_that_look_like_markup_or_cannot_be_seen_are_shown_as_they_are():
    net = convolutional.Net()
    x = net.conv(net.input("[red]image", ["N", 3, 8, 8]), 3, 4, out="[bold]map\x1b[2J")
    text = printed(inspection(inspect(net.model(net.classify(x, 4)))))
    assert "[red]image" in text
    assert "[bold]map\\u001b[2J" in text
    assert "\x1b" not in text


def test_an_ambiguous_pick_is_marked_and_lists_what_may_be_meant():
    text = printed(drawn(pick(others.ssd().model)))
    assert text.startswith("AMBIGUOUS  down64")
    assert "top128 128×16×16 the tip of the branch" in " ".join(text.split())


def test_what_is_not_counted_is_said():
    net = convolutional.Net()
    x = net.conv(net.input("image", ["N", 3, "H", 8]), 3, 4)
    text = printed(inspection(inspect(net.model(net.classify(x, 4)))), width=200)
    assert "at least 4,000 multiply-accumulates" in text
    assert "1 layer not counted: shape or operator unknown" in text


def test_on_a_narrow_terminal_names_give_way_to_figures(tiny):
    lines = printed(inspection(inspect(tiny)), width=60).splitlines()
    (first,) = (line for line in lines if line.startswith("0 "))
    assert "…" in "".join(lines[3:10])
    assert first.split()[-5:] == ["4×8×8", "256", "108", "6,912", "│"]
    assert all(len(line) <= 60 for line in lines)


def test_a_huge_network_is_drawn_from_both_ends():
    net = convolutional.Net()
    x = net.input("image", ["N", 3, 8, 8])
    for _ in range(5_500):
        x = net.op("Relu", x)
    text = printed(inspection(inspect(net.model(net.classify(net.conv(x, 3, 4), 4)))))
    assert "505 more" in text
    assert text.count("\n") < 5_100


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "?"),
        (0, ""),
        (9999, "9,999"),
        (10_000, "10.0k"),
        (2_500_000, "2.5M"),
        (4_089 * 10**6, "4.1G"),
    ],
)
def test_counts_are_written_short(number, text):
    assert short(number) == text


def test_long_reasons_hang_under_their_bullet_and_names_keep_their_column(tiny):
    found = pick(tiny)
    lines = printed(
        drawn(replace(found, alternatives=found.alternatives * 2)), width=50
    ).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("  · after"))
    assert lines[first + 1].startswith("    ")
    assert not lines[first + 1].startswith("  · ")
    assert all(line.startswith("  ") for line in lines[1 : lines.index("or")])
    assert [line[:10] for line in lines if line.startswith("  pooled")] == ["  pooled  "] * 2
    assert max(map(len, lines)) <= 50
