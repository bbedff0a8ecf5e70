"""What happened to the register between two periods, community by community, adding up to the unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

CAUSES: dict[str, str] = {
    "delivered": "新增",
    "site_finished": "在建小区建成",
    "declared_omission": "申报补录",
    "stood_before": "上期数据截止日前已建成，按补录计",
    "claimed_unchanged": "填报为无变更，但此前未列入，按补录计",
    "completion_known": "建设状态得以明确",
    "completion_unknown": "建设状态不再明确",
    "site_again": "改填为在建",
    "reappeared": "曾退出登记册，再次上报",
    "moved_in": "由其他地区划入",
    "moved_out": "划归其他地区",
    "removed": "经核定剔除",
    "decided": "经核定",
    "declared": "申报变更",
    "undeclared": "名称改变，未申报更名",
    "not_reported": "未上报，也无变更记录",
    "reported_again": "再次上报",
}
"""Why an event happened → its Chinese note."""

EVENT: dict[str, pl.DataType] = {
    "district_code": pl.String(),
    "community_id": pl.String(),
    "event": pl.String(),
    "units": pl.Int64(),
    "cause": pl.String(),
    "related": pl.List(pl.String()),
}

_ADDITIONS = ("delivered", "site_finished")
_IN, _OUT, _NONE = pl.lit(1, pl.Int64), pl.lit(-1, pl.Int64), pl.lit(0, pl.Int64)
_Member = dict[str, Any]


def events(before: pl.DataFrame, after: pl.DataFrame, live: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """The events of one step (``EVENT``).

    ``before``, ``after``: community_id, district_code, in_register, completed, site, fate, name; ``after`` also end,
    how it ended in this step, else null. ``live``: what is reported: community_id, change, forced, stood_before.
    ``links``: child, parent of mergers and splits.

    In every district the units add up to the change in completed communities of the register:

    - what mergers and splits link is counted together: k completed before and c after make k − 1 merged_out and
      c − 1 split_in; where k or c is 0 one is left over and came in or went like any other community;
    - who changed district leaves one and enters the other as corrected.
    """
    moves = _moves(before, after, live)
    is_linked = pl.col("community_id").is_in(pl.concat([links["child"], links["parent"]]).unique().implode())
    parts = [*_alone(moves.filter(~is_linked)), *_remarks(moves)]
    shaped = [
        part.with_columns(related=pl.lit([], pl.List(pl.String))).select(pl.col(c).cast(t) for c, t in EVENT.items())
        for part in parts
    ]
    together = pl.DataFrame(list(_together(moves.filter(is_linked), links)), schema=EVENT, orient="row")
    return pl.concat([*shaped, together])


def _moves(before: pl.DataFrame, after: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """One row per community: whether it counted before and counts now, where, and what its row says."""
    counts = pl.col("in_register") & pl.col("completed")
    old = before.select(
        "community_id",
        "name",
        old_fate="fate",
        old_district="district_code",
        was=counts,
        stood="in_register",
        was_site="site",
    )
    new = after.select(
        "community_id", "district_code", "site", "fate", "end", "in_register", now=counts, new_name="name"
    )
    said = live.select("community_id", "change", "forced", "stood_before")
    return (
        new.join(old, on="community_id", how="left")
        .join(said, on="community_id", how="left")
        .with_columns(
            is_new=pl.col("old_fate").is_null(),
            was=pl.col("was").fill_null(False),
            moved=(pl.col("old_district") != pl.col("district_code")).fill_null(False),
        )
        .with_columns(came=_came(), went=_went())
        .with_columns(
            entry=pl.when(pl.col("came").is_in(_ADDITIONS))
            .then(pl.lit("added"))
            .when(pl.col("came") == "decided")
            .then("forced")
            .otherwise(pl.lit("corrected"))
        )
    )


def _came() -> pl.Expr:
    """Why a community counts now and did not before."""
    first_seen = (
        pl.when(pl.col("change") == "scope_correction")
        .then(pl.lit("declared_omission"))
        .when("stood_before")
        .then(pl.lit("stood_before"))
        .when((pl.col("change") == "unchanged") & pl.col("stood_before").is_null())
        .then(pl.lit("claimed_unchanged"))
        .otherwise(pl.lit("delivered"))
    )
    return (
        pl.when(pl.col("forced").is_not_null())
        .then(pl.lit("decided"))
        .when("is_new")
        .then(first_seen)
        .when(~pl.col("stood"))
        .then(pl.lit("reappeared"))
        .when("was_site")
        .then(pl.lit("site_finished"))
        .otherwise(pl.lit("completion_known"))
    )


def _went() -> pl.Expr:
    """Why a community counted before and does not now."""
    return (
        pl.when(pl.col("end") == "demolished")
        .then(pl.lit("declared"))
        .when(pl.col("end") == "removed")
        .then(pl.lit("removed"))
        .when("site")
        .then(pl.lit("site_again"))
        .otherwise(pl.lit("completion_unknown"))
    )


def _alone(moves: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Events of communities that no merger or split touches."""
    stays, moved, corrected = moves.filter(~pl.col("moved")), moves.filter("moved"), pl.lit("corrected")
    yield stays.filter(~pl.col("was") & pl.col("now")).with_columns(event="entry", cause="came", units=_IN)
    left = stays.filter(pl.col("was") & ~pl.col("now")).with_columns(cause="went")
    torn_down = pl.col("end").eq_missing("demolished")
    yield left.filter(torn_down).with_columns(event=pl.lit("demolished"), units=_IN)
    yield left.filter(~torn_down).with_columns(event=corrected, units=_OUT)
    yield moved.filter("was").with_columns(
        district_code="old_district", event=corrected, cause=pl.lit("moved_out"), units=_OUT
    )
    yield moved.filter("now").with_columns(event=corrected, cause=pl.lit("moved_in"), units=_IN)


