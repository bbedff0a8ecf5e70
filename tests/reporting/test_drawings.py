"""Drawings: where tiles, outlines and labels stand."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reporting.drawings import maps, trend
from pipelines.reporting.marts import District

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]


def _districts(count: int, **places: tuple[int, int]) -> list[District]:
    return [
        District(
            district_code=f"{n:06}",
            district_name=f"第{n}区",
            tile_column=places.get(f"d{n}", (None, None))[0],
            tile_row=places.get(f"d{n}", (None, None))[1],
        )
        for n in range(count)
    ]


def _file(folder: Path, *features: dict[str, object]) -> Path:
    file = folder / "map.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return file


def _feature(properties: dict[str, object], rings: object, kind: str = "Polygon") -> dict[str, object]:
    return {"properties": properties, "geometry": {"type": kind, "coordinates": rings}}


@pytest.mark.parametrize("count", [1, 2, 7, 24, 103])
def test_every_district_has_a_tile_of_its_own(count: int) -> None:
    drawn = maps.tiles(_districts(count))
    assert {shape.code for shape in drawn.shapes} == {f"{n:06}" for n in range(count)}
    assert len({shape.path for shape in drawn.shapes}) == count
    for shape in drawn.shapes:
        assert 0 < shape.x < drawn.width
        assert 0 < shape.y < drawn.height


def test_tiles_stand_where_the_plan_says_and_a_place_is_given_once() -> None:
    drawn = maps.tiles(_districts(4, d0=(2, 0), d1=(0, 1), d2=(0, 1)))
    at = {shape.code: (shape.x, shape.y) for shape in drawn.shapes}
    assert at["000000"][0] > at["000001"][0]
    assert at["000000"][1] < at["000001"][1]
    # The second claim to a place, and the district without one, follow below.
    assert at["000002"][1] == at["000003"][1] > at["000001"][1]


def test_outlines_are_found_by_code_or_name_and_the_rest_are_tiles(tmp_path: Path) -> None:
    far = [[x + 10, y] for x, y in SQUARE]
    file = _file(
        tmp_path,
        _feature({"adcode": 0}, [SQUARE]),  # no district has this code
        _feature({"code": "000001"}, [[SQUARE], [far]], "MultiPolygon"),
        _feature({"name": "第2区"}, [far]),
        _feature({"name": "第3区"}, [0, 0], "Point"),
    )
    drawn = maps.boundaries(file, _districts(4))
    assert drawn is not None
    assert drawn.kind == "boundaries"
    paths = {shape.code: shape.path for shape in drawn.shapes}
    assert paths.keys() == {"000000", "000001", "000002", "000003"}
    assert paths["000001"].count("M") == 2
    lowest = max(shape.y for shape in drawn.shapes if shape.code in ("000001", "000002"))
    assert all(shape.y > lowest for shape in drawn.shapes if shape.code in ("000000", "000003"))


NO_RING = '{"features": [{"properties": {"code": "000000"}, "geometry": {"type": "Polygon", "coordinates": [[[0]]]}}]}'


@pytest.mark.parametrize("text", ["", "{", "[]", '{"features": []}', NO_RING])
def test_a_file_that_is_no_map_leaves_the_tiles(tmp_path: Path, text: str) -> None:
    file = tmp_path / "map.geojson"
    file.write_text(text)
    assert maps.boundaries(file, _districts(2)) is None
    assert maps.boundaries(tmp_path / "none.geojson", _districts(2)) is None


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 400)), min_size=3, max_size=60, unique=True))
def test_a_simplified_outline_stays_close(points: list[tuple[float, float]]) -> None:
    ring = [*points, points[0]]
    kept = maps.simplified(ring)
    assert kept[0] == kept[-1] == ring[0]
    assert set(kept) <= set(ring)
    assert len(kept) >= 3


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(20, 210), min_size=1, max_size=12))
def test_labels_never_touch_and_keep_their_order(places: dict[str, float]) -> None:
    moved = trend._apart(places, 12, 212)
    order = sorted(places, key=lambda name: (places[name], name))
    heights = [moved[name] for name in order]
    assert all(b - a >= trend.ROW - 1e-9 for a, b in itertools.pairwise(heights))
    assert heights[-1] <= 212
    if len(places) == 1:
        assert heights == [places[order[0]]]


def test_only_ends_that_matter_are_labelled_where_there_are_many() -> None:
    values = {f"d{n}": float(n) for n in range(20)} | {"ALL": 10.5}
    assert trend._labelled(values, "ALL") == {"d0", "d1", "d19", "ALL"}
    assert trend._labelled(dict(list(values.items())[:5]), "d0") == {"d0", "d1", "d2", "d3", "d4"}
