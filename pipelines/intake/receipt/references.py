"""Which formulas of a workbook still work where some of its sheets, tables and names are left out.

One that does not would show #REF! or #NAME? once Excel calculates, or keep it from opening the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

MOST_ROUNDS = 20
"""So deep may names build on names."""
_OTHER_FILE = re.compile(r"\[\d+\]")
_SHEET = re.compile(r"'((?:[^']|'')+)'!|([^\s'!,;:()&+*/=<>^{}\[\]-]+)!")
_TABLE = re.compile(r"([^\W\d][\w.]*)\[")
_WORD = re.compile(r"[^\W\d][\w.]*")


class References:
    """What is still there. Formulas are given as they stand in the XML."""

    def __init__(self, sheets: Iterable[str], tables: Iterable[str]) -> None:
        self.sheets = {name.lower() for name in sheets}
        self.tables = {name.lower() for name in tables}
        self.gone: set[str] = set()
        """Defined names that are left out."""

    def leave_out(self, names: Iterable[tuple[str, str]]) -> None:
        """Learn the defined names (name, formula): those that do not work are left out, and what builds on them."""
        rest = list(names)
        for _ in range(MOST_ROUNDS):
            judged = [(self.is_broken(text), name, text) for name, text in rest]
            broken = {name.lower() for is_broken, name, _ in judged if is_broken}
            if not broken:
                break
            self.gone |= broken
            rest = [(name, text) for is_broken, name, text in judged if not is_broken]

    def is_broken(self, formula: str) -> bool:
        """Whether a formula refers to another file, or to a sheet, table or name that is left out."""
        if not self.gone and "!" not in formula and "[" not in formula:
            return False
        bare = re.sub(r'"[^"]*"', '""', unescape(formula))
        if "#REF" in bare or _OTHER_FILE.search(bare):
            return True
        named = {(quoted or plain).replace("''", "'").lower() for quoted, plain in _SHEET.findall(bare)}
        if not named <= self.sheets:
            return True
        if "[" in bare and not {name.lower() for name in _TABLE.findall(bare)} <= self.tables:
            return True
        return bool(self.gone) and not self.gone.isdisjoint(word.lower() for word in _WORD.findall(bare))