def _remarks(moves: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Events that change no count."""
    known = moves.filter(~pl.col("is_new") & pl.col("in_register"))
    declared = pl.when(pl.col("change") == "rename").then(pl.lit("declared")).otherwise(pl.lit("undeclared"))
    for event, happened, cause in (
        ("renamed", pl.col("new_name") != pl.col("name"), declared),
        ("found", (pl.col("old_fate") == "missing") & (pl.col("fate") == "active"), pl.lit("reported_again")),
        ("missing", (pl.col("old_fate") != "missing") & (pl.col("fate") == "missing"), pl.lit("not_reported")),
    ):
        yield known.filter(happened).with_columns(event=pl.lit(event), cause=cause, units=_NONE)


def _together(moves: pl.DataFrame, links: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    """Events of communities that mergers and splits link, as rows of ``EVENT``."""
    members = {row["community_id"]: row for row in moves.iter_rows(named=True)}
    pairs = links.select("child", "parent").rows()
    children = {child for child, _ in pairs}
    for group in _groups(pairs):
        yield from _group_events([members[one] for one in group], children)


def _group_events(group: list[_Member], children: set[str]) -> Iterator[tuple[object, ...]]:
    ids = [member["community_id"] for member in group]
    home = min(member["district_code"] for member in group if member["community_id"] in children)

    def event(district: str, who: _Member, kind: str, units: int, cause: str) -> tuple[object, ...]:
        one = who["community_id"]
        return district, one, kind, units, cause, [other for other in ids if other != one]

    for member in group:
        for counted, place, sign in (
            (member["was"], member["old_district"], -1),
            (member["now"], member["district_code"], 1),
        ):
            if counted and place != home:
                cause, back = ("moved_out", "moved_in") if sign < 0 else ("moved_in", "moved_out")
                yield event(place, member, "corrected", sign, cause)
                yield event(home, member, "corrected", -sign, back)
    # Who goes on under its own identity is the one that is not counted as having come or gone.
    stayed = sorted(group, key=lambda member: not (member["was"] and member["now"]))
    parents, heirs = [m for m in stayed if m["was"]], [m for m in stayed if m["now"]]
    for member in parents[1:]:
        yield event(home, member, "merged_out", 1, "declared")
    for member in heirs[1:]:
        yield event(home, member, "split_in", 1, "declared")
    if heirs and not parents:
        finished = any(member["was_site"] for member in group)
        kind, cause = ("added", "site_finished") if finished else (heirs[0]["entry"], heirs[0]["came"])
        yield event(home, heirs[0], kind, 1, cause)
    if parents and not heirs:
        again = any(member["site"] and member["in_register"] for member in group)
        yield event(home, parents[0], "corrected", -1, "site_again" if again else "completion_unknown")


def _groups(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """What hangs together by links, each group and the list of groups in order."""
    root: dict[str, str] = {}

    def find(one: str) -> str:
        while root.setdefault(one, one) != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for child, parent in pairs:
        a, b = sorted((find(child), find(parent)))
        root[b] = a
    groups: dict[str, list[str]] = {}
    for one in sorted(root):
        groups.setdefault(find(one), []).append(one)
    return list(groups.values())
