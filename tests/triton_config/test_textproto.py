import onnx
import pytest
from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor as Field
from onnx import helper
from tiny import tiny_model

from onnxprobe.errors import PackageError
from onnxprobe.triton.textproto import all_of, messages, parse, quote, text_of


def as_said(message):
    """What our reader should find in a message, from protobuf's own reflection."""
    found = []
    for field, value in message.ListFields():
        several = value if field.is_repeated else [value]
        for one in several:
            if field.type == Field.TYPE_MESSAGE:
                found.append((field.name, as_said(one)))
            elif field.type == Field.TYPE_ENUM:
                found.append((field.name, field.enum_type.values_by_number[one].name))
            elif isinstance(one, bytes):
                found.append((field.name, one.decode(errors="replace")))
            else:
                found.append((field.name, one))
    return found


def plain(fields):
    return [(f.name, plain(v) if isinstance(v, tuple) else v) for f in fields for v in f.values]


def same(ours, theirs):
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (_, a), (_, b) in zip(ours, theirs, strict=True):
        if isinstance(b, list):
            same(a, b)
        elif isinstance(b, str):
            assert a == b
        else:
            assert float(a) == pytest.approx(float(b), rel=1e-6)  # 7 digits are printed


@pytest.mark.parametrize("compact", [True, False])
def test_it_reads_what_protobuf_writes(compact):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    proto.doc_string = "a \"quote\", a 'tick', a \\ and\na line\tä€😀\x01"
    proto.graph.node.append(helper.make_node("Cast", ["a"], ["b"], to=1, x=-1.5, s=b"\x07b"))
    text = text_format.MessageToString(
        proto, as_one_line=compact, use_short_repeated_primitives=compact
    )
    same(plain(parse(text)), as_said(proto))


def test_every_way_to_write_the_same_is_read_the_same():
    one = 'input { name: "x" dims: 1 dims: -1 } # a comment with { and "\nmax_batch_size: 8'
    other = "input: [ <name: 'x'; dims: [1, -1],> ]; max_batch_size:8,"
    assert plain(parse(one)) == plain(parse(other))


def test_a_statement_knows_its_place():
    text = 'a: 1  # one\nb { c: "}" }\n'
    assert [text[f.start : f.end] for f in parse(text)] == ["a: 1", 'b { c: "}" }']


def test_strings_are_joined_and_escapes_are_read():
    assert text_of(parse(r"""a: "x\x41\101" 'é\n'"""), "a") == "xAAé\n"
    odd = 'a "b" \\ c\n'
    assert text_of(parse(f"a: {quote(odd)}"), "a") == odd


def test_values_are_found_in_every_statement():
    found = parse("a: [1, 2] a: 3 b {}")
    assert all_of(found, "a") == ("1", "2", "3")
    assert messages(found, "b") == ((),)
    assert text_of(found, "nothing") == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb }", "line 2: '}' is not what protobuf text format has here"),
        ("a {\n b: 1", "line 2: the end is not what"),
        ('a: "open', "line 1: '\"' is not what"),
        ("a 1", "line 1: '1' is not what"),
        ("\n\n? a", "line 3: '\\?' is not what"),
        ("a: [1", "line 1: the end is not what"),
        ("a:", "line 1: the end is not what"),
        ("1: a", "line 1: '1' is not what"),
    ],
)
def test_what_is_no_text_format_is_refused_with_its_line(text, message):
    with pytest.raises(PackageError, match=message):
        parse(text)
