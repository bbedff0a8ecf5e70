"""What an analyst should look at: communities that are probably one, or probably came out of one another.

``propose`` takes the register as it stands and proposes

- *duplicate*: two that the same ledgers list side by side under two spellings;
- *rename*: one that is missing, and one that appeared after it was last reported;
- *merge*: several that are missing, and one that appeared in that step and is as large as they were together.

Each proposal has a score, the evidence in Chinese, and the line of ``data/raw/register/<plan>.csv`` that would settle
it. Nothing here changes the register: only an analyst's line does. Names that differ in phase, zone or number are
never proposed as one. There are no coordinates in a ledger, so distance is not compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from pipelines.forms.keys import address_key, company_key, name_key, subdistrict_key
from pipelines.second_process import SecondProcess
from pipelines.warehouse import identity, proposals_blocks
from pipelines.warehouse.kept import NOTHING_KEPT, Kept
from pipelines.warehouse.proposals_common import Common, called
from pipelines.warehouse.proposals_evidence import FACTS, STRONG, Community, Fact, fact, lacking, most, place, weigh
from pipelines.warehouse.proposals_merges import mergers
from pipelines.warehouse.proposals_names import MOST, ONLY_RENAMES, parse, relation

LEAST = 55
"""Below this score nothing is proposed."""
GRADES = ((80, "很可能"), (65, "可能"), (LEAST, "待核"))
KINDS = {"duplicate": "疑似重复", "rename": "疑似更名", "merge": "疑似合并"}
REASON_LENGTH = 4
"""How many pieces of evidence the reason of a decision line repeats."""

INPUT_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "community_id": pl.String(),
    "community_code": pl.String(),
    "community_name": pl.String(),
    "subdistrict": pl.String(),
    "address": pl.String(),
    "company_name": pl.String(),
    "unit_type": pl.String(),
    "households": pl.Int64(),
    "floor_area_sqm": pl.Float64(),
    "building_count": pl.Int64(),
    "built": pl.Int64(),
    "is_missing": pl.Boolean(),
    "first_seq": pl.Int64(),
    "last_seq": pl.Int64(),
    "first_as_of": pl.Date(),
}
"""One row per community in the register: its record in force, the periods in which it was first and last reported
(``seq``: their number in the plan), the year it was built, and the as-of date of the first period."""

PROPOSAL_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "kind": pl.String(),
    "score": pl.Int64(),
    "grade": pl.String(),
    "community_id": pl.String(),
    "related_ids": pl.List(pl.String()),
    "community_name": pl.String(),
    "related_names": pl.List(pl.String()),
    "evidence": pl.List(pl.String()),
    "event": pl.String(),
    "community": pl.String(),
    "related": pl.List(pl.String()),
    "date": pl.Date(),
    "reason": pl.String(),
    "can_be_decided": pl.Boolean(),
}
"""``event`` to ``reason`` with ``district_code``: the decision line. ``community`` is what would give way: the other
spelling of a duplicate, the new name of a rename, the new community of a merger. ``can_be_decided``: whether the line
names each of them without doubt: by code, name, subdistrict or address."""


@dataclass(frozen=True)
class _Found:
    """A proposal while it is being made: positions in the list of communities."""

    kind: str
    score: int
    community: int
    related: tuple[int, ...]
    evidence: tuple[str, ...]


def propose(
    communities: pl.DataFrame,
    places: Mapping[str, Collection[str]] | None = None,
    distinct: pl.DataFrame | None = None,
    least: int = LEAST,
    kept: Kept = NOTHING_KEPT,
) -> pl.DataFrame:
    """Everything worth proposing, by plan and district, the surest first (``PROPOSAL_SCHEMA``).

    ``communities``: ``INPUT_SCHEMA``. ``places``: plan_id → names of its city and districts, which may stand before a
    community's name. ``distinct``: pairs (plan_id, community_id, other_id) that an analyst holds apart. ``kept``: what
    was found before among the same communities is not looked for again.
    """
    held = () if distinct is None else distinct.select("community_id", "other_id").iter_rows()
    apart = {frozenset(pair) for pair in held}
    tables = [pl.DataFrame(schema=PROPOSAL_SCHEMA)]
    ordered = communities.select(*INPUT_SCHEMA).sort("plan_id", "district_code", "first_seq", "community_id")
    with SecondProcess() as second:
        for (plan_id,), rows in ordered.group_by("plan_id", maintain_order=True):
            lists = rows.partition_by("district_code", maintain_order=True)
            names = kept.frames(called, [(one.select("community_name", "subdistrict"),) for one in lists], second.each)
            common = Common.of_each(names, (places or {}).get(str(plan_id), ()))
            apart_here = [_within(apart, one) for one in lists]
            given = [(*each, least) for each in zip(lists, common, apart_here, strict=True)]
            tables += kept.frames(_proposed, given, second.each)
    return pl.concat(tables).rechunk()


def _within(pairs: Collection[frozenset[str]], rows: pl.DataFrame) -> list[list[str]]:
    own = set(rows["community_id"]) if pairs else set()
    return sorted(sorted(pair) for pair in pairs if pair <= own)


def _proposed(rows: pl.DataFrame, common: Common, apart: Iterable[Iterable[str]], least: int) -> pl.DataFrame:
    listed = Listing(rows, common, {frozenset(pair) for pair in apart}, least)
    return _table(rows, listed.proposals())


class Listing:
    """One district's communities, and what they have in common."""

    def __init__(self, rows: pl.DataFrame, common: Common, apart: set[frozenset[str]], least: int) -> None:
        self.ids = rows["community_id"].to_list()
        self.district = rows["district_code"].item(0)
        self.missing = rows["is_missing"].to_list()
        self.common, self.apart, self.least = common, apart, least
        stated = zip(*(rows[column].to_list() for column in _STATED), strict=True)
        self.all = [_community(index, one) for index, one in enumerate(stated)]
        self.start = min(c.first for c in self.all)

    def proposals(self) -> list[_Found]:
        """Mergers and renames compete for who is gone and who is new; duplicates stand apart."""
        pairs = [found for pair in self._pairs() if (found := self._judged(*pair))]
        renames = _one_to_one(found for found in pairs if found.kind == "rename")
        merges = list(self._mergers())
        taken: set[int] = set()
        changes = []
        for found in sorted([*renames, *merges], key=_rank):
            members = {found.community, *found.related}
            if not members & taken:
                taken |= members
                changes.append(found)
        return [*_trees(self.all, (found for found in pairs if found.kind == "duplicate")), *changes]

    def _pairs(self) -> list[tuple[int, int]]:
        gone = [c for c in self.all if self.missing[c.index]]
        come = [c for c in self.all if self._is_new(c)]
        pairs = pl.concat([proposals_blocks.alike(self.all), proposals_blocks.renamed(gone, come)])
        return pairs.unique().sort("low", "high").rows()

    def _is_new(self, one: Community) -> bool:
        """It came after the district's first ledger."""
        return one.first > self.start

    def _judged(self, a: int, b: int) -> _Found | None:
        """The proposal that two are one, if it is worth making."""
        if self.apart and frozenset((self.ids[a], self.ids[b])) in self.apart:
            return None
        old, new = self.all[a], self.all[b]
        if (new.last, new.first, new.index) < (old.last, old.first, old.index):
            old, new = new, old
        kind = "duplicate" if old.last >= new.first else "rename" if self.missing[old.index] else None
        enough = self.least - most(old, new) - FACTS["next_period"]
        if kind is None or enough > MOST:
            return None
        said = relation(old.name, new.name, self.common.places, self.common.brands)
        if said is None or said.points < enough or (kind == "duplicate" and said.kind in ONLY_RENAMES):
            return None
        facts = [Fact(said.kind, said.points, said.words), *weigh(old, new, said), *self._common(old, new)]
        if self.missing[old.index] != self.missing[new.index] and kind == "duplicate":
            facts.append(Fact("gone", 0, f"“{old.name.typed}”现已不再上报"))
        if kind == "rename":
            facts += _over_time(old, new)
            if sum(found.kind in STRONG for found in facts) < ONLY_RENAMES.get(said.kind, 0):
                return None
        score = min(100, sum(found.points for found in facts))
        if score < self.least:
            return None
        evidence = [found.words for found in facts]
        evidence += filter(None, [lacking(old, new)])
        community, related = (new, old) if kind == "rename" else _keeper_last(old, new)
        return _Found(kind, score, community.index, (related.index,), tuple(evidence))

    def _common(self, one: Community, other: Community) -> Iterator[Fact]:
        """A name that other districts have too says less."""
        elsewhere = min(self.common.elsewhere.get((c.name.stem, c.name.marks), 0) for c in (one, other))
        if elsewhere:
            points = max(-12, elsewhere * FACTS["frequent"])
            yield Fact("frequent", points, f"名称常见：另有{elsewhere}个地区有同名小区")

    def _mergers(self) -> Iterator[_Found]:
        gone = [c for c in self.all if self.missing[c.index]]
        come = [c for c in self.all if self._is_new(c)]
        for merger in mergers(gone, come, self.least):
            pairs = ({self.ids[merger.child.index], self.ids[p.index]} for p in merger.parents)
            if not any(frozenset(pair) in self.apart for pair in pairs):
                words = tuple(found.words for found in merger.facts)
                parents = tuple(p.index for p in merger.parents)
                yield _Found("merge", min(100, merger.score), merger.child.index, parents, words)


