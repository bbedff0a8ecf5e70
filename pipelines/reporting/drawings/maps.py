"""The plan area as a map: one tile per district, or real boundaries where somebody provides them.

Tiles stand where the plan says (``tile: [column, row]``), else in the plan's order from left to right. Boundaries come
from a GeoJSON file in longitude and latitude; a feature is a district's when its ``adcode``, ``district_code`` or
``code`` is the district's code, or its ``name`` the district's name.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.reporting.marts import District

TILE = (100.0, 70.0)
GAP = 6.0
BREADTH = 640.0
"""How wide a map of boundaries is drawn, in its own units."""
COARSE = 0.6
"""Corners that lie less than this beside the straight line are left out."""
KEYS = ("adcode", "district_code", "code")

Point = tuple[float, float]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shape:
    """A district on the map: its outline as SVG path, the middle of its label and how wide that may be."""

    code: str
    path: str
    x: float
    y: float
    room: float


@dataclass(frozen=True)
class Map:
    """Shapes in one frame. ``kind``: ``tiles`` or ``boundaries``."""

    kind: str
    width: float
    height: float
    shapes: list[Shape]


def tiles(districts: Sequence[District], top: float = 0) -> Map:
    """A tile per district, from ``top`` down. Those without a place of their own follow in their order."""
    count = len(districts)
    placed: dict[tuple[int, int], District] = {}
    rest: list[District] = []
    for district in districts:
        place = (district.tile_column, district.tile_row)
        if place[0] is None or place[1] is None or place in placed:
            rest.append(district)
        else:
            placed[place[0], place[1]] = district
    columns = max((c + 1 for c, _ in placed), default=min(count, max(3, math.ceil(math.sqrt(1.3 * count)))))
    first = max((r + 1 for _, r in placed), default=0)
    for n, district in enumerate(rest):
        placed[n % columns, first + n // columns] = district
    rows = max((r + 1 for _, r in placed), default=1)
    across, down = TILE[0] + GAP, TILE[1] + GAP
    shapes = [
        Shape(
            district.district_code,
            f"M{_n(c * across)} {_n(top + r * down)}h{_n(TILE[0])}v{_n(TILE[1])}h{_n(-TILE[0])}z",
            c * across + TILE[0] / 2,
            top + r * down + TILE[1] / 2,
            TILE[0],
        )
        for (c, r), district in sorted(placed.items(), key=lambda pair: (pair[0][1], pair[0][0]))
    ]
    return Map("tiles", columns * across - GAP, top + rows * down - GAP, shapes)


def boundaries(file: Path, districts: Sequence[District]) -> Map | None:
    """The map of a GeoJSON file; districts it lacks follow as tiles below it.

    None where there is no such file, where it can't be read (which is logged), or where it knows none of the districts.
    """
    if not file.is_file():
        return None
    try:
        features = json.loads(file.read_text("utf-8"))["features"]
        rings = {code: found for code, found in _outlines(features, districts) if found}
    except (ValueError, KeyError, TypeError, IndexError, OSError) as error:
        log.warning("boundaries in %s can't be used: %s", file, error)
        return None
    if not rings:
        log.warning("boundaries in %s name none of the districts", file)
        return None
    points = [point for found in rings.values() for ring in found for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2)) or 1.0
    scale = BREADTH / max((east - west) * squeeze, (north - south) * 0.8, 1e-9)

    def place(point: Point) -> Point:
        return (point[0] - west) * squeeze * scale + 2, (north - point[1]) * scale + 2

    width, height = (east - west) * squeeze * scale + 4, (north - south) * scale + 4
    shapes = []
    for district in districts:
        if district.district_code in rings:
            drawn = [simplified([place(p) for p in ring]) for ring in rings[district.district_code]]
            shapes.append(_shape(district.district_code, drawn))
    if lacking := [d for d in districts if d.district_code not in rings]:
        below = tiles(lacking, height + 3 * GAP)
        shapes += below.shapes
        width, height = max(width, below.width), below.height
    return Map("boundaries", width, height, shapes)


def _outlines(features: Iterable[Any], districts: Sequence[District]) -> Iterable[tuple[str, list[list[Point]]]]:
    by = {d.district_name: d.district_code for d in districts} | {d.district_code: d.district_code for d in districts}
    for feature in features:
        said = feature.get("properties") or {}
        names = [*(str(said[key]) for key in KEYS if said.get(key) is not None), str(said.get("name"))]
        code = next((by[name] for name in names if name in by), None)
        shape = feature.get("geometry") or {}
        polygons = shape.get("coordinates") or []
        if shape.get("type") == "Polygon":
            polygons = [polygons]
        if code and shape.get("type") in ("Polygon", "MultiPolygon"):
            yield code, [[(float(p[0]), float(p[1])) for p in ring] for polygon in polygons for ring in polygon]


def simplified(ring: list[Point]) -> list[Point]:
    """A closed outline without the corners nobody sees (Douglas and Peucker), at least a triangle."""
    far = max(range(len(ring)), key=lambda n: math.dist(ring[0], ring[n]))
    kept = {0, far, len(ring) - 1}
    spans = [(0, far), (far, len(ring) - 1)]
    while spans:
        first, last = spans.pop()
        off = [(_beside(ring[n], ring[first], ring[last]), n) for n in range(first + 1, last)]
        if off and (worst := max(off))[0] > COARSE:
            kept.add(worst[1])
            spans += [(first, worst[1]), (worst[1], last)]
    return [ring[n] for n in sorted(kept)]


def _beside(point: Point, start: Point, end: Point) -> float:
    """How far a point lies from the line between two others."""
    length = math.dist(start, end)
    if not length:
        return math.dist(point, start)
    across = (end[0] - start[0]) * (start[1] - point[1]) - (start[0] - point[0]) * (end[1] - start[1])
    return abs(across) / length


def _shape(code: str, rings: list[list[Point]]) -> Shape:
    """Outline and label of a district: the label where its largest part is widest near the middle."""
    path = "".join("M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in ring) + "z" for ring in rings)
    main = max(rings, key=lambda ring: abs(_area(ring)))
    low, high = min(p[1] for p in main), max(p[1] for p in main)
    spans = []
    for n in range(1, 16):
        level = low + (high - low) * n / 16
        cuts = sorted(_cuts(main, level))
        for a, b in zip(cuts[::2], cuts[1::2], strict=False):
            spans.append(((b - a) * (1 - 0.5 * abs(n - 8) / 8), (a + b) / 2, level, b - a))
    _, x, y, room = max(spans, default=(0.0, main[0][0], main[0][1], 0.0))
    return Shape(code, path, x, y, room)


def _cuts(ring: list[Point], level: float) -> Iterable[float]:
    """Where a level line crosses an outline."""
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 <= level) != (y2 <= level):
            yield x1 + (level - y1) * (x2 - x1) / (y2 - y1)


def _area(ring: list[Point]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def _n(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")
