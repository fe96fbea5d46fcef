from base64 import b64decode
from dataclasses import replace

import cv2
import numpy as np
import pytest
from fake_run import fake_run
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.recipe.folder import RunFolder
from onnxprobe.report.facts import DomainFacts
from onnxprobe.report.html import map as map_
from onnxprobe.report.html.map import half_percents, map_data, packed, place, unit_square

DOMAINS = tuple(DomainFacts(id=i, name=f"d{i}") for i in range(9))


def unpacked(value):
    return np.frombuffer(b64decode(value["base64"]), f"<u{value['bytes']}").tolist()


def unpacked_lists(value):
    ids = iter(unpacked(value["ids"]))
    return [[next(ids) for _ in range(length)] for length in unpacked(value["lengths"])]


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    fake_run(folder, pictures=400, drawn=False)
    return RunFolder.read(folder).groups


@given(st.lists(st.integers(0, 2**32 - 1)))
def test_numbers_survive_packing(values):
    assert unpacked(packed(np.array(values, np.int64))) == values


def test_numbers_are_packed_in_the_fewest_bytes():
    sizes = [packed(np.array([top]))["bytes"] for top in (0, 255, 256, 65535, 65536)]
    assert sizes == [1, 1, 2, 2, 4]


def test_every_point_says_what_its_row_says(groups):
    placed = place(groups, seed=0)
    data = map_data(groups, placed, DOMAINS, {})
    rows = placed.rows.tolist()
    assert sorted(rows) == list(range(len(groups)))
    assert data["names"] == [groups.path[row] for row in rows]
    assert unpacked_lists(data["domains"]) == [list(groups.domains[row]) for row in rows]
    assert unpacked_lists(data["predicted"]) == [list(groups.predicted[row]) for row in rows]
    assert unpacked(data["primary"]) == [groups.domain[row] + 1 for row in rows]
    splits = [data["splits"][code] for code in unpacked(data["split"])]
    assert splits == [groups.split[row] for row in rows]


def test_domains_are_written_by_place_not_by_id(groups):
    backwards = DOMAINS[::-1]
    placed = place(groups, seed=0)
    data = map_data(groups, placed, backwards, {})
    said = [[backwards[o].id for o in each] for each in unpacked_lists(data["domains"])]
    assert said == [list(groups.domains[row]) for row in placed.rows]


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=30))
def test_the_layout_keeps_its_proportions(points):
    x, y = np.array(points).T
    u, v = unit_square(x, y)
    assert np.concatenate([u, v]).min() >= -1e-9
    assert np.concatenate([u, v]).max() <= 1 + 1e-9
    span = max(np.ptp(x), np.ptp(y)) or 1.0
    # Differences of coordinates near 1e6 lose the digits below 1e-10 of the span's magnitude.
    np.testing.assert_allclose(np.diff(u) * span, np.diff(x), atol=1e-6)
    np.testing.assert_allclose(np.diff(v) * span, np.diff(y), atol=1e-6)


def test_confidence_is_rounded_down_so_that_100_percent_is_certain():
    values = np.array([0.0, 0.5, 0.9999, 1.0, 1.2, -0.1, np.nan])
    assert half_percents(values).tolist() == [0, 100, 199, 200, 200, 0, 255]


def test_pictures_without_a_place_are_left_out(groups):
    x = groups.x.copy()
    x[[3, 5]] = np.nan, np.inf
    placed = place(replace(groups, x=x), seed=0)
    assert sorted({*range(400)} - {*placed.rows.tolist()}) == [3, 5]


def test_thumbnails_go_round_the_domains_in_turn(groups, monkeypatch):
    monkeypatch.setattr(map_, "MOST_THUMBNAILS", 50)
    placed = place(groups, seed=0)
    assert placed.pictured == 50
    has = np.bincount(groups.domain + 1, minlength=10)
    got = np.bincount(groups.domain[placed.rows[:50]] + 1, minlength=10)
    full = got == has  # a domain that has no more pictures gives way
    assert np.ptp(got[~full]) <= 1
    assert got[~full].min() >= got[full].max(initial=0)


def test_the_same_seed_gives_the_same_map_and_another_another(groups):
    assert place(groups, seed=1).rows.tolist() == place(groups, seed=1).rows.tolist()
    assert place(groups, seed=1).rows.tolist() != place(groups, seed=2).rows.tolist()


def test_sprites_lie_on_the_sheets_where_the_script_looks(groups):
    placed = place(groups, seed=0)
    shade = {row: place * 255 // 400 for place, row in enumerate(placed.rows.tolist())}
    sprites = {
        row: np.full((map_.SPRITE, map_.SPRITE, 3), value, np.uint8)
        for row, value in shade.items()
        if row % 10
    }
    data = map_data(groups, placed, DOMAINS, sprites)
    assert data["blank"] == [at for at, row in enumerate(placed.rows) if row % 10 == 0]
    sheets = [
        cv2.imdecode(np.frombuffer(b64decode(sheet.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
        for sheet in data["sheets"]
    ]
    assert len(sheets) == 2  # 256 and 144
    for at, row in enumerate(placed.rows.tolist()):
        if row not in sprites:
            continue
        left, top = at % 16 * map_.SPRITE, at % 256 // 16 * map_.SPRITE
        middle = sheets[at // 256][top + map_.SPRITE // 2, left + map_.SPRITE // 2]
        assert abs(int(middle[0]) - shade[row]) <= 6, at  # WebP is lossy


def test_a_domain_is_numbered_where_it_is_densest(groups):
    placed = place(groups, seed=0)
    data = map_data(groups, placed, DOMAINS, {})
    u, v = unit_square(groups.x[placed.rows], groups.y[placed.rows])
    for domain, entry in zip(DOMAINS, data["legend"], strict=True):
        mine = groups.domains.take(placed.rows).having(domain.id)
        away = np.hypot(u[mine] - entry["spot"][0], v[mine] - entry["spot"][1])
        elsewhere = np.hypot(u[mine] - u[mine][0], v[mine] - v[mine][0])
        assert (away < 0.05).sum() >= (elsewhere < 0.02).sum()


def test_an_empty_domain_has_no_number_on_the_map(groups):
    data = map_data(groups, place(groups, seed=0), (*DOMAINS, DomainFacts(99, "empty")), {})
    assert data["legend"][-1] == {"id": 99, "name": "empty", "spot": None}
