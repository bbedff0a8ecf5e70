"""The city's list of communities over time: who stands in it in each period, and how one period's list became the next.

``build`` replays the effective ledgers period by period. A community stays in the register until a change record or an
analyst ends it; one that is neither reported nor explained is *missing* and keeps its last known attributes. Identity
is decided in ``identity``, the arithmetic of change in ``bridge``, what analysts say in ``rulings``. The order in which
ledgers arrived plays no part.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from pipelines.warehouse import bridge, completion, identity
from pipelines.warehouse.decisions import DECISION_SCHEMA
from pipelines.warehouse.rulings import Rulings

COMMUNITY_COLUMNS = (
    "submission_id",
    "plan_id",
    "district_code",
    "period_id",
    "source_sheet",
    "source_row",
    "community_code",
    "community_name",
    "subdistrict",
    "name_key",
    "subdistrict_key",
    "address_key",
    "households",
    "is_old_community",
    "renovation_status",
    "change_type",
    "prior_codes",
    *completion.COLUMNS,
)
"""What ``build`` reads of a community record, beside ``record_no``, which tells the records apart."""

REGISTER_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "period_id": pl.String(),
    "district_code": pl.String(),
    "community_id": pl.String(),
    "community_name": pl.String(),
    "subdistrict": pl.String(),
    "in_register": pl.Boolean(),
    "is_reported": pl.Boolean(),
    "is_completed": pl.Boolean(),
    "is_ended": pl.Boolean(),
    "district_silent": pl.Boolean(),
    "fate": pl.String(),
    "first_period": pl.String(),
    "last_period": pl.String(),
    "submission_id": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
    "attributes_period_id": pl.String(),
    "renovation_completed_ever": pl.Boolean(),
    "renovated_old_ever": pl.Boolean(),
    "baseline_ids": pl.List(pl.String()),
    "community_no": pl.Int64(),
    "record_no": pl.Int64(),
}
"""One row per plan, due or started period and community that stands in the register, plus one where it ends.

