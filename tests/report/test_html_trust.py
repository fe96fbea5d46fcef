import re

import numpy as np
import pytest
from test_trust import HELDOUT

from onnxprobe.recipe.folder import Groups, Lists
from onnxprobe.report.facts import DomainFacts
from onnxprobe.report.html.markup import markup
from onnxprobe.report.html.mistakes import MOST_CLASSES, confusion, mistake_rows, mistakes
from onnxprobe.report.html.trust import notes, trust_parts
from onnxprobe.report.trust import Trust

TRUST = Trust.of(HELDOUT)


def said(content):
    return re.sub(r"<[^>]+>", " ", markup(content))


def test_heads_chances_strangers_and_the_curve_are_drawn():
    text = " ".join(said(trust_parts(TRUST)).split())
    assert "takes 93 components; 2 are shown, and explain 75.0% of the variance" in text
    assert "linear (fused)" in text
    assert "--set classifier.head=mlp" in text
    assert "calibration error 0.020" in text
    assert "0.800 ± 0.141" in text
    assert "nearest (used) 0.900 0.990" in text
    assert "95.0% of all are answered" in text
    assert "Answering only the 25.0% least strange, 97.5% of the answers are right" in text
    assert "<polyline" in markup(trust_parts(TRUST))
    assert "left out in turn" in notes(TRUST)[0]


def test_a_run_that_records_none_of_it_draws_none_of_it():
    assert markup(trust_parts(Trust())) == ""
    assert notes(Trust()) == ()


@pytest.mark.parametrize("purity", [0.0, 0.3, 1.0])
def test_the_curve_stays_inside_its_frame(purity):
    curve = tuple((c / 4, purity) for c in range(1, 5))
    drawn = markup(trust_parts(Trust(curve=curve)))
    for y in re.findall(r'(?:y|y1)="([\d.]+)"', drawn) + re.findall(r",([\d.]+)", drawn):
        assert 0 <= float(y) <= 268


def domains(count):
    return tuple(DomainFacts(i, f"<b>{i}</b>") for i in range(count))


def test_the_square_of_confusions_has_a_column_for_none_and_escapes_names():
    drawn = markup(confusion(TRUST.confusion, domains(2)))
    assert "&lt;b&gt;0&lt;/b&gt;" in drawn
    assert " ".join(said(drawn).split()).endswith(
        "domain 0 1 none 0 &lt;b&gt;0&lt;/b&gt; 18 1 1 1 &lt;b&gt;1&lt;/b&gt; 3 16 1"
    )
    assert drawn.count('class="figure hit"') == 2
    assert drawn.count('class="figure miss"') == 4


def test_many_classes_list_their_confusions_the_most_frequent_first():
    count = MOST_CLASSES + 1
    table = np.eye(count, count + 1, dtype=int) * 10
    table[3, 4], table[5, count] = 4, 7
    text = " ".join(said(confusion(table.tolist(), domains(count))).split())
    assert text.index("none 7") < text.index("4 28.6%")
    assert "of 2 confusions" in text


def test_counts_of_other_domains_are_not_drawn():
    assert confusion(((1, 2, 3),), domains(2)) is None


def groups(domain, predicted, split, confidence):
    lists = [np.array(ids) for ids in predicted]
    n = len(domain)
    place = np.zeros(n)
    return Groups(
        path=tuple(f"{i}.png" for i in range(n)),
        domains=Lists(np.ones(n, int), np.array(domain)),
        domain=np.array(domain),
        x=place,
        y=place,
        split=tuple(split),
        predicted=Lists(np.array([len(ids) for ids in lists]), np.concatenate(lists).astype(int)),
        confidence=np.array(confidence),
    )


def test_mistakes_are_those_of_heldout_pictures_the_most_frequent_first_the_surest_first():
    found = mistakes(
        groups(
            domain=[0, 0, 0, 1, 1, -1, 0],
            predicted=[[1], [1], [0], [], [1], [1], [1]],
            split=["heldout"] * 6 + ["train"],
            confidence=[0.6, 0.9, 0.9, 0.3, 0.9, 0.9, 0.9],
        ),
        domains(2),
    )
    assert [(m.true.id, m.said and m.said.id, m.count, m.rows) for m in found] == [
        (0, 1, 2, (1, 0)),
        (1, None, 1, (3,)),
    ]


def test_a_mistake_is_drawn_with_its_pictures():
    given = groups([0, 1], [[1], [1]], ["heldout"] * 2, [0.999, 0.5])
    drawn = markup(mistake_rows(mistakes(given, domains(2)), given, tiles={0: b"webp"}))
    assert "taken for" in drawn
    assert "99%" in drawn
    assert drawn.count("<img") == 1
