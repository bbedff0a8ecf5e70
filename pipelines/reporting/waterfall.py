"""How one number becomes another, step by step, as a static drawing: points lost, communities come and gone.

Start and end are marks, not bars, so that the scale need not begin at 0: small steps stay visible and no length lies.
The table beside the drawing says the same in numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipelines.reporting.format import Number, exact

WIDTH, ROW = 360, 21
VALUES = 52
"""Room for the numbers on the right."""


@dataclass(frozen=True)
class Step:
    """What a step is called, by how much it moves the number, and how that is written."""

    label: str
    change: Number
    text: str


@dataclass(frozen=True)
class End:
    """The number at the start or the end."""

    label: str
    value: Number
    text: str


def floor_of(values: Sequence[Number]) -> int:
    """Where a scale to 100 begins so that every value has its place: a multiple of ten below the lowest."""
    return max(0, int(min(values, default=0)) // 10 * 10)


def draw(
    start: End, steps: Sequence[Step], end: End, scale: tuple[Number, Number], said: str, grid: int = 10
) -> Markup:
    """The drawing on a scale from its first to its last value, a line every ``grid``.

    ``said``: all of it in words, for screen readers.
    """
    low, high = (exact(value) for value in scale)
    labels = _room(start.label, end.label, *(step.label for step in steps))
    width = (WIDTH - labels - VALUES) / (float(high - low) or 1)
    height = ROW * (len(steps) + 2)

    def x(value: Number) -> float:
        return labels + float(exact(value) - low) * width

    parts = [
        Markup('<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{y}"/>').format(x=x(tick), y=height)
        for tick in range(-(-int(low) // grid) * grid, int(high) + 1, grid)
    ]
    parts.append(_end(0, start, x(start.value), labels))
    now = exact(start.value)
    for number, step in enumerate(steps, 1):
        after = now + exact(step.change)
        parts.append(
            Markup(
                '<text class="label" x="{label}" y="{y}">{text}</text>'
                '<rect class="{kind}" x="{x:.1f}" y="{top}" width="{width:.1f}" height="{height}"/>'
                '<line class="step" x1="{to:.1f}" x2="{to:.1f}" y1="{top}" y2="{below}"/>'
                '<text class="value" x="{right}" y="{y}">{value}</text>'
            ).format(
                label=labels - 8,
                y=ROW * number + 15,
                text=step.label,
                kind="gain" if step.change > 0 else "loss",
                x=x(min(now, after)),
                to=x(after),
                top=ROW * number + 4,
                width=max(0.8, abs(float(after - now)) * width),
                height=ROW - 8,
                below=ROW * (number + 1) + 4,
                right=WIDTH,
                value=step.text,
            )
        )
        now = after
    parts.append(_end(len(steps) + 1, end, x(end.value), labels))
    return Markup(
        '<svg class="waterfall" viewBox="0 0 {width} {height}" role="img" aria-label="{said}">{parts}</svg>'
    ).format(width=WIDTH, height=height, said=said, parts=Markup("").join(parts))


def _room(*labels: str) -> int:
    """Room for the words on the left, by the width of letters at their size: a Chinese one is as wide as it is high."""
    widest = max(sum(12 if ord(char) > 0x2E80 else 6.5 for char in label) for label in labels)
    return min(190, max(60, int(widest) + 14))


def _end(row: int, end: End, place: float, labels: int) -> Markup:
    """A mark at the place of the number."""
    return Markup(
        '<text class="label end" x="{label}" y="{y}">{text}</text>'
        '<circle class="mark" cx="{x:.1f}" cy="{middle}" r="4"/>'
        '<text class="value end" x="{right}" y="{y}">{value}</text>'
    ).format(
        label=labels - 8,
        y=ROW * row + 15,
        text=end.label,
        x=place,
        middle=ROW * row + 10.5,
        right=WIDTH,
        value=end.text,
    )