``district_code``: where it stands in that period. ``submission_id``, ``source_sheet``, ``source_row`` and
``attributes_period_id``: the record in force, the period's own or the last known. ``fate`` is as of the period: active,
missing, or, on the row where it ends (``is_ended``, not ``in_register``), merged, split or demolished; a silent
district changes no fate.
``renovation_completed_ever``: whether its renovation was ever said to be completed; ``renovated_old_ever``: while it
was an old community. Both pass to what it is merged or split into.
``last_period``: the last one in which it had a row of its own. ``baseline_ids``: the communities of the baseline list
that it stands for; each has one successor at most (of a split the part that keeps the identity, else the one with most
households, of equals the one listed first), so unnesting them counts every baseline community once. ``community_no``
stands for the community in joins, ``record_no`` for the record in force; both mean nothing beyond one build. In a
replaced version's list every row has a ``community_no`` of its own, below 0.
"""

EVENT_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "period_id": pl.String(),
    "period_from": pl.String(),
    "community_id": pl.String(),
    "event": pl.String(),
    "units": pl.Int64(),
    "cause": pl.String(),
    "related": pl.List(pl.String()),
    "note": pl.String(),
}
"""``event``: added, split_in, merged_out, demolished, corrected, whose ``units`` the bridge adds up (1; of a correction
downwards −1), and renamed, missing, found with 0. ``cause``: why, a key of ``bridge.CAUSES``; ``note``: in Chinese."""

_STATE: dict[str, pl.DataType] = {
    "community_id": pl.String(),
    "district_code": pl.String(),
    "in_register": pl.Boolean(),
    "closed": pl.Boolean(),
    "completed": pl.Boolean(),
    "site": pl.Boolean(),
    "renovated": pl.Boolean(),
    "renovated_old": pl.Boolean(),
    "fate": pl.String(),
    "end": pl.String(),
    "name": pl.String(),
    "first_period": pl.String(),
    "last_period": pl.String(),
    "reported_in": pl.String(),
    "row": pl.Int64(),
}
_KNOWN: dict[str, pl.DataType] = dict.fromkeys(("community_id", *identity.KEYS), pl.String())
_LINK: dict[str, pl.DataType] = {"child": pl.String(), "parent": pl.String(), "kind": pl.String()}
_ORIGIN = ("community_name", "subdistrict", "submission_id", "source_sheet", "source_row", "record_no", "period_id")
"""What the register repeats of the record in force."""
_REPLAYED = (
    "row",
    "plan_id",
    "district_code",
    *identity.KEYS,
    "change",
    "priors",
    "households",
    "completed",
    "site",
    "stood_before",
    "renovated",
    "renovated_old",
)
"""What the replay reads of a row."""
_SAYS_FORMER_NAME = ("rename", "unchanged", "scope_correction")
"""Change types, beside none, under which 原小区编码 names the community itself as it was called before."""


@dataclass(frozen=True)
class Register:
    """``register`` and ``events`` as published; ``decisions`` with ``is_applied``: whether they meant anything.

    ``versions``: for every replaced version, who would stand in its district's list with it in force; as ``register``,
    under codes and ids of its own (``version_code``), and in no register.
    """

    register: pl.DataFrame
    events: pl.DataFrame
    decisions: pl.DataFrame
    versions: pl.DataFrame


def build(
    communities: pl.DataFrame | pl.LazyFrame,
    periods: pl.DataFrame,
    submissions: pl.DataFrame,
    today: date,
    decisions: pl.DataFrame | None = None,
    replaced_communities: pl.DataFrame | pl.LazyFrame | None = None,
    replaced: pl.DataFrame | None = None,
) -> Register:
    """The register of every plan.

    ``communities``: rows of effective submissions (``COMMUNITY_COLUMNS`` and ``record_no``). ``periods``: plan_id,
    period_id, as_of, due_date, seq. ``submissions``: plan_id, district_code, period_id of every effective submission,
    which tell who is silent. ``decisions``: ``DECISION_SCHEMA``. A period not yet due counts once anybody has reported
    for it.
    ``replaced``: submission_id, plan_id, district_code, period_id, received_at of versions that were accepted and then
    replaced, and their rows; they change nothing but ``versions``.
    """
    decisions = pl.DataFrame(schema=DECISION_SCHEMA) if decisions is None else decisions
    rows = _prepared(communities, periods)
    trials = _Trials.of(replaced, replaced_communities, periods, rows)
    tables: list[tuple[pl.DataFrame, pl.DataFrame]] = []
    applied: list[tuple[object, int]] = []
    first_no = 0
    for (plan_id,), own_periods in periods.sort("plan_id", "seq").group_by("plan_id", maintain_order=True):
        own = pl.col("plan_id") == plan_id
        reporting = submissions.filter(own)
        if reporting.is_empty():
            continue  # nobody has reported for it: nothing to replay
        history = _History(Rulings(decisions.filter(own)), first_no)
        started = (pl.col("due_date") < today) | pl.col("period_id").is_in(reporting["period_id"].unique().implode())
        for period_id, as_of in own_periods.filter(started).select("period_id", "as_of").iter_rows():
            here = pl.col("period_id") == period_id
            present = rows.lazy().filter(own & here).select(_REPLAYED).collect()
            spoke = reporting.filter(here)["district_code"].unique()
            trials.run(history, str(plan_id), period_id, as_of, spoke)
            history.advance(period_id, as_of, present, spoke)
        first_no += history.state.height
        tables.append(history.tables(str(plan_id)))
        applied += [(plan_id, line) for line in sorted(history.rulings.applied)]
        del history  # what it knows of everybody is as large as the list itself
    stands, events = (pl.concat([pl.DataFrame(), *(part[n] for part in tables)], how="diagonal") for n in (0, 1))
    rows = rows.select(_ORIGIN)
    used = pl.DataFrame(applied, schema={"plan_id": pl.String, "line": pl.Int64}, orient="row")
    return Register(
        register=_register_table(stands, rows, periods),
        events=_event_table(events, periods),
        decisions=decisions.join(
            used.with_columns(is_applied=True), on=["plan_id", "line"], how="left", maintain_order="left"
        ).with_columns(pl.col("is_applied").fill_null(False)),
        versions=trials.table(rows, periods),
    )


def _prepared(communities: pl.DataFrame | pl.LazyFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """The rows in a fixed order, numbered, with what the replay needs worked out for all periods at once."""
    dates = periods.select(
        "plan_id", "period_id", "as_of", previous=pl.col("as_of").shift(1).over("plan_id", order_by="seq")
    )
    renovated = pl.col("renovation_status") == "completed"
    communities = communities.lazy()
    ledgers = (
        communities.select("plan_id", "period_id", "district_code", "submission_id")
        .unique("submission_id")
        .collect()
        .join(dates, on=["plan_id", "period_id"])
        .sort("plan_id", "period_id", "district_code", "submission_id")
        .with_row_index("ledger")
        .select("submission_id", "ledger", "as_of", "previous")
    )
    return (
        communities.select("record_no", *COMMUNITY_COLUMNS)
        .join(ledgers.lazy(), on="submission_id")
        .sort("ledger", "source_sheet", "source_row")
        .with_row_index("row")
        .select(
            *_ORIGIN,
            "plan_id",
            "district_code",
            "households",
            pl.col("row").cast(pl.Int64),
            code="community_code",
            name="name_key",
            street="subdistrict_key",
            address="address_key",
            change="change_type",
            priors=pl.col("prior_codes").str.split("、"),
            completed=completion.is_completed(pl.col("as_of")),
            site=completion.is_site(),
            stood_before=completion.stood_before(pl.col("previous")),
            renovated=renovated.fill_null(False),
            renovated_old=(renovated & pl.col("is_old_community")).fill_null(False),
        )
        .collect()
    )


@dataclass
class _History:
    """One plan's register while it is replayed."""

    rulings: Rulings
    first_no: int = 0
    """The number of its first community."""
    state: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_STATE))
    """Every community ever known, as it stands after the last period."""
    known: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_KNOWN))
    """Every combination of keys that a community was reported with."""
    heirs: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"baseline_id": pl.String, "community_id": pl.String})
    )
    """Each community of the baseline list and the one that stands for it now."""
    last: tuple[str, date] | None = None
    """The period before: id and as-of date."""
    stands: list[pl.DataFrame] = field(default_factory=list)
    events: list[pl.DataFrame] = field(default_factory=list)

    def advance(self, period_id: str, as_of: date, rows: pl.DataFrame, reporting: pl.Series) -> None:
        """Take in one period: ``rows`` of all districts, and the districts that handed in a ledger."""
        since = self.last[1] if self.last else None
        rows = self._identified(identity.one_row_each(rows), period_id, reporting)
        self.known = pl.concat([self.known, rows.select(*_KNOWN)]).unique(maintain_order=True)
        known = self._things()
        everyone = self._things(rows) if self.rulings.decisions.height else known

        def meant(event: str) -> pl.Series:
            return self.rulings.meant(event, since, as_of, everyone)["community_id"]

        def is_(event: str) -> pl.Expr:
            return pl.col("community_id").is_in(meant(event).implode())

        change = pl.when(is_("rejected")).then(pl.lit("unchanged")).otherwise("change")
        forced = pl.when(is_("added")).then(pl.lit("added")).when(is_("corrected")).then(pl.lit("corrected"))
        rows = rows.with_columns(change=change, forced=forced)
        stood = self.state.filter("in_register")["community_id"]
        merged, split = (self.rulings.links(event, since, as_of, everyone, stood) for event in ("merge", "split"))
        shut = {"removed": meant("removed"), "demolished": meant("demolished"), "merged": merged["parent"]}
        closed = pl.concat(list(shut.values()))

        is_last = pl.col("change").is_in(identity.ENDED_BY).fill_null(False)
        live = rows.filter(~is_last & ~pl.col("community_id").is_in(closed.implode()))
        links = self._links(live, known, merged, split)
        ends = self._ends(rows.filter(is_last), links, live, shut)
        before, self.state = self.state, self._next(period_id, rows, live, links, ends, closed, reporting)
        if self.last:
            step = bridge.events(before, self.state, live, links)
            self.events.append(step.with_columns(period_id=pl.lit(period_id), period_from=pl.lit(self.last[0])))
            self._pass_on(links, live)
        else:
            self.heirs = self.state.filter("in_register").select("community_id", baseline_id="community_id")
        self.stands.append(self._stand(period_id, reporting))
        self.last = (period_id, as_of)

    def trial(self, districts: pl.Series) -> _History:
        """The history of these districts so far; what it goes on to take in leaves this one as it is."""
        state = self.state.filter(pl.col("district_code").is_in(districts.implode()))
        known, heirs = (
            frame.join(state, on="community_id", how="semi", maintain_order="left")
            for frame in (self.known, self.heirs)
        )
        rulings = Rulings(self.rulings.decisions)
        return replace(self, rulings=rulings, state=state, known=known, heirs=heirs, stands=[], events=[])

    def tables(self, plan_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Where everybody stood, and what happened, over all periods taken in."""
        plan = pl.lit(plan_id).alias("plan_id")
        return tuple(  # type: ignore[return-value]
            pl.concat(part).with_columns(plan) if part else pl.DataFrame() for part in (self.stands, self.events)
        )

    def _things(self, rows: pl.DataFrame | None = None) -> pl.DataFrame:
        """Known communities as ``identity.resolve`` wants them; with ``rows``, those of the period as well."""
        stands = self.state.select("community_id", "district_code", standing="in_register")
        if rows is not None:
            fresh = rows.select("community_id", "district_code", standing=pl.lit(True))
            stands = pl.concat([fresh, stands]).unique("community_id", keep="first", maintain_order=True)
        return self.known.join(stands, on="community_id").with_columns(thing="community_id")

    def _identified(self, rows: pl.DataFrame, period_id: str, reporting: pl.Series) -> pl.DataFrame:
        """The rows with their community, new ones included, without those that stand for nothing any more."""
        things, rulings = self._things(), self.rulings
        rows = rulings.without_aliases(rows)
        says_so = rows.filter(pl.col("change").is_null() | pl.col("change").is_in(_SAYS_FORMER_NAME))
        former = self._referred(says_so, things)
        pairs = identity.identify(
            rows,
            things.with_columns(silent=~pl.col("district_code").is_in(reporting.implode())),
            stated=rulings.stated(rows, things),
            declared=former.filter(pl.col("community_id").n_unique().over("row") == 1),
            barred=rulings.barred(rows, things),
        )
        rows = rows.join(pairs, on="row", how="left", maintain_order="left")
        # A last row of something unknown ends nothing.
        rows = rows.filter(
            pl.col("community_id").is_not_null() | ~pl.col("change").is_in(identity.ENDED_BY).fill_null(False)
        )
        unknown = rows["community_id"].is_null()
        ids = _new_ids(rows.filter(unknown), set(self.state["community_id"]), period_id)
        rows = pl.concat([rows.filter(~unknown), rows.filter(unknown).with_columns(community_id=ids)]).sort("row")
        closed = self.state.filter("closed").select("community_id")
        return rows.join(closed, on="community_id", how="anti", maintain_order="left")

    def _referred(self, rows: pl.DataFrame, things: pl.DataFrame) -> pl.DataFrame:
        """``row`` → ``community_id`` for every community that 原小区编码 of a row names."""
        refs = (
            rows.filter(pl.col("priors").is_not_null())
            .select("row", "district_code", "street", ref="priors")
            .explode("ref")
            .drop_nulls("ref")
            .with_row_index("ref_no")
        )
        if refs.is_empty():
            return pl.DataFrame(schema={"row": pl.Int64, "community_id": pl.String})
        own = identity.resolve(refs, things)
        lost = refs.join(own, on="ref_no", how="anti")
        # A full code says which community is meant in other districts too.
        elsewhere = (
            lost.filter(pl.col("ref").str.len_chars() >= identity.MIN_GLOBAL_CODE)
            .join(things.filter("standing"), left_on="ref", right_on="code")
            .select("ref_no", "thing")
            .unique()
            .filter(pl.len().over("ref_no") == 1)
        )
        found = refs.select("ref_no", "row").join(pl.concat([own, elsewhere]), on="ref_no").sort("ref_no")
        return found.select("row", community_id="thing").unique(maintain_order=True)

    def _links(
        self, live: pl.DataFrame, known: pl.DataFrame, merged: pl.DataFrame, split: pl.DataFrame
    ) -> pl.DataFrame:
        """Who came out of whom. A declared parent must have stood; of a merger it must not report itself any more."""
        children = live.filter(pl.col("change").is_in(["merge", "split"]))
        declared = self._referred(children, known).join(
            children.select("row", "change", child="community_id"), on="row"
        )
        reported = live.select(parent="community_id")
        declared = declared.select("child", parent="community_id", kind="change")
        usable = pl.concat(
            [
                declared.filter(pl.col("kind") == "merge").join(reported, on="parent", how="anti"),
                declared.filter(pl.col("kind") == "split"),
                merged.with_columns(kind=pl.lit("merge")),
                split.with_columns(kind=pl.lit("split")),
            ]
        )
        stood = self.state.filter("in_register").select(parent="community_id")
        return (
            usable.filter(pl.col("child") != pl.col("parent"))
            .join(stood, on="parent", how="semi")
            .unique(["child", "parent"], keep="first", maintain_order=True)
            .sort("child", "parent")
        )

    def _ends(
        self, last_rows: pl.DataFrame, links: pl.DataFrame, live: pl.DataFrame, shut: dict[str, pl.Series]
    ) -> pl.DataFrame:
        """``community_id`` → ``end``: merged, split, demolished or removed; the first of these that applies."""
        reported = live.select(parent="community_id")
        gone = links.join(reported, on="parent", how="anti").sort("kind", "parent")
        fates = {"merge": "merged", "split": "split"}
        parts = [
            gone.select(community_id="parent", end=pl.col("kind").replace_strict(fates, return_dtype=pl.String)),
            *(pl.DataFrame({"community_id": who}).with_columns(end=pl.lit(end)) for end, who in shut.items()),
            last_rows.select("community_id", end=pl.lit("demolished")),
        ]
        stood = self.state.filter("in_register").select("community_id")
        known = pl.concat([stood, live.select("community_id")]).unique()
        return pl.concat(parts).unique("community_id", keep="first", maintain_order=True).join(
            known, on="community_id", how="semi", maintain_order="left"
        )  # fmt: skip

    def _next(
        self,
        period_id: str,
        rows: pl.DataFrame,
        live: pl.DataFrame,
        links: pl.DataFrame,
        ends: pl.DataFrame,
        closed: pl.Series,
        reporting: pl.Series,
    ) -> pl.DataFrame:
        """The state after the period."""
        own = rows.select(
            "community_id",
            "row",
            "completed",
            "site",
            "renovated",
            "renovated_old",
            "name",
            district_code="district_code",
            live=pl.col("row").is_in(live["row"].implode()),
        )
        every = pl.concat([self.state["community_id"], own["community_id"]]).unique(maintain_order=True)
        joined = (
            every.to_frame()
            .join(self.state, on="community_id", how="left", maintain_order="left")
            .join(own, on="community_id", how="left", suffix="_now", maintain_order="left")
            .join(ends, on="community_id", how="left", suffix="_now", maintain_order="left")
        )
        is_live, has_row, ended = (
            pl.col("live").fill_null(False),
            pl.col("row_now").is_not_null(),
            pl.col("end_now").is_not_null(),
        )
        in_register = ~ended & (is_live | pl.col("in_register").fill_null(False))
        silent = ~pl.col("district_code").is_in(reporting.implode())
        fate = (
            pl.when(ended)
            .then(pl.col("end_now").replace({"removed": "demolished"}))
            .when(is_live)
            .then(pl.lit("active"))
            .when(in_register & ~silent)
            .then(pl.lit("missing"))
            .otherwise("fate")
        )

        def newest(name: str) -> pl.Expr:
            return pl.when(is_live).then(f"{name}_now").otherwise(name).alias(name)

        def ever(name: str) -> pl.Expr:
            """Once true it stays so, and passes to who comes out of it by a merger or split."""
            were = self.state.filter(name).select(parent="community_id")
            heirs = links.join(were, on="parent", how="semi")["child"]
            inherited = pl.col("community_id").is_in(heirs.implode())
            return pl.any_horizontal(name, is_live & pl.col(f"{name}_now"), inherited).fill_null(False).alias(name)

        return joined.select(
            "community_id",
            newest("district_code"),
            in_register=in_register,
            closed=pl.col("closed").fill_null(False) | pl.col("community_id").is_in(closed.implode()),
            completed=newest("completed").fill_null(False),
            site=newest("site").fill_null(False),
            renovated=ever("renovated"),
            renovated_old=ever("renovated_old"),
            fate=fate,
            end=pl.col("end_now"),
            name=newest("name"),
            first_period=pl.col("first_period").fill_null(period_id),
            last_period=pl.when(has_row).then(pl.lit(period_id)).otherwise("last_period"),
            reported_in=pl.when(is_live).then(pl.lit(period_id)).otherwise("reported_in"),
            row=pl.when(has_row).then("row_now").otherwise("row"),
        )

    def _pass_on(self, links: pl.DataFrame, live: pl.DataFrame) -> None:
        """Let whoever came out of a baseline community that is gone stand for it: the largest, the first of equals."""
        gone = self.state.filter(pl.col("end").is_not_null()).select(parent="community_id")
        size = live.select("row", child="community_id", households=pl.col("households").fill_null(0))
        heirs = (
            links.join(gone, on="parent", how="semi")
            .join(size, on="child", how="left")
            .sort("parent", "households", "row", descending=[False, True, False], nulls_last=True)
            .unique("parent", keep="first", maintain_order=True)
            .select("child", community_id="parent")
        )
        self.heirs = (
            self.heirs.join(heirs, on="community_id", how="left", maintain_order="left")
            .select("baseline_id", community_id=pl.coalesce("child", "community_id"))
        )  # fmt: skip

    def _stand(self, period_id: str, reporting: pl.Series) -> pl.DataFrame:
        """Everybody in the register after the period, and whoever left it in the period."""
        # Whom the state has once it keeps in its place: that is a community's number.
        numbered = self.state.with_row_index("community_no", offset=self.first_no).cast({"community_no": pl.Int64})
        # Nearly all stand for themselves alone; grouping is for those that do not.
        shared = pl.col("community_id").is_duplicated()
        alone = self.heirs.filter(~shared).select("community_id", baseline_ids=pl.concat_list("baseline_id"))
        several = self.heirs.filter(shared).group_by("community_id").agg(baseline_ids=pl.col("baseline_id").sort())
        baseline = pl.concat([alone, several])
        standing = numbered.filter(pl.col("in_register") | pl.col("end").is_not_null())
        return standing.join(baseline, on="community_id", how="left", maintain_order="left").select(
            "community_id",
            "district_code",
            "in_register",
            "fate",
            "first_period",
            "last_period",
            "row",
            "community_no",
            pl.col("baseline_ids").fill_null([]),
            period_id=pl.lit(period_id),
            is_reported=pl.col("in_register") & (pl.col("reported_in") == period_id).fill_null(False),
            is_completed="completed",
            is_ended=pl.col("end").is_not_null(),
            district_silent=~pl.col("district_code").is_in(reporting.implode()),
            renovation_completed_ever="renovated",
            renovated_old_ever="renovated_old",
        )


# ── versions that were replaced ───────────────────────────────────────────────────────────────────────────────────


def version_code() -> pl.Expr:
    """A replaced version's stand-in for its district's code: no district has such a one."""
    return pl.concat_str("district_code", pl.lit("~"), "submission_id")


@dataclass
class _Trials:
    """Periods taken in once more with replaced versions in force, to see who stood in their lists.

    One trial takes in one version of each district: those replaced last together, then those before them, and so on.
    """

    versions: pl.DataFrame
    """The replaced ones, with ``turn``: in which trial of its period each is."""
    rows: pl.DataFrame
    """Their rows, numbered on from those in force."""
    stands: list[pl.DataFrame] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        versions: pl.DataFrame | None,
        communities: pl.DataFrame | pl.LazyFrame | None,
        periods: pl.DataFrame,
        rows: pl.DataFrame,
    ) -> _Trials:
        if versions is None or communities is None or versions.is_empty():
            return cls(pl.DataFrame(schema={"plan_id": pl.String, "period_id": pl.String}), rows.clear())
        place = ("plan_id", "district_code", "period_id")
        turn = pl.int_range(pl.len()).over(place, order_by=["received_at", "submission_id"], descending=True)
        return cls(
            versions.with_columns(turn=turn, unit_code=version_code()),
            _prepared(communities, periods).with_columns(pl.col("row") + rows.height),
        )

    def run(self, history: _History, plan_id: str, period_id: str, as_of: date, reporting: pl.Series) -> None:
        """Try the replaced versions of a period that ``history`` is about to take in."""
        own = self.versions.filter(pl.col("plan_id") == plan_id, pl.col("period_id") == period_id)
        if own.is_empty():
            return
        for _, versions in sorted(own.group_by("turn"), key=lambda part: part[0]):
            tried = self.rows.join(versions, on="submission_id", how="semi", maintain_order="left").select(_REPLAYED)
            trial = history.trial(versions["district_code"])
            trial.advance(period_id, as_of, tried, reporting)
            stand, _ = trial.tables(plan_id)
            self.stands.append(stand.join(versions.select("district_code", "unit_code"), on="district_code"))

    def table(self, rows: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
        """Who stood in them (``REGISTER_SCHEMA``)."""
        if not self.stands:
            return pl.DataFrame(schema=REGISTER_SCHEMA)
        standing = pl.concat(self.stands).filter("in_register")
        suffix = pl.col("unit_code").str.strip_prefix(pl.col("district_code"))
        named = standing.with_columns(
            community_id=pl.concat_str("community_id", suffix),
            community_no=-1 - pl.int_range(pl.len(), dtype=pl.Int64),
            district_code="unit_code",
            in_register=pl.lit(False),
            renovation_completed_ever=pl.lit(False),
            renovated_old_ever=pl.lit(False),
        )
        return _register_table(named.drop("unit_code"), pl.concat([rows, self.rows.select(_ORIGIN)]), periods)


def _new_ids(rows: pl.DataFrame, taken: set[str], period_id: str) -> pl.Series:
    """Ids of communities seen for the first time: a short hash of plan, district and first identity key.

    The key is the code, else name with subdistrict or address; everything known at first sight where another community
    has had that key before.
    """
    ids = []
    for plan, district, code, name, street, address in rows.select(
        "plan_id", "district_code", *identity.KEYS
    ).iter_rows():
        key = (f"code={code}",) if code else (f"name={name}", f"in={street or address or ''}")
        one = _short_hash(plan, district, *key)
        number = itertools.count()
        while one in taken:
            everything = (code or "", name, street or "", address or "", period_id, str(next(number)))
            one = _short_hash(plan, district, *everything)
        taken.add(one)
        ids.append(one)
    return pl.Series("community_id", ids, pl.String)


def _short_hash(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def _register_table(stands: pl.DataFrame, rows: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    if stands.is_empty():
        return pl.DataFrame(schema=REGISTER_SCHEMA)
    ordered = stands.join(periods.select("plan_id", "period_id", "seq"), on=["plan_id", "period_id"]).sort(
        "plan_id", "seq", "district_code", "community_id"
    )
    record = rows.rename({"period_id": "attributes_period_id"})[ordered["row"]]  # rows are numbered as they stand
    return pl.concat([ordered, record], how="horizontal").select(
        pl.col(name).cast(kind) for name, kind in REGISTER_SCHEMA.items()
    )


def _event_table(events: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    if events.is_empty():
        return pl.DataFrame(schema=EVENT_SCHEMA)
    return (
        events.with_columns(note=pl.col("cause").replace_strict(bridge.CAUSES, return_dtype=pl.String))
        .join(periods.select("plan_id", "period_id", "seq"), on=["plan_id", "period_id"])
        .sort("plan_id", "seq", "district_code", "event", "cause", "community_id", "units")
        .select(pl.col(name).cast(kind) for name, kind in EVENT_SCHEMA.items())
    )
