"""What the names of one plan have in common, as far as it bears on the communities of one district.

A beginning that many names share, a place that stands before a name, a name that other districts have too: these are
known only from all districts at once. Each district is given its part, so that nothing else is asked of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.forms.keys import subdistrict_key
from pipelines.warehouse.proposals_names import parse

_NAMES: dict[str, pl.DataType] = {"stem": pl.String(), "marks": pl.String(), "subdistrict": pl.String()}
"""Stem and marks of a name, the marks one behind the other with blanks between them, or a subdistrict."""

Named = tuple[str, tuple[str, ...]]
"""The stem of a name and its marks."""


def called(rows: pl.DataFrame) -> pl.DataFrame:
    """The names and the subdistricts of a district's communities (``community_name``, ``subdistrict``), each once."""
    names = sorted({(name.stem, name.marks) for name in map(parse, rows["community_name"].unique())})
    streets = sorted({street for street in map(subdistrict_key, rows["subdistrict"].unique()) if street})
    each = [*((stem, " ".join(marks), None) for stem, marks in names), *((None, None, street) for street in streets)]
    return pl.DataFrame(each, schema=_NAMES, orient="row")


@dataclass(frozen=True)
class Common:
    """What is known of a district's names from all of them.

    ``places``: names of places that one begins with. ``brands``: beginnings that many names of the plan share.
    ``elsewhere``: in how many other districts a name stands; absent where in none.
    """

    places: frozenset[str]
    brands: frozenset[str]
    elsewhere: dict[Named, int]

    @classmethod
    def of_each(cls, names: Sequence[pl.DataFrame], places: Collection[str]) -> list[Common]:
        """For each district of a plan (``called``). ``places``: names of the plan's city and districts."""
        lists: list[list[Named]] = []
        everywhere = set(places)
        for one in names:
            everywhere.update(one["subdistrict"].drop_nulls())
            named = one.filter(pl.col("stem").is_not_null()).select("stem", "marks").iter_rows()
            lists.append([(stem, tuple(marks.split())) for stem, marks in named])
        brands = _brands(stem for one in lists for stem, _ in one)
        districts = Counter(name for one in lists for name in one)
        found = []
        for own in lists:
            beginnings = {stem[:length] for stem, _ in own for length in range(1, len(stem) + 1)}
            elsewhere = {name: districts[name] - 1 for name in own if districts[name] > 1}
            found.append(cls(frozenset(beginnings & everywhere), frozenset(beginnings & brands), elsewhere))
        return found


def _brands(stems: Iterable[str]) -> set[str]:
    """Beginnings of two to four characters that at least four different names of the plan share."""
    different = set(stems)
    count = Counter(stem[:length] for stem in different for length in (2, 3, 4) if len(stem) >= length + 2)
    return {beginning for beginning, times in count.items() if times >= 4}
