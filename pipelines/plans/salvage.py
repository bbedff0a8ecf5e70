"""What is still a plan in a file with mistakes, so that one mistake doesn't hide the others.

Unknown keys are left out, missing texts filled in, and what can't be read is taken out with the list entry it stands
in. The rest is a plan whose parts can be checked against each other; ``place`` leads from it back to the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipelines.plans.model import Plan
from pipelines.plans.source import Path

_TEXT = "-"
_NAME = {"zh": _TEXT, "en": _TEXT}
_STAND_INS: dict[str, Any] = {
    "id": "plan",
    "name": _NAME,
    "definition": _NAME,
    "note": _NAME,
    "what": _NAME,
    "zh": _TEXT,
    "en": _TEXT,
    "clause": _TEXT,
    "issuer": _TEXT,
    "unit": _TEXT,
    "start": "0001-01-01",
    "end": "9999-12-31",
    "region": {"code": None, "name": _TEXT},
    "parameters": {"bodies_counted": ["owners_committee"], "counted_statuses": ["formed"]},
}
"""What stands for a text or value that is missing or can't be read; nothing is checked against these."""
_ROUNDS = 12


class Salvage:
    """The plan that is left of a file's value (None when nothing is), and what was lost of it."""

    def __init__(self, value: dict[str, Any], errors: Iterable[ErrorDetails]) -> None:
        self._value = value
        self.lost: set[Path] = set()
        """Places of the file that the plan does not have."""
        self._filled: dict[Path, Any] = {}
        self._kept: dict[Path, list[int]] = {}
        self.plan = self._rescue(errors)

    def _rescue(self, errors: Iterable[ErrorDetails]) -> Plan | None:
        for _ in range(_ROUNDS):
            before = (len(self.lost), len(self._filled))
            gone = frozenset(self.lost)
            for error in errors:
                self._mend(error, gone)
            if (len(self.lost), len(self._filled)) == before:
                return None
            try:
                return Plan.model_validate(self._copy(self._value, ()))
            except ValidationError as error:
                errors = error.errors(include_url=False)
        return None

    def _mend(self, error: ErrorDetails, gone: frozenset[Path]) -> None:
        """Do something about one error. ``gone``: what had been lost before the errors were found."""
        path = self.place(tuple(error["loc"]))
        if not path:
            return
        name = str(path[-1])
        if error["type"] == "extra_forbidden":  # of a milestone, most likely its operator: it has no target then
            self.lost.add(path[:-1] if "milestones" in path[-3:] else path)
        elif name in _STAND_INS and path not in self._filled and (len(path) == 1 or error["type"] == "missing"):
            self._filled[path] = _STAND_INS[name]
        else:
            entry = next((n for n in range(len(path), 0, -1) if isinstance(path[n - 1], int)), 1)
            while entry > 1 and path[:entry] in gone:  # its list is now too short: the entry around it goes as well
                entry = next((n for n in range(entry - 1, 0, -1) if isinstance(path[n - 1], int)), 1)
            self.lost.add(path[:entry])

    def _copy(self, value: Any, path: Path) -> Any:
        if path in self._filled:
            return self._filled[path]
        if isinstance(value, dict):
            kept = {key: self._copy(item, (*path, key)) for key, item in value.items() if (*path, key) not in self.lost}
            missing = {p[-1]: v for p, v in self._filled.items() if p[:-1] == path and p[-1] not in kept}
            return kept | missing
        if isinstance(value, list):
            self._kept[path] = [n for n in range(len(value)) if (*path, n) not in self.lost]
            return [self._copy(value[n], (*path, n)) for n in self._kept[path]]
        return value

    def place(self, path: Path) -> Path:
        """Where in the file a part of the plan stands."""
        found: Path = ()
        for step in path:
            kept = self._kept.get(found)
            found = (*found, kept[step] if kept and isinstance(step, int) and step < len(kept) else step)
        return found

    def is_hearsay(self, path: Path, message: str) -> bool:
        """Whether a mistake found in the plan may only be there because something was lost or filled in."""
        gone = {*self.lost, *self._filled}
        if message.startswith("unknown "):
            return any(repr(name) in message for name in self._names_lost())
        if message.startswith("the points add up") or "of its occasions" in message or "from the best down" in message:
            return any(place[: len(path) - 1] == path[:-1] or place[:1] == path[:1] == ("rubric",) for place in gone)
        return any(place == path for place in self._filled)

    def _names_lost(self) -> set[str]:
        names = set()
        for path in self.lost:
            value: Any = self._value
            for step in path:  # what is missing altogether has no value
                if isinstance(value, list) and isinstance(step, int):
                    value = value[step]
                else:
                    value = value.get(step) if isinstance(value, dict) else None
            if isinstance(value, dict):
                names |= {str(value[key]) for key in ("id", "code") if key in value}
        return names
