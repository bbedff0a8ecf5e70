"""Rules against the district's earlier ledgers: what vanished, changed or appeared (R30–R33), and the sum of it (T12).

Identity follows the register's: code and name, a declared rename or former code, name and subdistrict, code in the same
subdistrict, name and address. A code whose name *and* subdistrict both differ has been reused and proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.forms.dates import last_day
from pipelines.forms.keys import name_key
from pipelines.intake.rules.base import ERROR, WARNING, Rule, listed

R30 = listed(
    "R30",
    WARNING,
    "community",
    "households",
    "与{period}相比，{what}由{before}变为{after}，变化超过10%，而变更情况没有说明",
    "核对数值；确有变化的在“变更情况”“变更原因”中说明",
    "history",
)
R31 = listed(
    "R31",
    ERROR,
    "community",
    None,
    "{period}中的小区“{name}”本期没有填报，也没有变更记录；仍计入分母，不计入分子",
    "补填该小区；已合并、拆分、更名、拆除的，在“变更情况”“原小区编码”中写明",
    "history",
)
R32 = listed(
    "R32",
    ERROR,
    "community",
    "community_code",
    "该编码在{period}属于另一个小区“{name}”，编码未采用",
    "编码一经编定不得挪用；请填写本小区自己的编码",
    "history",
    withholds="community_code",
)
R33 = listed(
    "R33",
    WARNING,
    "community",
    "change_type",
    "上期台账没有这个小区，而它在{period}截止日期前已经建成或交付，属于以前漏报",
    "在“变更情况”中选“补录”并说明原因",
    "history",
)

T12 = listed(
    "T12",
    WARNING,
    "community",
    None,
    "{period}有{opening}个小区，加上本期填报的新增{added}个、拆分多出{split}个、补录{corrected}个，减去合并减少{merged}个、"
    "核销{demolished}个，本期应有{expected}个，实际填报{closing}个",
    "逐个核对：多出的小区选“新增”或“补录”，少了的小区补填，或在“变更情况”“原小区编码”中写明去向",
    "history",
)
NOT_CONSERVED = listed(
    "change_not_conserved",
    WARNING,
    "community",
    "households",
    "{change}前{what}共{before}，{change}后共{after}，相差超过1%",
    "核对{change}前后的数值和“原小区编码”是否写全；确有变化的写明变更原因",
    "history",
)

CHANGE_LIMIT = Decimal("0.1")
"""R30: so much may households and area change from ledger to ledger without a word."""

CONSERVED = Decimal("0.01")
"""So much of households and area a merge or a split may gain or lose."""

COLUMNS = (
    "source_sheet",
    "source_row",
    "community_code",
    "community_name",
    "name_key",
    "subdistrict_key",
    "address_key",
    "change_type",
    "prior_codes",
    "households",
    "floor_area_sqm",
    *(f"{day}{part}" for day in ("delivered_date", "completed_date", "built_year") for part in ("", "_precision")),
)
"""What these rules read of a community record."""


@dataclass(frozen=True)
class Ledger:
    """The communities of one earlier ledger: its period's name, as-of date and records (``COLUMNS``)."""

    period: str
    as_of: date
    rows: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class _Index:
    """The rows of a ledger, by what identifies them."""

    code: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    street: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    address: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    bare: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    """Codes and name keys that rows of this ledger say they come from."""

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> _Index:
        index = cls()
        for row in rows:
            name, street, address = row["name_key"], row["subdistrict_key"], row["address_key"]
            if code := row["community_code"]:
                index.code.setdefault(code, []).append(row)
            if name and street:
                index.street.setdefault((name, street), row)
            if name and address:
                index.address.setdefault((name, address), row)
            if name and not street and not address:
                index.bare.setdefault(name, row)
            for former in _former(row):
                index.former |= {former, _bare(former)}
        return index

    def holds(self, code: str | None, name: str | None) -> bool:
        """Whether some row has both."""
        return any(row["name_key"] == name for row in self.code.get(code or "", ()))

    def find(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The row of this ledger that is the same community."""
        name, street, address = row["name_key"], row["subdistrict_key"], row["address_key"]
        same_code = self.code.get(row["community_code"] or "", [])
        for other in same_code:
            if other["name_key"] == name or "rename" in (other["change_type"], row["change_type"]):
                return other
        if name and street and (name, street) in self.street:
            return self.street[name, street]
        if len(same_code) == 1 and _same_street(street, same_code[0]["subdistrict_key"]):
            return same_code[0]
        if name and address and (name, address) in self.address:
            return self.address[name, address]
        return self.bare.get(name) if name and not street and not address else None


def _former(row: Mapping[str, Any]) -> list[str]:
    """The codes or names that a row says it comes from."""
    return [former for former in (row["prior_codes"] or "").split("、") if former]


def _bare(former: str) -> str:
    """A former name as names are compared, without the subdistrict before the stroke."""
    return name_key(former.rpartition("/")[2]) or former


def _same_street(one: str | None, other: str | None) -> bool:
    return not one or not other or one == other


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding of these rules. ``row``: the community record it is about; None = the sheet as a whole."""

    rule: Rule
    row: Mapping[str, Any] | None
    values: Mapping[str, object]
    field: str | None = None
    entity: str | None = None


def ledger_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Community records as these rules take them."""
    return frame.select(COLUMNS).to_dicts()


def standing(ledgers: Sequence[Ledger]) -> list[tuple[Mapping[str, Any], Ledger]]:
    """The communities that stand after these ledgers (in the order of time), each with the ledger that last had it."""
    known: list[tuple[Mapping[str, Any], Ledger]] = []
    for ledger in ledgers:
        index = _Index.of(ledger.rows)
        live = [row for row in ledger.rows if row["change_type"] != "demolished"]
        lost = [(row, seen) for row, seen in known if index.find(row) is None and not _is_former(row, index)]
        known = lost + [(row, ledger) for row in live]
    return known


def _is_former(row: Mapping[str, Any], index: _Index) -> bool:
    return bool({row["community_code"], row["name_key"]} & index.former)


def compare(rows: Sequence[Mapping[str, Any]], ledgers: Sequence[Ledger]) -> list[Remark]:
    """What these rules find in a ledger, given the district's earlier ones in the order of time."""
    if not ledgers:
        return []
    known = standing(ledgers)
    gone = _gone(ledgers, known)
    now, before = _Index.of(rows), _Index.of(row for row, _ in known)
    seen_in = {id(row): ledger for row, ledger in known}
    remarks: list[Remark] = []
    for row, ledger in known:
        if now.find(row) is None and not _is_former(row, now):
            values = {"period": ledger.period, "name": row["community_name"]}
            remarks.append(Remark(R31, None, values, None, row["community_name"]))
    last = ledgers[-1]
    for row in rows:
        earlier = before.find(row)
        if earlier and earlier["name_key"] != row["name_key"] and now.holds(row["community_code"], earlier["name_key"]):
            earlier = None  # the community that holds the code stands beside this row, its last row perhaps
        if earlier is None:
            remarks += _reused(row, before, seen_in, gone)
            if _is_omitted(row, last.as_of):
                remarks.append(Remark(R33, row, {"period": last.period}, R33.field, row["community_name"]))
        else:
            remarks += _changed(row, earlier, seen_in[id(earlier)])
    return [*remarks, *_conserved(rows, known), *_balance(rows, known, last)]


def _gone(
    ledgers: Sequence[Ledger], known: Iterable[tuple[Mapping[str, Any], Ledger]]
) -> dict[str, tuple[Mapping[str, Any], Ledger]]:
    """Codes that only communities held which have ended."""
    held = {row["community_code"]: (row, ledger) for ledger in ledgers for row in ledger.rows if row["community_code"]}
    for row, _ in known:
        held.pop(row["community_code"], None)
    return held


def _reused(
    row: Mapping[str, Any],
    before: _Index,
    seen_in: Mapping[int, Ledger],
    gone: Mapping[str, tuple[Mapping[str, Any], Ledger]],
) -> list[Remark]:
    """A new community under the code of another: one that stands (elsewhere, by another name) or one that has ended."""
    code = row["community_code"] or ""
    if holders := before.code.get(code):
        holder, ledger = holders[0], seen_in[id(holders[0])]
    elif code in gone and gone[code][0]["name_key"] != row["name_key"]:
        holder, ledger = gone[code]
    else:
        return []
    values = {"period": ledger.period, "name": holder["community_name"]}
    return [Remark(R32, row, values, R32.field, row["community_name"])]


def _is_omitted(row: Mapping[str, Any], as_of: date) -> bool:
    """A new row that stood before the last as-of date; merged, split and renamed ones say where they come from."""
    if row["change_type"] in ("scope_correction", "merge", "split", "rename", "demolished"):
        return False
    for day in ("delivered_date", "completed_date", "built_year"):
        if row[day]:
            return last_day(row[day], row[f"{day}_precision"]) < as_of
    return False


def _changed(row: Mapping[str, Any], earlier: Mapping[str, Any], ledger: Ledger) -> list[Remark]:
    if row["change_type"] not in (None, "unchanged"):
        return []
    found = []
    for name, what in (("households", "总户数"), ("floor_area_sqm", "建筑面积")):
        before, after = earlier[name], row[name]
        if before and after and abs(Decimal(after) - Decimal(before)) > CHANGE_LIMIT * Decimal(before):
            values = {"period": ledger.period, "what": what, "before": before, "after": after}
            found.append(Remark(R30, row, values, name, row["community_name"]))
    return found


Known = Sequence[tuple[Mapping[str, Any], Ledger]]


def _by_reference(known: Known) -> dict[str, Mapping[str, Any]]:
    """The communities that stood, by what may refer to them: code, and name where only one bears it."""
    found: dict[str, Mapping[str, Any]] = {}
    names: dict[str, list[Mapping[str, Any]]] = {}
    for row, _ in known:
        if row["community_code"]:
            found[row["community_code"]] = row
        names.setdefault(row["name_key"], []).append(row)
    return {name: rows[0] for name, rows in names.items() if len(rows) == 1} | found


def _parents(row: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> dict[int, Mapping[str, Any] | None]:
    """The communities a merged row comes from, each once, itself too where it stood before. None: unknown here."""
    parents: dict[int, Mapping[str, Any] | None] = {}
    for number, former in enumerate(_former(row)):
        parent = known.get(former) or known.get(_bare(former))
        parents[id(parent) if parent else -number - 1] = parent
    own = known.get(row["community_code"] or "") or known.get(row["name_key"])
    if own:
        parents[id(own)] = own
    return parents


def _children(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """What each community was split into: rows that name it, and the row that goes on under its code or name."""
    children: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["change_type"] == "split":
            for former in _former(row):
                children.setdefault(former, []).append(row)
    for former, parts in children.items():
        same = (row for row in rows if former == row["community_code"] or _bare(former) == row["name_key"])
        parts += [row for row in same if row["change_type"] != "demolished" and all(row is not part for part in parts)]
    return children


def _conserved(rows: Sequence[Mapping[str, Any]], known: Known) -> list[Remark]:
    """Merges and splits that gain or lose more than a percent of households or area."""
    if not any(row["change_type"] in ("merge", "split") for row in rows):
        return []
    places = _by_reference(known)
    changes: list[tuple[str, Mapping[str, Any], Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]] = []
    for row in rows:
        parents = list(_parents(row, places).values()) if row["change_type"] == "merge" else []
        if len(parents) > 1 and None not in parents:
            changes.append(("合并", row, [parent for parent in parents if parent], [row]))
    for former, parts in _children(rows).items():
        parent = places.get(former) or places.get(_bare(former))
        if parent and len(parts) > 1:
            changes.append(("拆分", parts[0], [parent], parts))
    found = []
    for change, row, olds, news in changes:
        for name, what in (("households", "总户数"), ("floor_area_sqm", "建筑面积")):
            if any(one[name] is None for one in (*olds, *news)):
                continue
            before, after = (sum((Decimal(one[name]) for one in side), Decimal(0)) for side in (olds, news))
            if abs(after - before) > CONSERVED * before:
                values = {"change": change, "what": what, "before": before, "after": after}
                found.append(Remark(NOT_CONSERVED, row, values, name, row["community_name"]))
    return found


def _balance(rows: Sequence[Mapping[str, Any]], known: Known, last: Ledger) -> list[Remark]:
    """T12, building sites included. A merge or split that does not say of what leaves nothing to reckon with."""
    changes = [row["change_type"] for row in rows]
    if any(row["change_type"] in ("merge", "split") and not _former(row) for row in rows):
        return []
    places = _by_reference(known)
    numbers = {
        "opening": len(known),
        "added": changes.count("new_delivery"),
        "split": sum(len(parts) - 1 for parts in _children(rows).values()),
        "corrected": changes.count("scope_correction"),
        "merged": sum(len(_parents(row, places)) - 1 for row in rows if row["change_type"] == "merge"),
        "demolished": changes.count("demolished"),
        "closing": len(rows) - changes.count("demolished"),
    }
    gained = numbers["added"] + numbers["split"] + numbers["corrected"]
    numbers["expected"] = numbers["opening"] + gained - numbers["merged"] - numbers["demolished"]
    if numbers["expected"] == numbers["closing"]:
        return []
    return [Remark(T12, None, {"period": last.period, **numbers})]
