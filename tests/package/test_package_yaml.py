import json
import re

from onnxprobe.package.yaml import as_yaml


def test_what_is_nested_is_indented():
    said = {"a": {"b": [1, {"c": "d", "e": [None]}, {}]}, "f": []}
    assert as_yaml(said) == (
        'a:\n  b:\n    - 1\n    - c: "d"\n      e:\n        - null\n    - {}\nf: []\n'
    )


def test_keys_that_yaml_would_read_otherwise_are_quoted():
    said = as_yaml({"no": 1, "x: #y": 2, "": 3, "plain-key": 4, "1": 5, "é": 6})
    assert said == '"no": 1\n"x: #y": 2\n"": 3\nplain-key: 4\n"1": 5\n"é": 6\n'


def test_strings_are_escaped_as_both_json_and_yaml_read_them():
    odd = "a: 'b' \"c\" \\ \n\t\x85\x7f\u2028😀"
    said = as_yaml({"a": odd})
    assert json.loads(said.removeprefix("a: ")) == odd
    assert not re.search("[\x7f-\x9f\u2028]", said)
    assert "😀" in said  # a pair of escapes would be two characters to YAML
