"""R07: sub-areas that a ledger gives in columns of its own (住宅面积, 商业面积 …) against the whole.

The forms have no such columns, so nothing is stored of them; they are looked at only where a sheet has a complete set.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipelines.forms.units import Unit
from pipelines.intake.issues import Issue
from pipelines.intake.layout import Table
from pipelines.intake.rules.community import SUB_AREAS
from pipelines.intake.validate import at_cell, display

_KINDS = {
    "非住宅": re.compile(r"非住宅"),
    "住宅": re.compile(r"住宅"),
    "商业": re.compile(r"商业|商铺|商用"),
    "其他": re.compile(r"其他|其它"),
    "地上": re.compile(r"地上"),
    "地下": re.compile(r"地下"),
}
"""What a header calls a part; the first that fits."""
_SETS = ({"住宅", "非住宅"}, {"住宅", "商业", "其他"}, {"地上", "地下"})
"""Parts that make up the whole."""
_OTHER_AREAS = re.compile(r"占地|用地|绿化|户均|套内|在管|车库|车位")
SLACK = Decimal("0.01")


def sub_areas(table: Table, units: Sequence[Unit]) -> Iterator[Issue]:
    """The rows of a sheet of communities whose sub-areas do not add up to the whole (±1 %).

    A blank part may be nothing or unknown: then only a sum above the whole is certainly wrong.
    """
    whole = table.fields.get("floor_area_sqm")
    if table.form.name != "community" or whole is None or not table.unmapped:
        return
    parts = {kind: (index, unit) for kind, index, unit in _parts(table)}
    names = next((kinds for kinds in _SETS if kinds <= parts.keys()), None)
    if names is None:
        return
    stated = next((unit.name for unit in (*table.unit_note, *units) if unit.dimension == "area"), None)
    for row in table.data_rows:
        total = _area(table, row, whole.index, whole.unit or stated)
        found = [_area(table, row, parts[name][0], parts[name][1] or whole.unit or stated) for name in names]
        known = [area for area in found if area is not None]
        if total is None or not known:
            continue
        difference, slack = sum(known) - total, SLACK * total
        if difference > slack or (len(known) == len(found) and difference < -slack):
            message = SUB_AREAS.message.format(
                names="、".join(kind for kind in _KINDS if kind in names),
                parts=display(sum(known, Decimal(0))),
                total=display(total),
            )
            yield at_cell(SUB_AREAS, table, row, "floor_area_sqm", message, SUB_AREAS.remedy)


def _parts(table: Table) -> Iterator[tuple[str, int, str | None]]:
    for column in table.unmapped:
        header = unicodedata.normalize("NFKC", column.header)
        if "面积" in header and not _OTHER_AREAS.search(header):
            kind = next((kind for kind, pattern in _KINDS.items() if pattern.search(header)), None)
            if kind:
                yield kind, column.index, column.unit


def _area(table: Table, row: int, index: int, unit: str | None) -> Decimal | None:
    line = table.sheet.cells[row]
    read = table.form.column("floor_area_sqm").parse(line[index] if index < len(line) else None, unit=unit)
    return read.value if read.state == "read" else None
