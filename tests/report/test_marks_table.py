from io import StringIO

from rich.console import Console

from onnxprobe.report.marks import marks_table

FLAG = {
    "what": "subcategory",
    "value": "country-flag",
    "effect": 0.981,
    "inside": 0.98,
    "outside": 0.002,
    "lift": 13.7,
    "words": "subcategory country-flag",
}
DARK = {
    "what": "brightness",
    "value": None,
    "effect": -0.61,
    "inside": 81.23,
    "outside": 140,
    "lift": None,
    "words": "dark",
}
CHANNEL = {"what": "channel", "value": 412, "effect": 0.99, "inside": 3, "outside": 0, "words": ""}


def shown(*domains, **more):
    console = Console(width=120, record=True, file=StringIO())
    entries = [{"id": i, "name": name, "marks": list(m)} for i, (name, m) in enumerate(domains)]
    console.print(marks_table({"domains": entries, **more}))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_each_mark_has_its_effect_and_what_is_typical_inside_and_outside():
    lines = shown(("flags", [FLAG, DARK, CHANNEL]), ("rest", []))
    assert lines[1:5] == [
        "0 flags subcategory country-flag +0.98 98% against 0%, lift 13.7",
        "dark (brightness) −0.61 81.23 against 140",
        "channel 412 +0.99 3 against 0",
        "1 rest nothing that was compared tells it from the rest –",
    ]


def test_it_is_said_where_a_part_of_the_pictures_was_compared():
    counts = {"ok": 342_012, "damaged": 3}
    (*_, last) = shown(("flags", [DARK]), counts=counts, described={"pictures": 20_000})
    assert last == "over the first 20,000 pictures of 342,012; more: --sample"
    text = shown(("flags", [DARK]), counts={"ok": 500}, described={"pictures": 500})
    assert "--sample" not in " ".join(text)


def test_names_cannot_draw_on_the_terminal():
    assert "a\\u001bb" in " ".join(shown(("a\x1bb", [])))


def test_a_run_without_domains_is_said():
    assert shown() == ["no domains: no group of pictures was found"]
