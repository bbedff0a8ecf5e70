"""What reading one cell yields: a value or a reason why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

State = Literal["blank", "unknown", "not_applicable", "read", "approximate", "withheld"]
"""blank: empty cell · unknown: 不详, 暂无资料 · not_applicable: 「/」, 不适用 · approximate: read, with a warning ·
withheld: something is there that can't be read; the value is null and the problem says why."""

Precision = Literal["day", "month", "year", "decade"]
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """A question to the district about one cell. Texts are Chinese and never repeat what was typed."""

    rule_id: str
    severity: Severity
    message: str
    remedy: str


@dataclass(frozen=True)
class Parsed:
    """One cell as read. ``value`` is typed by the column, or None.

    ``marker`` tells rules that see the whole row what the value alone does not: ``in_progress`` (筹备中 as a tick),
    ``needs_company`` (有物业 counts only where a company is named), ``unit_not_stated`` (an area without any unit),
    ``open_ended`` (至今), ``mode:<code>`` (a management mode typed where the company belongs),
    ``ambiguous_percent`` (a lone 1).
    """

    value: Any = None
    state: State = "blank"
    precision: Precision | None = None
    problem: Problem | None = None
    marker: str | None = None
    raw: str | None = None
    """The text as typed (dates only: records keep it)."""

    def withhold(self, problem: Problem) -> Parsed:
        """The same cell with its value withheld for this reason."""
        return replace(self, value=None, precision=None, state="withheld", problem=problem)


BLANK = Parsed()
