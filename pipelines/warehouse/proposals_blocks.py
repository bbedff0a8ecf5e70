"""Which communities of a district are worth comparing: those that share a key.

Comparing everybody with everybody grows with the square of a list; here the work grows with its length. Every key
holds the marks of the name, so that what differs in phase, zone or number is never compared at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import polars as pl

from pipelines.warehouse.proposals_evidence import Community
from pipelines.warehouse.proposals_names import WORDS, look, near_sound, plain, sound, without_streets

CROWD = 24
"""A key that more communities share than this says too little by itself; more of what they state is added to it."""
NEIGHBOURS = 8
"""In what remains crowded, each is compared with so many that come next by address and size."""
LONGEST_BEGINNING, LONGEST_END = 8, 5

PAIRS: dict[str, pl.DataType] = {"low": pl.Int64(), "high": pl.Int64()}
"""Pairs of communities by their place in the list, the lower one first; any pair may stand there more than once."""


@lru_cache(maxsize=200_000)
def _key(stem: str, marks: tuple[str, ...], looks: bool = False) -> str:
    """The same for stems that sound or look alike, in any order of characters, with or without 街, 路 …"""
    characters = map(look, without_streets(stem)) if looks else without_streets(stem)
    return " ".join((*sorted(map(near_sound, characters)), "|", *marks))


def name_keys(one: Community) -> set[str]:
    """Keys that two names share which are one but for spelling."""
    name = one.name
    return {_key(name.stem, name.marks), _key(name.stem, name.marks, looks=True)}


def part_keys(one: Community) -> set[str]:
    """Keys of what is left when a place, a developer or an ornament is taken off the name, and of what brackets say."""
    name = one.name
    rests = {name.stem[cut:] for cut in range(1, min(LONGEST_BEGINNING, len(name.stem) - 2) + 1)}
    rests |= {name.body.removesuffix(end) for end in WORDS["ornament"] if name.body.endswith(end)}
    rests |= set(name.notes)
    return {_key(rest, name.marks) for rest in rests if len(rest) > 1}


def rename_keys(one: Community) -> set[str]:
    """Keys that a community may share with what it is called later: parts of the name, the door, the exact size."""
    name, marks = one.name, one.name.marks
    keys = {_key(name.stem[:-cut], marks) for cut in range(1, min(LONGEST_END, len(name.stem) - 2) + 1)}
    if len(name.stem) > 2:
        keys |= {_key(name.stem[:at] + name.stem[at + 1 :], marks) for at in range(len(name.stem))}
    tail = " ".join(("|", *marks))
    if one.place.door:
        road, number = one.place.door
        keys.add(" ".join(("door", *map(sound, plain(road)[-3:]), number, tail)))
    if one.households and one.households >= 20:
        keys.add(f"households {one.households} {one.subdistrict} {tail}")
    if one.area:
        keys.add(f"area {one.area:.0f} {tail}")
    return keys | name_keys(one)


def alike(communities: Sequence[Community]) -> pl.DataFrame:
    """``PAIRS`` whose names are one but for spelling, or one within the other."""
    whole = [name_keys(c) for c in communities]
    parts = [part_keys(c) - keys for c, keys in zip(communities, whole, strict=True)]
    named = _table(communities, whole)
    return pl.concat([_pairs(named, communities), _crossed(named, _table(communities, parts))])


def renamed(gone: Sequence[Community], come: Sequence[Community]) -> pl.DataFrame:
    """``PAIRS`` of one that is gone and one that is new, which share a part of the name, the door or the exact size."""
    tables = [_table(side, [*map(rename_keys, side)]) for side in (gone, come)]
    return _crossed(*tables)


def _table(communities: Sequence[Community], keys: Sequence[set[str]]) -> pl.DataFrame:
    """``index``, ``subdistrict`` and ``key``: a row for each of these communities' keys."""
    each = [c for c, own in zip(communities, keys, strict=True) for _ in own]
    columns = {
        "index": [c.index for c in each],
        "subdistrict": [c.subdistrict or "" for c in each],
        "key": [key for own in keys for key in own],
    }
    return pl.DataFrame(columns, schema={"index": pl.Int64, "subdistrict": pl.String, "key": pl.String})


def _pairs(table: pl.DataFrame, communities: Sequence[Community]) -> pl.DataFrame:
    """Pairs within one table."""
    size = pl.len().over("key")
    shared = table.filter(size > 1)
    small, crowded = shared.filter(size <= CROWD), shared.filter(size > CROWD)
    narrow = crowded.with_columns(key=pl.concat_str("key", "subdistrict", separator="@"))
    narrow_small, still = narrow.filter((size > 1) & (size <= CROWD)), narrow.filter(size > CROWD)
    next_ones = pl.DataFrame(list(_next_ones(still, {c.index: c for c in communities})), schema=PAIRS, orient="row")
    return pl.concat([_joined(small, small), _joined(narrow_small, narrow_small), next_ones])


def _crossed(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Pairs across two tables; where a key is crowded, only within the subdistrict, and where that is too, none."""

    def few(table: pl.DataFrame, *on: str) -> pl.DataFrame:
        return table.filter(pl.len().over(on) <= CROWD)

    found = _joined(few(left, "key"), few(right, "key"))
    crowd = pl.concat([t.filter(pl.len().over("key") > CROWD).select("key") for t in (left, right)]).unique()
    narrow = [few(t.join(crowd, on="key", how="semi"), "key", "subdistrict") for t in (left, right)]
    narrowed = _joined(*(t.with_columns(key=pl.concat_str("key", "subdistrict", separator="@")) for t in narrow))
    return pl.concat([found, narrowed])


def _joined(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    both = left.select("key", "index").join(right.select("key", "index"), on="key")
    both = both.filter(pl.col("index") != pl.col("index_right"))
    return both.select(low=pl.min_horizontal("index", "index_right"), high=pl.max_horizontal("index", "index_right"))


def _next_ones(table: pl.DataFrame, by_index: dict[int, Community]) -> Iterator[tuple[int, int]]:
    for _, block in table.group_by("key", maintain_order=True):
        order = sorted(block["index"], key=lambda index: _beside(by_index[index]))
        for at, index in enumerate(order):
            for other in order[at + 1 : at + 1 + NEIGHBOURS]:
                yield (min(index, other), max(index, other))


def _beside(one: Community) -> tuple[str, str, int, int]:
    return one.name.text, one.place.text, one.households or 0, one.index
