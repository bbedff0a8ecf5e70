"""What analysts decided, brought to bear on one period: which rows and communities each decision means."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pipelines.warehouse import identity

_TIMELESS = ("same", "distinct")


@dataclass
class Rulings:
    """One plan's decisions. ``applied`` collects the lines that meant something somewhere."""

    decisions: pl.DataFrame
    applied: set[int] = field(default_factory=set)

    def without_aliases(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows without those that an analyst holds to be another row of the same period."""
        asked = self._asked("same", None, None)
        named = self._resolved(asked, "community", _rows_as_things(rows))
        other = self._resolved(asked, "related", _rows_as_things(rows))
        twice = named.join(other, on="line").filter(pl.col("thing") != pl.col("thing_right"))
        self._note(twice)
        return rows.join(twice, left_on="row", right_on="thing", how="anti", maintain_order="left")

    def stated(self, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
        """``row`` → ``community_id`` by the decision that both names mean one community."""
        asked, things = self._asked("same", None, None), _rows_as_things(rows)
        both = [
            self._resolved(asked, here, things).join(self._resolved(asked, there, known), on="line")
            for here, there in (("community", "related"), ("related", "community"))
        ]
        return self._noted(pl.concat(both))

    def barred(self, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
        """``row`` → ``community_id`` that must not be taken for one."""
        asked, things = self._asked("distinct", None, None), _rows_as_things(rows)
        both = [
            self._resolved(asked, here, things).join(self._resolved(asked, there, known), on="line")
            for here, there in (("community", "related"), ("related", "community"))
        ]
        return self._noted(pl.concat(both))

    def meant(self, event: str, since: date | None, until: date, known: pl.DataFrame) -> pl.DataFrame:
        """The communities that a decision of the period is about: column ``community_id``."""
        found = self._resolved(self._asked(event, since, until), "community", known)
        self._note(found)
        return found.select(community_id="thing").unique(maintain_order=True)

    def links(self, event: str, since: date | None, until: date, known: pl.DataFrame, stood: pl.Series) -> pl.DataFrame:
        """``child`` and ``parent`` of every merger or split decided for the period.

        ``community`` came out of ``related``; written the other way round it is understood where only ``community``
        stood before.
        """
        asked = self._asked(event, since, until)
        found = self._resolved(asked, "community", known).join(self._resolved(asked, "related", known), on="line")
        self._note(found)
        # Whether they stood is asked of few; a list of all who did is dear to look through for nobody.
        named = pl.concat([found["thing"], found["thing_right"]])
        old = stood.filter(stood.is_in(named.implode())).implode()
        turned = pl.col("thing").is_in(old) & ~pl.col("thing_right").is_in(old)
        return found.select(
            child=pl.when(turned).then("thing_right").otherwise("thing"),
            parent=pl.when(turned).then("thing").otherwise("thing_right"),
        )

    def _asked(self, event: str, since: date | None, until: date | None) -> pl.DataFrame:
        asked = self.decisions.filter(pl.col("event") == event)
        if event not in _TIMELESS:
            asked = asked.filter(pl.col("date") <= until)
            asked = asked if since is None else asked.filter(pl.col("date") > since)
        return asked

    def _resolved(self, asked: pl.DataFrame, who: str, things: pl.DataFrame) -> pl.DataFrame:
        """``line`` → ``thing``: what the column ``who`` of each decision means."""
        if asked.is_empty():
            return pl.DataFrame(schema={"line": pl.Int64, "thing": things.schema["thing"]})
        refs = asked.select("line", "district_code", ref=who)
        refs = refs.explode("ref") if who == "related" else refs
        refs = refs.with_row_index("ref_no").with_columns(street=pl.lit(None, pl.String))
        return refs.select("ref_no", "line").join(identity.resolve(refs, things), on="ref_no").select("line", "thing")

    def _noted(self, pairs: pl.DataFrame) -> pl.DataFrame:
        self._note(pairs)
        return pairs.select(row="thing", community_id="thing_right").unique(maintain_order=True)

    def _note(self, found: pl.DataFrame) -> None:
        self.applied.update(found["line"].to_list())


def _rows_as_things(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("district_code", "code", "name", "street", "address", thing="row", standing=pl.lit(True))