_STATED = (
    "community_name",
    "address",
    "subdistrict",
    "company_name",
    "households",
    "floor_area_sqm",
    "building_count",
    "built",
    "unit_type",
    "first_seq",
    "last_seq",
    "first_as_of",
)


def _community(index: int, stated: tuple[Any, ...]) -> Community:
    typed, address, subdistrict, company, households, area, buildings, year, kind, first, last, since = stated
    name = parse(typed)
    return Community(
        index=index,
        name=name,
        place=place(address, name.roads),
        subdistrict=subdistrict_key(subdistrict),
        company=company_key(company),
        households=households,
        area=area,
        buildings=buildings,
        year=year,
        kind=kind,
        first=first,
        last=last,
        since=since.year if since else None,
    )


def _over_time(old: Community, new: Community) -> Iterator[Fact]:
    if new.first == old.last + 1:
        yield fact("next_period", "一个不再上报的同一期，另一个首次上报")
    if new.year and new.since and new.year >= new.since and new.year != old.year:
        yield fact("built_since", f"新上报的小区{new.year}年才建成")


def _keeper_last(one: Community, other: Community) -> tuple[Community, Community]:
    """The one that gives way and the one that stays: reported longer, knowing more, listed first."""

    def worth(c: Community) -> tuple[int, int, int]:
        stated = (c.subdistrict, c.place.roads, c.households, c.area, c.buildings, c.company)
        return c.last - c.first, sum(value is not None and value != () for value in stated), -c.index

    stays, gives_way = sorted((one, other), key=worth, reverse=True)
    return gives_way, stays


