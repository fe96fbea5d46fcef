import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest
from fake_run import Pictures, fake_run
from test_html_markup import read

from onnxprobe.report.html import write_report
from onnxprobe.report.wording import visible

HOSTILE = (
    "<img src=x onerror=alert(1)>.png",
    "</script><script>alert(1)</script>.png",
    "<!--<script>.png",
    "two\nlines.png",
    "right \u202e gnp.exe",
    "line \u2028 separator.png",
    "lone \udcff byte.png",
    '"><hostile onload=alert(1)>.png',
    "{{ 7*7 }} ${7*7} $title.png",
)


def report(folder, **options):
    pictures = fake_run(folder, **options)
    return write_report(folder, pictures).read_text("utf-8"), pictures


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return report(tmp_path_factory.mktemp("run"))[0]


def test_the_page_says_in_one_line_what_was_found(page):
    assert "<h1>9 domains in 240 pictures</h1>" in page


def test_elements_are_closed_in_the_order_they_were_opened(page):
    void = {"img", "meta", "link", "input", "br", "wbr"}
    stack = []
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    for closing, name in re.findall(r"<(/?)([a-z][a-z0-9]*)", body):
        if closing:
            assert stack.pop() == name
        elif name not in void:
            stack.append(name)
    assert stack == []


def test_nothing_is_loaded_from_anywhere(page):
    for _, attributes in read(page).elements:
        for key in ("src", "href"):
            assert attributes.get(key, "#").startswith(("#", "data:")), attributes
    assert "url(" not in page
    assert not re.search(r"\bfetch\(|XMLHttpRequest|import\(|https?://(?!www\.w3\.org/2000)", page)


def test_every_column_has_a_heading_every_picture_words_and_every_link_an_end(page):
    assert "<th " in page
    assert not re.search(r"<th[^>]*></th>", page)
    assert not re.search(r"<img(?![^>]* alt=)[^>]*>", page)
    ends = re.findall(r' id="([^"]+)"', page)
    assert len(set(ends)) == len(ends)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= {*ends}


