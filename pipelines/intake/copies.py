"""Sheets that are copies of another one (小区明细 (2), 企业明细-副本, 小区明细最终版): the plain name counts.

A sheet with such a name may also carry on where the first one ends, so its rows decide: a copy lists the same things.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.intake.layout import SheetLayout
from pipelines.intake.layout.grid import compact

_MARK = re.compile(
    r"[\s_\-—]*[(（]?(?:\d{1,2}|副本\d*|备份\d*|旧表?|作废|原稿|old|copy|backup|最终版?\d*|终稿\d*|修改稿?\d*|改\d*|v\d+)[)）]?$",
    re.IGNORECASE,
)
SAME = 0.5
"""From so much of its rows on a sheet repeats another one."""


def set_copies_aside(layouts: Sequence[SheetLayout]) -> None:
    """Take the tables of copies away and note what they copy."""
    if len(layouts) < 2:
        return
    by_name = {item.sheet.name.strip(): item for item in layouts}
    for item in layouts:
        name = item.sheet.name.strip()
        plain = _MARK.sub("", name)
        original = by_name.get(plain) if plain and plain != name else None
        if original is None or original.form is None or original.form is not item.form:
            continue
        own, others = _things(item), set(_things(original))
        if own and sum(thing in others for thing in own) >= SAME * len(own):
            item.copy_of, item.form, item.tables = original.sheet.name, None, []


def _things(item: SheetLayout) -> list[str]:
    """What the rows of a sheet are about."""
    found = []
    for table in item.tables:
        columns = [table.fields[c.field].index for c in table.form.columns if c.identity and c.field in table.fields]
        for row in table.data_rows:
            line = table.sheet.cells[row]
            found.append(" ".join(compact(line[index]) for index in columns if index < len(line)))
    return [thing for thing in found if thing]
