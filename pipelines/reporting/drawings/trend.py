"""An indicator over time: the area shown bold, those compared with it thin, milestones as diamonds with the path there.

Laid out here in the drawing's own units; colours, weights and letters are the style sheet's. Labels stand beside the
ends of their lines, moved apart where they would touch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.reporting.data import Line, Measure, Trend
from pipelines.reporting.format import Format
from pipelines.reporting.marts import ALL
from pipelines.reporting.messages import Catalogue

WIDTH, HEIGHT = 400, 236
LEFT, TOP, BOTTOM = 38, 20, 24
LETTER = 11.5
"""Size of the small letters; the area's own label is a little larger."""
ROW = 13.0
"""How far apart labels stand at least."""
LABELLED = 11
"""More lines than this, and only the highest, the lowest two and the area's own are labelled."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """A text at the end of a line; ``own``: that of the area shown. ``end``: where the line itself ends."""

    x: float
    y: float
    text: str
    own: bool
    end: Point


@dataclass(frozen=True)
class Drawn:
    """One area's line: runs of points (a gap in the data is a gap in the line), and what is said of it."""

    kind: str
    """``own``, ``whole`` (the plan area beside a district) or ``other``."""
    runs: list[list[Point]]
    title: str


@dataclass(frozen=True)
class Aim:
    """A milestone: its diamond, its label, and the straight path from the first value to it."""

    x: float
    y: float
    text: str
    label: Point
    anchor: str
    path: tuple[Point, Point] | None


@dataclass(frozen=True)
class Picture:
    """A whole drawing, ready for the template."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    rows: list[tuple[float, str]]
    """Height and text of each line of the grid."""
    columns: list[tuple[float, str]]
    """Place and text of each period; the text is empty where it would touch its neighbour's."""
    lines: list[Drawn]
    aims: list[Aim]
    labels: list[Label]


@dataclass(frozen=True)
class _Frame:
    """Where days and values stand on the drawing."""

    first: date
    last: date
    right: float
    floor: int

    def x(self, day: date) -> float:
        start, end = LEFT + 6, self.right - 6
        if self.last == self.first:
            return (start + end) / 2
        return start + (end - start) * (day - self.first).days / (self.last - self.first).days

    def y(self, value: float) -> float:
        return TOP + (100 - value) * (HEIGHT - TOP - BOTTOM) / (100 - self.floor)


def draw(trend: Trend, code: str, name: Callable[[str], str], t: Catalogue, fmt: Format) -> Picture:
    """The drawing of a trend as ``code`` sees it; its own line is the trend's last."""
    days = [p.as_of for p in trend.periods]
    last = {line.district_code: found for line in trend.lines if (found := _last(line))}
    texts = {area: f"{name(area)} {fmt.rate(value, trend.thresholds)}" for area, (_, value) in last.items()}
    shown = _labelled({area: value for area, (_, value) in last.items()}, code)
    room = max((breadth(texts[area]) * (1.1 if area == code else 1) for area in shown), default=0)
    targets = [m for m in trend.milestones if m.progress.target is not None and m.progress.due_date is not None]
    dates = [*days, *(m.progress.due_date for m in targets if m.progress.due_date)]
    frame = _Frame(min(dates), max(dates), WIDTH - min(170.0, room + 14), _floor(trend, targets))
    ends = {area: (frame.x(days[n]), frame.y(value)) for area, (n, value) in last.items() if area in shown}
    places = _apart({area: y for area, (_, y) in ends.items()}, TOP - 8, HEIGHT - BOTTOM)
    return Picture(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=frame.right,
        bottom=HEIGHT - BOTTOM,
        rows=[(frame.y(v), f"{v}%") for v in range(100, frame.floor - 1, -20 if frame.floor < 50 else -10)],
        columns=_columns([(frame.x(day), fmt.month(day)) for day in days]),
        lines=sorted(
            (_line(line, code, frame, trend, name(line.district_code), fmt) for line in trend.lines),
            key=lambda line: ("other", "whole", "own").index(line.kind),
        ),
        aims=[_aim(m, trend, frame, t, fmt) for m in targets],
        labels=[Label(frame.right + 6, y, texts[area], area == code, ends[area]) for area, y in places.items()],
    )