def test_only_the_page_s_own_script_may_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    script = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(script) == 1
    digest = b64encode(sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not any(key.startswith("on") for _, them in read(page).elements for key in them)


def test_hostile_names_are_text(tmp_path):
    page, _ = report(tmp_path, names=HOSTILE)
    elements = [name for name, _ in read(page).elements]
    assert elements.count("script") == 2
    assert "hostile" not in elements
    assert not any("onerror" in them or "onload" in them for _, them in read(page).elements)
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', page, flags=re.DOTALL)[1])
    assert {visible(name) for name in HOSTILE} <= {*data["names"]}


def test_hostile_text_anywhere_in_the_run_is_text(tmp_path):
    pictures = fake_run(tmp_path, pictures=60)
    for name in ("run.json", "proof.json"):
        facts = json.loads((tmp_path / name).read_text())
        (tmp_path / name).write_text(json.dumps(poisoned(facts)))
    page = write_report(tmp_path, pictures).read_text("utf-8")
    elements = read(page).elements
    assert "hostile" not in [name for name, _ in elements]
    assert [name for name, _ in elements].count("script") == 2
    text = page.replace("<wbr>", "")
    assert text.count("&lt;/script&gt;&lt;hostile onload=alert(1)&gt;") > 50


def poisoned(value):
    poison = "'\"</script><hostile onload=alert(1)>\udcff\u202e"
    if isinstance(value, dict):
        return {
            key if key.isidentifier() and key != "ok" else key + poison: poisoned(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [poisoned(inner) for inner in value]
    return value + poison if isinstance(value, str) else value


def test_the_same_run_gives_the_same_page(tmp_path):
    pages = [report(tmp_path / name, pictures=60)[0] for name in ("one", "two")]
    assert pages[0] == pages[1]


def test_pictures_that_cannot_be_read_are_counted_and_replaced(tmp_path):
    pictures = fake_run(tmp_path, pictures=80, broken=3)
    some = pictures.names[0]
    pictures.data[some] = b"\x89PNG\r\n\x1a\n" + b"no more"
    page = write_report(tmp_path, pictures).read_text("utf-8")
    assert "4 pictures could not be read for this page; a grey box stands for each." in page


def test_without_the_pictures_the_page_says_so(tmp_path):
    fake_run(tmp_path, pictures=40, drawn=False)
    page = write_report(tmp_path, None).read_text("utf-8")
    assert "The pictures themselves were not at hand when this page was written." in page
    assert "data:image" not in page


def test_data_with_nothing_in_it_is_said_plainly(tmp_path):
    page, _ = report(tmp_path, domains=False)
    assert "<h1>No domain in 240 pictures</h1>" in page
    assert "That is a finding, not a failure" in page
    assert 'id="domains"' not in page
    assert 'id="galleries"' not in page
    assert "nothing was fused or had to be proven" in page


def test_domains_out_of_bounds_are_named_first(page):
    assert "2 domains need a look" in page
    flat = read(page).text
    assert "stripes: the head finds 69.4% of it on held-out pictures (asked: at least 80%)" in flat
    assert "cross: the head names it 1.330 times as often as it occurs" in flat


def test_the_head_stands_beside_a_constant_answer(page):
    # A constant answer is right for the share p of the largest domain: F1 2p / (1 + p) there, and 0
    # in the other eight.
    constant = 2 * 0.146 / 1.146 / 9
    row = re.search(r"macro-F1</th><td[^>]*>([\d.]+)</td><td[^>]*>([\d.]+)</td>", page)
    assert row.groups() == ("0.941", f"{constant:.3f}")


def test_the_proof_is_told_in_plain_words(page):
    flat = read(page).text
    assert "run on the same input at batches of 1, 2 and 5 (ONNX Runtime, CPUExecutionP" in flat
    assert "logits is identical to the last bit." in flat


def test_a_proof_of_a_difference_is_no_proof_of_identity(tmp_path):
    pictures = fake_run(tmp_path, pictures=30)
    proof = json.loads((tmp_path / "proof.json").read_text())
    proof["outputs"].append({"name": "other", "identical": False, "max_difference": 1.2e-6})
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    flat = read(write_report(tmp_path, pictures).read_text("utf-8")).text
    assert "other differs by at most 1.2e-06." in flat
    assert "can load the new file in place of the old one" not in flat
    assert "differsee the proof below" in flat


def test_a_domain_that_pictures_carry_but_run_json_does_not_describe_is_shown(tmp_path):
    pictures = fake_run(tmp_path, pictures=60)
    run = json.loads((tmp_path / "run.json").read_text())
    run["domains"] = run["domains"][:-1]
    (tmp_path / "run.json").write_text(json.dumps(run))
    assert "domain 8" in write_report(tmp_path, pictures).read_text("utf-8")


def test_a_run_json_that_says_nothing_still_gives_a_page(tmp_path):
    pictures = fake_run(tmp_path, pictures=30)
    for name in ("run.json", "proof.json"):
        (tmp_path / name).write_text("{}")
    flat = read(write_report(tmp_path, pictures).read_text("utf-8")).text
    assert "domains in 30 pictures" in flat
    assert "holds no proof" in flat


def test_a_report_goes_where_it_is_asked_to_and_is_told_about(tmp_path):
    pictures = fake_run(tmp_path / "run", pictures=30)
    told = []
    out = write_report(
        tmp_path / "run",
        pictures,
        tmp_path / "elsewhere" / "page.html",
        progress=lambda *said: told.append(said),
    )
    assert out == tmp_path / "elsewhere" / "page.html"
    assert told[-1] == ("report pictures", 30, 30)
    assert not (tmp_path / "run" / "report.html").exists()


def test_a_source_that_fails_midway_leaves_the_old_report(tmp_path):
    class Interrupted(Pictures):
        def read(self, name):
            raise KeyboardInterrupt(name)

    fake_run(tmp_path, pictures=10)
    (tmp_path / "report.html").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_report(tmp_path, Interrupted({}))
    assert (tmp_path / "report.html").read_text() == "old"
    assert not [*tmp_path.glob(".report*")]
