import numpy as np
import pytest
from fake_run import fake_run

from onnxprobe.recipe.folder import RunFolder
from onnxprobe.report.facts import DomainFacts
from onnxprobe.report.html.gallery import (
    MOST_GALLERIES,
    MOST_TILES,
    Gallery,
    galleries,
    gallery_article,
    link,
)


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    fake_run(folder, pictures=400, drawn=False)
    return RunFolder.read(folder).groups


def gallery(groups, domain, each=12, seed=0):
    return Gallery.of(groups, DomainFacts(domain, "x"), each=each, seed=seed)


def slow_core(groups, domain, each):
    """What the gallery's core is, said one picture at a time."""
    members = [row for row in range(len(groups)) if domain in groups.domains[row]]
    return sorted(
        members,
        key=lambda row: (domain not in groups.predicted[row], -groups.confidence[row], row),
    )[:each]


@pytest.mark.parametrize("domain", range(9))
@pytest.mark.parametrize("each", [1, 5, 12, 100])
def test_a_gallery_shows_what_it_says(groups, domain, each):
    shown = gallery(groups, domain, each)
    assert len({*shown.rows}) == len(shown.rows)
    assert max(map(len, (shown.core, shown.border, shown.outside, shown.random))) <= each
    assert list(shown.core) == slow_core(groups, domain, each)
    for row in (*shown.core, *shown.border, *shown.random):
        assert domain in groups.domains[row]
    for row in shown.outside:
        assert domain not in groups.domains[row]
        assert domain in groups.predicted[row]


def test_the_border_starts_with_what_the_head_misses_then_what_it_is_least_sure_of(groups):
    shown = gallery(groups, 4, each=20)  # the head misses three of ten
    missed = [4 not in groups.predicted[row] for row in shown.border]
    assert missed == sorted(missed, reverse=True)
    found = [row for row in shown.border if 4 in groups.predicted[row]]
    assert any(missed)
    assert found
    assert list(groups.confidence[found]) == sorted(groups.confidence[found])
    assert not any(4 not in groups.predicted[row] for row in shown.core)


def test_a_small_domain_is_shown_whole_and_once(groups):
    size = int(groups.domains.having(7).sum())
    assert gallery(groups, 7, each=size).core == tuple(slow_core(groups, 7, size))
    assert gallery(groups, 7, each=size).border == ()
    assert len(gallery(groups, 7, each=size - 1).border) == 1


def test_the_random_row_depends_on_the_seed_alone(groups):
    assert gallery(groups, 0, each=5, seed=3).random == gallery(groups, 0, each=5, seed=3).random
    assert gallery(groups, 0, each=5, seed=3).random != gallery(groups, 0, each=5, seed=4).random


@pytest.mark.parametrize("count", [1, 9, 60, 100])
def test_many_domains_share_the_room(groups, count):
    domains = [DomainFacts(i, str(i)) for i in range(count)]
    assert sum(len(shown.rows) for shown in galleries(groups, domains, seed=0)) <= MOST_TILES


def test_links_lead_to_galleries_only(groups):
    domains = [DomainFacts(i, "<x>") for i in range(MOST_GALLERIES + 5)]
    assert len(galleries(groups, domains, seed=0)) == MOST_GALLERIES
    last = MOST_GALLERIES - 1
    assert link(last, domains[last]) == f'<a href="#domain-{last}"><bdi>&lt;x&gt;</bdi></a>'
    assert link(last + 1, domains[last + 1]) == "<bdi>&lt;x&gt;</bdi>"


def test_a_picture_that_could_not_be_read_is_a_box_with_its_name(groups):
    shown = gallery(groups, 0, each=2)
    page = gallery_article(shown, 0, groups, tiles={shown.core[0]: b"webp"})
    assert page.count("<img ") == 1
    assert f'class="blank" title="{groups.path[shown.core[1]]} ' in page


def test_a_head_that_gives_no_confidence_leaves_it_out(groups):
    shown = gallery(groups, 0, each=2)
    silent = type(groups)(**{**vars(groups), "confidence": np.full(len(groups), np.nan)})
    assert "nan" not in gallery_article(shown, 0, silent, tiles={})