def _rank(found: _Found) -> tuple[int, int, tuple[int, ...]]:
    return -found.score, found.community, found.related


def _one_to_one(renames: Iterable[_Found]) -> list[_Found]:
    """Each one that is gone with one that is new; who else came into question is said."""
    ordered = sorted(renames, key=_rank)
    taken: dict[int, _Found] = {}
    others: Counter[int] = Counter()
    kept = []
    for found in ordered:
        members = (found.community, *found.related)
        if rivals := [taken[member] for member in members if member in taken]:
            others.update(rival.community for rival in rivals)
        else:
            taken |= dict.fromkeys(members, found)
            kept.append(found)

    def said(found: _Found) -> _Found:
        rivals = others[found.community]
        also = (f"另有{rivals}个小区也可能对应，请一并核对",) if rivals else ()
        return replace(found, evidence=(*found.evidence, *also))

    return [said(found) for found in kept]


def _trees(communities: Sequence[Community], duplicates: Iterable[_Found]) -> list[_Found]:
    """As few of the duplicates as join the same communities: the surest, without what follows from the others.

    Where two that would be joined contradict each other (they stand in different subdistricts), that is said.
    """

    def streets(members: Iterable[int]) -> set[str | None]:
        return {communities[index].subdistrict for index in members} - {None}

    ordered = sorted(duplicates, key=_rank)
    group = {index: {index} for found in ordered for index in (found.community, *found.related)}
    kept = []
    for found in ordered:
        here, there = group[found.community], group[found.related[0]]
        if here is there:
            continue
        if len(streets(here | there)) > 1 and len(streets((found.community, *found.related))) < 2:
            found = replace(found, evidence=(*found.evidence, "另有同名小区在其他街道，请核对是哪一个"))
        here |= there
        for index in there:
            group[index] = here
        kept.append(found)
    return kept


