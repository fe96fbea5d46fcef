import json
import socket
import time

import pytest
from fake_server import serving
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import ServerError
from onnxprobe.replay import Request, replay

JSON = {"Content-Type": "application/json"}
ASKED = Request(
    "POST", "/v2/models/face/infer?a=b", {"X-Team": "faces"}, b'{"inputs": [1], "outputs": []}'
)


def echo(version, more=""):
    """Answer with all that arrived, so that what was sent can be seen."""

    def answer(method, path, headers, body):
        said = {
            "model_version": version,
            "saw": [method, path, headers.get("X-Team"), headers.get("Accept-Encoding")],
            "body": body.decode("latin-1") + more,
        }
        return 200, JSON, json.dumps(said).encode()

    return answer


def test_both_servers_see_what_the_client_sent():
    seen = []

    def answer(*asked):
        seen.append(asked)
        return 200, JSON, b"{}"

    with serving(answer) as old, serving(answer) as new:
        found = replay([ASKED], old=old, new=new + "/behind/")
    assert found.kept
    (first, second) = seen
    assert first[:2] == ("POST", "/v2/models/face/infer?a=b")
    assert second[:2] == ("POST", "/behind/v2/models/face/infer?a=b")
    for _, _, headers, body in seen:
        assert (headers["X-Team"], body) == ("faces", ASKED.body)


def test_another_version_is_kept_and_another_answer_is_not():
    with serving(echo("1")) as old, serving(echo("2")) as new, serving(echo("2", "!")) as broken:
        assert replay([ASKED, ASKED], old=old, new=new).kept
        found = replay([ASKED], old=old, new=broken)
    assert not found.kept
    assert found.outcomes[0].steady
    assert "became" in str(found.outcomes[0])


def test_a_server_that_never_answers_the_same_is_named():
    clock = iter(range(100))

    def answer(*_):
        return 200, JSON, json.dumps({"took": next(clock)}).encode()

    with serving(answer) as old, serving(answer) as new:
        (outcome,) = replay([ASKED], old=old, new=new).outcomes
    assert "the old server itself answers otherwise when asked again" in str(outcome)


def test_progress_counts_requests():
    told = []
    with serving(echo("1")) as url:
        replay([ASKED] * 3, old=url, new=url, progress=lambda *said: told.append(said))
    assert told == [("requests", i, 3) for i in (1, 2, 3)]


@pytest.mark.parametrize("url", ["", "ftp://a", "http://", "http://a:b", "http://a:99999"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ServerError, match="is no address of a server; write it as http://127"):
        replay([ASKED], old=url, new=url)


def test_a_server_that_is_not_there_is_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ServerError, match=f":{port} did not answer POST /v2/models/face/infer"):
        replay([ASKED], old=f"127.0.0.1:{port}", new="http://127.0.0.1:1")


def test_a_slow_server_is_named_with_the_option_that_waits_longer():
    def answer(*_):
        time.sleep(0.4)
        return 200, JSON, b"{}"

    with (
        serving(answer) as url,
        pytest.raises(ServerError, match=r"within 0\.1 seconds; allow more"),
    ):
        replay([ASKED], old=url, new=url, timeout=0.1)


def written(folder, *requests):
    lines = [json.dumps({"method": r.method, "path": r.path}) for r in requests]
    folder.joinpath("asked.jsonl").write_text("\n".join(lines))
    return str(folder / "asked.jsonl")


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [("", 0, "2 answers: all the same"), ("!", 1, "2 of 2 answers differ")],
)
def test_the_command_says_so_and_exits_accordingly(tmp_path, more, code, said):
    recording = written(tmp_path, ASKED, ASKED)
    with serving(echo("1")) as old, serving(echo("2", more)) as new:
        shown = CliRunner().invoke(app, ["replay", recording, "--old", old, "--new", new])
        json_ = CliRunner().invoke(app, ["replay", recording, "--old", old, "--new", new, "--json"])
    assert (shown.exit_code, json_.exit_code) == (code, code)
    assert said in shown.stdout
    plain = json.loads(json_.stdout)
    assert plain["kept"] is (code == 0)
    assert [outcome["status"] for outcome in plain["outcomes"]] == [200, 200]


def test_requests_that_the_old_server_refused_are_counted(tmp_path):
    with serving(lambda *_: (404, JSON, b"{}")) as url:
        said = CliRunner().invoke(
            app, ["replay", written(tmp_path, ASKED), "--old", url, "--new", url]
        )
    assert said.exit_code == 0
    assert "1 of them: the old server refused the request" in said.stdout
