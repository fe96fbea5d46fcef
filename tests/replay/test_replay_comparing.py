import json

import pytest

from onnxprobe.replay import Request, difference
from onnxprobe.replay.asking import Reply

REQUEST = Request("POST", "/v2/models/face/infer", {}, b'{"inputs": []}')
LOGITS = {"name": "logits", "datatype": "FP32", "shape": [1, 2], "data": [0.5, -1.25]}
SCORES = {"name": "domain_scores", "datatype": "FP32", "shape": [1, 1], "data": [0.9]}


def reply(*outputs, status=200, version="1", **more):
    said = {"model_name": "face", "model_version": version, **more, "outputs": list(outputs)}
    body = json.dumps(said, separators=(",", ":")).encode()
    return Reply(status, {"content-type": "application/json"}, body)


def binary(numbers, version="1", **more):
    """Return an answer whose numbers follow the JSON, as the binary extension has it."""
    head = reply({"name": "logits", "parameters": {"binary_data_size": 8}}, version=version, **more)
    headers = {"inference-header-content-length": str(len(head.body))}
    return Reply(200, headers, head.body + numbers)


@pytest.mark.parametrize("version", ["1", "2", "10"])
def test_the_version_may_differ_and_nothing_else(version):
    assert difference(REQUEST, reply(LOGITS), reply(LOGITS, version=version)) == ""
    other = {**LOGITS, "data": [0.5, -1.2500001]}
    assert difference(REQUEST, reply(LOGITS), reply(other, version=version)) == (
        "output 'logits' is another"
    )


@pytest.mark.parametrize("version", ["1", "10"])
def test_numbers_behind_the_json_are_compared_to_the_byte(version):
    old = binary(b"\0" * 8)
    assert difference(REQUEST, old, binary(b"\0" * 8, version)) == ""
    assert "byte" in difference(REQUEST, old, binary(b"\0" * 7 + b"\1", version))


def test_numbers_that_read_like_a_version_are_numbers():
    text = b'{"model_version":"1"}'
    assert difference(REQUEST, binary(text), binary(text.replace(b"1", b"2"))) != ""


def test_a_version_that_is_said_elsewhere_counts():
    old, new = ({**LOGITS, "parameters": {"model_version": v}} for v in ("1", "2"))
    assert difference(REQUEST, reply(old), reply(new)) == "output 'logits' is another"


def test_an_id_may_differ_only_where_the_server_made_it_up():
    old, new = reply(LOGITS, id="a"), reply(LOGITS, id="b")
    assert difference(REQUEST, old, new) == ""
    asked = Request("POST", "/", {}, b'{"id": "a", "inputs": []}')
    assert difference(asked, old, new) != ""
    length = b'{"id": "a"}'
    in_binary = Request(
        "POST", "/", {"Inference-Header-Content-Length": str(len(length))}, length + b"\0\xff"
    )
    assert difference(in_binary, old, new) != ""


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (reply(LOGITS, SCORES), "also answers 'domain_scores', which this client did not ask for by"),
        (reply(SCORES), "also answers 'domain_scores'"),
        (reply(status=500), "status 200 became 500: "),
        (Reply(200, {}, reply(LOGITS).body), "content type 'application/json' became 'none'"),
        (Reply(200, {"content-type": "application/json"}, b"{}"),
         r"bytes became 2, different from byte 1 on: .* became '\{\}'"),
        (reply(LOGITS, model_name="other"), "bytes became"),
    ],
    ids=["more", "others", "status", "type", "empty", "name"],
)  # fmt: skip
def test_what_differs_is_said_in_words(new, said):
    import re

    assert re.search(said, difference(REQUEST, reply(LOGITS), new))


def test_outputs_that_went_or_moved_are_named():
    both = reply(LOGITS, SCORES)
    assert difference(REQUEST, both, reply(LOGITS)) == "does not answer 'domain_scores' any more"
    assert difference(REQUEST, both, reply(SCORES, LOGITS)) == (
        "answers 'domain_scores', 'logits' in this order, which was 'logits', 'domain_scores'"
    )


def test_answers_that_are_no_json_are_compared_as_bytes():
    old, new = (Reply(200, {}, body) for body in (b"\xff\x00ab", b"\xff\x00ac"))
    assert difference(REQUEST, old, old) == ""
    assert "4 bytes, different from byte 3 on" in difference(REQUEST, old, new)
