import json
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.report.html.markup import Html, markup, named, script_json, tag
from onnxprobe.report.wording import visible

# Any character, lone surrogates as well; every other time those that mean something to a browser.
TELLING = st.text("<>&\"'/!-\n\u2028\u202e\udcff")
ANY_TEXT = st.one_of(TELLING, st.text(st.characters(codec=None)))
JSON = st.recursive(st.none() | st.integers() | ANY_TEXT, st.lists, max_leaves=5)


class Reader(HTMLParser):
    """Gives the text and the elements that a browser would see."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.elements = []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@given(ANY_TEXT)
def test_text_comes_out_as_the_text_that_went_in_and_as_nothing_else(text):
    page = read(tag("p", text))
    assert page.text == visible(text)
    assert [name for name, _ in page.elements] == ["p"]


@given(ANY_TEXT)
def test_an_attribute_cannot_be_left(text):
    page = read(tag("img", alt=text))
    assert page.elements == [("img", {"alt": visible(text)})]


@given(ANY_TEXT)
def test_what_is_visible_can_be_written_to_any_file(text):
    shown = visible(text)
    assert shown.encode("utf-8").decode() == shown
    assert not set(shown) & set("\n\r\0\x85\u2028\u2029\u202a\u202e\u2066\u200f\ufeff")


def test_ordinary_writing_of_any_language_is_left_as_it_is():
    for text in ("Größe", "日本語", "שלום", "مرحبا", "👩🏽\u200d🚀", "naïve – “x”"):
        assert visible(text) == text


@given(JSON)
def test_json_in_a_script_comes_out_as_it_went_in(value):
    assert json.loads(script_json(value)) == value


@given(JSON)
def test_json_in_a_script_cannot_end_the_script(value):
    text = script_json(value)
    assert text.isascii()
    assert not set(text) & set("<>&")


def test_nan_is_refused_because_no_browser_reads_it():
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


def test_markup_is_not_escaped_twice_and_its_parts_are_joined():
    assert markup([tag("b", "a&b"), None, " < ", ["c"]]) == "<b>a&amp;b</b> &lt; c"
    assert isinstance(markup("x"), Html)
    assert unescape(markup("a<b")) == "a<b"


def test_attributes_that_are_off_are_left_out():
    assert tag("div", hidden=True, id=None, open=False, class_="a", aria_label='"') == (
        '<div hidden class="a" aria-label="&quot;"></div>'
    )


@given(ANY_TEXT)
def test_a_name_that_may_break_between_its_parts_reads_as_it_is(name):
    reader = Reader()
    reader.feed(named(name))
    assert reader.text == visible(name)
    assert {element for element, _ in reader.elements} <= {"code", "wbr"}
