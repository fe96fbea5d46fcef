import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnxprobe.errors import RecordingError
from onnxprobe.replay import FORMATS, Request, read_recording


def har(*requests):
    entries = [
        {
            "request": {
                "method": r.method,
                "url": f"http://old.example:8000{r.path}",
                "headers": [
                    {"name": "Host", "value": "old.example:8000"},
                    *({"name": n, "value": v} for n, v in r.headers.items()),
                ],
                "postData": {"encoding": "base64", "text": base64.b64encode(r.body).decode()},
            }
        }
        for r in requests
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def lines(*requests):
    said = [
        {
            "method": r.method,
            "path": r.path,
            "headers": {**r.headers, "content-length": "7"},
            "body_base64": base64.b64encode(r.body).decode(),
        }
        for r in requests
    ]
    return "\n".join(map(json.dumps, said)) + "\n"


WRITTEN = {"HAR": har, "JSON lines": lines}
REQUESTS = st.lists(
    st.builds(
        Request,
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(["/", "/v2/models/face/infer", "/a?b=c&d=%20"]),
        st.dictionaries(st.sampled_from(["Content-Type", "X-A"]), st.text("abc/", max_size=4)),
        st.binary(max_size=40),
    ),
    min_size=1,
    max_size=4,
)


def test_every_format_is_tried():
    assert set(WRITTEN) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
@given(requests=REQUESTS)
@settings(deadline=None, max_examples=40)
def test_what_is_recorded_is_read_but_for_headers_of_the_connection(
    tmp_path_factory, name, requests
):
    path = tmp_path_factory.getbasetemp() / "requests"
    path.write_text(WRITTEN[name](*requests))
    assert read_recording(path) == tuple(requests)


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_that_are_no_text_survive(tmp_path, name):
    (tmp_path / "r").write_text(WRITTEN[name](Request("POST", "/x", {}, bytes(range(256)))))
    assert read_recording(tmp_path / "r")[0].body == bytes(range(256))


def entry(text, size):
    request = {"method": "POST", "url": "http://a/b", "headers": [], "bodySize": size}
    return json.dumps({"log": {"entries": [{"request": {**request, "postData": {"text": text}}}]}})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (bytes(range(256)), bytes(range(256)).decode("latin-1")),
        ("é".encode(), "é"),
        (b"{}\xff\x00", b"{}\xff\x00".decode("utf-8", "surrogateescape")),
        (b"", ""),
    ],
)
def test_bytes_that_a_recorder_wrote_as_characters_are_told_by_their_number(tmp_path, body, text):
    (tmp_path / "r").write_text(entry(text, len(body)))
    assert read_recording(tmp_path / "r")[0].body == body


def test_a_body_that_was_cut_short_is_refused(tmp_path):
    (tmp_path / "r").write_text(entry("abc", 7))
    with pytest.raises(RecordingError, match="of 7 bytes was written down as 3; record it as JSON"):
        read_recording(tmp_path / "r")


def test_a_body_may_be_text_or_json(tmp_path):
    (tmp_path / "r").write_text(
        '{"method": "post", "path": "/a", "body": "{\\"é\\": 1}"}\n\n'
        '{"method": "POST", "path": "/a", "body": {"inputs": [1]}}\n'
    )
    first, second = read_recording(tmp_path / "r")
    assert (first.method, first.body.decode()) == ("POST", '{"é": 1}')
    assert second.body == b'{"inputs": [1]}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no request; record one first"),
        ("GET / HTTP/1.1", "is no recording; that is a HAR file, or lines of JSON with 'method'"),
        ('{"path": "/"}', "cannot be read as JSON lines: line 1: there is no 'method'"),
        ('{"method": "GET", "path": "/"}\n{', "cannot be read as JSON lines: line 2: "),
        ('{"method": "GET", "path": "v2"}', "line 1: a path begins with '/', not 'v2'"),
        ('{"method": "GET", "path": "/", "body_base64": "%"}', "line 1: "),
        ('{"method": "GET", "path": "/", "headers": ["a"]}', "line 1: "),
        ('{"log": {}}', "cannot be read as HAR: there is no 'entries'"),
        ('{"log": {"entries": []}}', "holds no request"),
    ],
)
def test_what_is_no_recording_says_what_is_missing(tmp_path, text, message):
    (tmp_path / "r").write_text(text)
    with pytest.raises(RecordingError, match=message):
        read_recording(tmp_path / "r")


def test_a_recording_in_bytes_is_none(tmp_path):
    (tmp_path / "r").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordingError, match="is no text"):
        read_recording(tmp_path / "r")


def test_a_request_that_speaks_of_a_log_is_no_har_file(tmp_path):
    said = {"method": "POST", "path": "/x", "body": {"log": "on"}}
    (tmp_path / "r").write_text(json.dumps(said) + "\n" + json.dumps(said) + "\n")
    assert [r.body for r in read_recording(tmp_path / "r")] == [b'{"log": "on"}'] * 2


@pytest.mark.parametrize("separator", ["\u2028", "\u0085"])
def test_a_string_may_hold_what_python_takes_for_a_new_line(tmp_path, separator):
    said = {"method": "POST", "path": "/x", "body": f"a{separator}b"}
    (tmp_path / "r").write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    assert read_recording(tmp_path / "r")[0].body == f"a{separator}b".encode()


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"X-A": None}, "line 1: the header 'X-A' is text, not None"),
        ({"X-A": 3}, "line 1: the header 'X-A' is text, not 3"),
    ],
)
def test_a_header_that_is_no_text_is_named(tmp_path, headers, message):
    said = {"method": "GET", "path": "/x", "headers": headers}
    (tmp_path / "r").write_text(json.dumps(said))
    with pytest.raises(RecordingError, match=message):
        read_recording(tmp_path / "r")


def test_a_header_without_a_name_is_no_traceback(tmp_path):
    (tmp_path / "r").write_text(json.dumps({"method": "GET", "path": "/x", "headers": {"": "a"}}))
    assert read_recording(tmp_path / "r")[0].headers == {"": "a"}  # the library refuses to send it