# ── decision lines ───────────────────────────────────────────────────────────────────────────────────────────────────


def _table(rows: pl.DataFrame, found: Sequence[_Found]) -> pl.DataFrame:
    wanted = sorted({index for one in found for index in (one.community, *one.related)})
    refs = references(rows, wanted)
    names, ids = rows["community_name"].to_list(), rows["community_id"].to_list()
    plan_id, district, as_of = rows["plan_id"].item(0), rows["district_code"].item(0), rows["first_as_of"].to_list()
    lines = []
    for one in sorted(found, key=_rank):
        members = (one.community, *one.related)
        grade = next(word for least, word in GRADES if one.score >= least or least == LEAST)
        reasons = "；".join(one.evidence[:REASON_LENGTH])
        lines.append(
            {
                "plan_id": plan_id,
                "district_code": district,
                "kind": one.kind,
                "score": one.score,
                "grade": grade,
                "community_id": ids[one.community],
                "related_ids": [ids[index] for index in one.related],
                "community_name": names[one.community],
                "related_names": [names[index] for index in one.related],
                "evidence": list(one.evidence),
                "event": "merge" if one.kind == "merge" else "same",
                "community": refs.get(one.community) or names[one.community],
                "related": [refs.get(index) or names[index] for index in one.related],
                "date": as_of[one.community] if one.kind == "merge" else None,
                "reason": f"{KINDS[one.kind]}（{grade}，{one.score}分）：{reasons}",
                "can_be_decided": all(index in refs for index in members),
            }
        )
    return pl.DataFrame(lines, schema=PROPOSAL_SCHEMA, orient="row")


def references(rows: pl.DataFrame, wanted: Sequence[int]) -> dict[int, str]:
    """Position → the code, or the name alone or with 街道 or 地址, by which a line means that one and no other."""
    if not wanted:
        return {}
    known = things(rows, pl.int_range(pl.len(), dtype=pl.Int64))
    tried: list[tuple[int, int, str, str]] = []
    named = rows.select("district_code", "community_code", "community_name", "subdistrict", "address")
    for index in wanted:
        district, code, name, street, address = named.row(index)
        cleaned = writable(name)
        at = f"{cleaned}@{writable(address) if address else ''}"
        placed = (f"{writable(street)}/{form}" if street else None for form in (cleaned, at))
        forms = (code, cleaned, *placed, at)
        tried += [(index, rank, district, form) for rank, form in enumerate(forms) if form]
    refs = pl.DataFrame(
        tried, schema={"index": pl.Int64, "rank": pl.Int64, "district_code": pl.String, "ref": pl.String}, orient="row"
    )
    refs = refs.with_row_index("ref_no").with_columns(street=pl.lit(None, pl.String))
    meant = refs.join(identity.resolve(refs.drop("index", "rank"), known), on="ref_no")
    right = meant.filter(pl.col("thing") == pl.col("index")).sort("index", "rank").unique("index", keep="first")
    return dict(right.select("index", "ref").iter_rows())


def things(communities: pl.DataFrame, thing: pl.Expr) -> pl.DataFrame:
    """The communities as ``identity.resolve`` wants them."""
    return communities.select(
        "district_code",
        code="community_code",
        name=pl.col("community_name").map_elements(name_key, return_dtype=pl.String),
        street=pl.col("subdistrict").map_elements(subdistrict_key, return_dtype=pl.String),
        address=pl.col("address").map_elements(address_key, return_dtype=pl.String),
        thing=thing,
        standing=pl.lit(True),
    )


_TROUBLE = str.maketrans(dict.fromkeys("/、,，;；\r\n\t", " "))


def writable(name: str) -> str:
    """The name without what separates names in a decision line, or would run as a formula in a spreadsheet."""
    return name.translate(_TROUBLE).strip().lstrip("=+-@") or name