def _line(line: Line, code: str, frame: _Frame, trend: Trend, area: str, fmt: Format) -> Drawn:
    kind = "own" if line.district_code == code else "whole" if line.district_code == ALL else "other"
    points = [
        None if f is None or f.value is None else (frame.x(p.as_of), frame.y(f.value))
        for p, f in zip(trend.periods, line.figures, strict=True)
    ]
    return Drawn(kind, _runs(points), _title(line, area, trend, fmt))


def breadth(text: str, letter: float = LETTER) -> float:
    """About how wide a text is: Chinese letters are square, others a little over half of that."""
    return sum(letter if ord(sign) > 0x2E7F else 0.56 * letter for sign in text)


def _floor(trend: Trend, targets: Sequence[Measure]) -> int:
    """Where the scale begins: a multiple of ten below everything shown, never above 60."""
    values = [f.value for line in trend.lines for f in line.figures if f and f.value is not None]
    low = min([*values, *(float(m.progress.target or 0) for m in targets)], default=0)
    return min(60, max(0, int(low // 10) * 10 - (10 if low % 10 < 4 else 0)))


def _last(line: Line) -> tuple[int, float] | None:
    """The last period with a value, and the value."""
    return next(((n, f.value) for n, f in reversed(list(enumerate(line.figures))) if f and f.value is not None), None)


def _labelled(values: dict[str, float], code: str) -> set[str]:
    """The areas whose lines get a label."""
    if len(values) <= LABELLED:
        return set(values)
    order = sorted(values, key=lambda area: (values[area], area))
    return {*order[:2], order[-1], *({code} & values.keys())}


def _runs(points: Sequence[Point | None]) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    for point in points:
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _title(line: Line, area: str, trend: Trend, fmt: Format) -> str:
    said = (
        f"{fmt.month(p.as_of)} {fmt.rate(f.value, trend.thresholds)}"
        + (f" ({fmt.count(f.numerator)}/{fmt.count(f.denominator)})" if f.denominator is not None else "")
        for p, f in zip(trend.periods, line.figures, strict=True)
        if f and f.value is not None
    )
    return f"{area}: " + "; ".join(said)


def _columns(places: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The periods from left to right, those without room for their text left blank; the last always has it."""
    found: list[tuple[float, str]] = []
    limit = float("inf")
    for place, text in reversed(places):
        half = breadth(text) / 2
        fits = place + half + 4 <= limit
        found.append((place, text if fits else ""))
        limit = place - half if fits else limit
    return found[::-1]


def _aim(measure: Measure, trend: Trend, frame: _Frame, t: Catalogue, fmt: Format) -> Aim:
    progress = measure.progress
    assert progress.due_date is not None
    text = str(t("trends.target", target=f"{t.label('operator', progress.operator)}{fmt.target(progress.target)}"))
    x, y = frame.x(progress.due_date), frame.y(float(progress.target or 0))
    known = [
        (frame.x(p.as_of), frame.y(f.value))
        for p, f in zip(trend.periods, trend.lines[-1].figures, strict=True)
        if f and f.value is not None and p.as_of < progress.due_date
    ]
    anchor = "end" if x + breadth(text) / 2 > frame.right + 4 else "middle"
    return Aim(x, y, text, (x + (6 if anchor == "end" else 0), y - 9), anchor, (known[0], (x, y)) if known else None)


def _apart(places: dict[str, float], top: float, bottom: float) -> dict[str, float]:
    """The places moved so far apart that labels don't touch, in the same order and within the bounds."""
    order = sorted(places, key=lambda area: (places[area], area))
    moved: list[float] = []
    for area in order:
        moved.append(max(places[area], moved[-1] + ROW if moved else top))
    limit = bottom
    for n in range(len(moved) - 1, -1, -1):
        moved[n] = min(moved[n], limit)
        limit = moved[n] - ROW
    return dict(zip(order, moved, strict=True))
