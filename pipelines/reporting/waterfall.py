"""Where the points went: from full marks down to the score, one step per group of the rubric, drawn as static SVG.

Full marks and score are marks, not bars, so that the scale need not begin at 0: small losses stay visible and no length
lies. The table beside the drawing says the same in numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipelines.reporting.format import Number, round_half_up

WIDTH, ROW = 360, 21
LABELS, VALUES = 112, 52
"""Room for the words on the left and the numbers on the right."""


@dataclass(frozen=True)
class Step:
    """A group's loss, in points of a hundred."""

    label: str
    lost: Number


def floor_of(scores: Sequence[Number]) -> int:
    """Where the scale begins so that every score has its place: a multiple of ten below the lowest."""
    return max(0, int(min(scores, default=0)) // 10 * 10)


def draw(steps: Sequence[Step], score: Number, floor: int, full: str, total: str, said: str) -> Markup:
    """The drawing. ``full``, ``total``: the words at its ends; ``said``: all of it in words, for screen readers."""
    scale = (WIDTH - LABELS - VALUES) / (100 - floor)

    def x(points: Number) -> float:
        return LABELS + (float(points) - floor) * scale

    parts = [
        Markup('<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{y}"/>').format(
            x=x(tick), y=ROW * (len(steps) + 2)
        )
        for tick in range(floor, 101, 10)
    ]
    parts.append(_end(0, full, "100", x(100)))
    left: Number = 100
    for number, step in enumerate(steps, 1):
        after = left - step.lost  # type: ignore[operator]
        parts.append(
            Markup(
                '<text class="label" x="{label}" y="{y}">{text}</text>'
                '<rect class="loss" x="{x:.1f}" y="{top}" width="{width:.1f}" height="{height}"/>'
                '<line class="step" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{below}"/>'
                '<text class="value" x="{right}" y="{y}">{value}</text>'
            ).format(
                label=LABELS - 8,
                y=ROW * number + 15,
                text=step.label,
                x=x(after),
                top=ROW * number + 4,
                width=max(0.8, (float(left) - float(after)) * scale),
                height=ROW - 8,
                below=ROW * (number + 1) + 4,
                right=WIDTH,
                value=f"−{float(round_half_up(step.lost, 2)):.2f}",
            )
        )
        left = after
    parts.append(_end(len(steps) + 1, total, f"{float(score):.2f}", x(score)))
    return Markup(
        '<svg class="waterfall" viewBox="0 0 {width} {height}" role="img" aria-label="{said}">{parts}</svg>'
    ).format(width=WIDTH, height=ROW * (len(steps) + 2), said=said, parts=Markup("").join(parts))


def _end(row: int, label: str, value: str, place: float) -> Markup:
    """Full marks, or the score: a mark at its place."""
    return Markup(
        '<text class="label end" x="{label}" y="{y}">{text}</text>'
        '<circle class="mark" cx="{x:.1f}" cy="{middle}" r="4"/>'
        '<text class="value end" x="{right}" y="{y}">{value}</text>'
    ).format(label=LABELS - 8, y=ROW * row + 15, text=label, x=place, middle=ROW * row + 10.5, right=WIDTH, value=value)
