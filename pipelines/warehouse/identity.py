"""Which row is which community: identity over time within a plan, from exact agreement only.

In order: an analyst's decision; code and name; a declared rename or former code; name and subdistrict; code alone in
the same subdistrict (an undeclared rename); name and address; the name alone where nothing else was ever typed; code
and name in another district that has reported without it (a community that moved). Names are compared by their keys,
which keep phase, zone and number.

A code whose row carries another name *and* another subdistrict than the community that held it has been reused (R32):
it proves nothing, and the row is identified by its name. Near matches never count: whoever sees two spellings of one
estate records a decision. What agrees with two communities equally agrees with neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.forms.keys import address_key, name_key, subdistrict_key

MIN_GLOBAL_CODE = 6
"""Shorter codes are running numbers of a district and prove nothing in another one."""
KEYS = ("code", "name", "street", "address")
"""What identifies: the code, and the keys of name, subdistrict and address. Any may be null but the name."""
ENDED_BY = ("demolished", "removed")
"""Change types of a last row."""

_SAME_STREET = (
    pl.col("street").is_null() | pl.col("street_known").is_null() | pl.col("street").eq(pl.col("street_known"))
)
_ANYBODY = pl.lit(True)
_NOTHING_ELSE = pl.all_horizontal(pl.col("street", "address", "street_known", "address_known").is_null())


@dataclass(frozen=True)
class _Pass:
    """One way to agree: the keys that must be equal, and what else must hold."""

    on: tuple[str, ...]
    agree: pl.Expr | None = None
    rows: pl.Expr | None = None


_CODE_NAME = _Pass(("district_code", "code", "name"))
_RENAMED = _Pass(("district_code", "own_code"), rows=pl.col("change") == "rename")
_NAME_STREET = _Pass(("district_code", "name", "street"))
_CODE_STREET = _Pass(("district_code", "own_code"), agree=_SAME_STREET)
_NAME_ADDRESS = _Pass(("district_code", "name", "address"))
_NAME_ONLY = _Pass(("district_code", "name"), agree=_NOTHING_ELSE)
_ELSEWHERE = _Pass(("code", "name"), rows=pl.col("code").str.len_chars() >= MIN_GLOBAL_CODE)


def one_row_each(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without later rows of the same community in the same workbook, and without those that have no name.

    Two rows are one community when name and subdistrict agree (without a subdistrict: name and address) unless each
    has a code of its own. A last row (核销) and a live one may stand side by side: rebuilt under the old name.
    """
    rows = rows.filter(pl.col("name").is_not_null()).with_columns(
        place=pl.coalesce("street", "address", pl.lit("")), ends=pl.col("change").is_in(ENDED_BY).fill_null(False)
    )
    group = ["district_code", "name", "place", "ends"]
    shared = pl.struct(group).is_duplicated()
    no_code = pl.col("code").is_null()
    later = pl.int_range(pl.len()).over(group) > 0
    after_uncoded = (no_code.cum_sum() - no_code.cast(pl.UInt32)).over(group) > 0
    same_code = ~pl.struct(*group, "code").is_first_distinct()
    second = rows.filter(shared).filter(later & (no_code | after_uncoded | same_code)).select("row")
    return rows.join(second, on="row", how="anti", maintain_order="left").drop("place", "ends")


def resolve(refs: pl.DataFrame, things: pl.DataFrame) -> pl.DataFrame:
    """What a typed code or name refers to: ``ref_no`` → ``thing``, without those that fit none or several.

    ``refs``: ref_no, district_code, ref, street (of who refers; may be null). ``things``: thing, district_code, code,
    name, street, address, standing (preferred over what has ended). A code wins over a name, a name in the same
    subdistrict over one elsewhere; ``街道/名称`` says the subdistrict itself, ``名称@地址`` the address, and ``名称@``
    that none was typed.
    """
    typed = refs["ref"].unique().to_list()
    parts = dict.fromkeys(("ref", "name", "said_street", "said_address"), pl.String())
    parsed = pl.DataFrame([_parse(ref) for ref in typed], schema=parts, orient="row")
    refs = refs.join(parsed, on="ref", how="left")
    found = ["ref_no", "thing", "standing", "rank"]
    by_code = refs.join(things, left_on=["district_code", "ref"], right_on=["district_code", "code"])
    by_name = refs.join(things, on=["district_code", "name"], suffix="_known").filter(
        pl.col("said_street").is_null() | (pl.col("said_street") == pl.col("street_known")),
        pl.col("said_address").is_null() | (pl.col("said_address") == pl.col("address").fill_null("")),
    )
    near = (pl.col("street") == pl.col("street_known")).fill_null(False)
    candidates = pl.concat(
        [
            by_code.with_columns(rank=pl.lit(0)).select(found),
            by_name.with_columns(rank=pl.when(near).then(1).otherwise(2).cast(pl.Int32)).select(found),
        ]
    )
    return (
        candidates.unique()
        .with_columns(rank=pl.col("rank") * 2 + (~pl.col("standing")).cast(pl.Int32))
        .filter(pl.col("rank") == pl.col("rank").min().over("ref_no"))
        .unique(["ref_no", "thing"])
        .filter(pl.len().over("ref_no") == 1)
        .select("ref_no", "thing")
        .sort("ref_no")
    )


def _parse(ref: str) -> tuple[str, str | None, str | None, str | None]:
    left, at, address = ref.replace("＠", "@").partition("@")
    street, slash, name = left.rpartition("/")
    return ref, name_key(name), subdistrict_key(street) if slash else None, (address_key(address) or "") if at else None


def identify(
    rows: pl.DataFrame, known: pl.DataFrame, stated: pl.DataFrame, declared: pl.DataFrame, barred: pl.DataFrame
) -> pl.DataFrame:
    """``row`` → ``community_id`` for every row that is a known community; the others are new.

    ``rows``: row, district_code, change and KEYS, one row per community (``one_row_each``). ``known``: community_id,
    district_code (where it stands now), standing, silent (that district sent nothing), and KEYS: every combination it
    was ever reported with.
    Pairs of row and community_id: ``stated`` by analysts, ``declared`` by the row itself (原小区编码), ``barred`` by
    analysts.

    Every community is claimed by one row at most: the surest agreement first, then the order of the rows.
    """
    once = pl.col("code").is_not_null() & (pl.len().over("district_code", "code") == 1)
    rows = rows.with_columns(own_code=pl.when(once).then("code"))
    known = known.with_columns(own_code=pl.col("code"))
    live = ~pl.col("change").is_in(ENDED_BY).fill_null(False)
    fresh = (pl.col("change") == "new_delivery").fill_null(False)
    # A row that is said to be newly built takes an old community's name last: the old one's last row comes first.
    rows = rows.with_columns(turn=pl.when(fresh).then(2).when(live).then(0).otherwise(1)).sort("turn", "row")
    taken = pl.DataFrame(schema={"row": rows.schema["row"], "community_id": known.schema["community_id"]})

    def claim(pairs: pl.DataFrame) -> None:
        """Give each community the first row that asks for it, and ask no more about either."""
        nonlocal taken, rows, known
        if pairs.is_empty():
            return
        pairs = pairs.join(barred, on=["row", "community_id"], how="anti", maintain_order="left")
        pairs = pairs.join(taken, on="row", how="anti", maintain_order="left")
        pairs = pairs.join(taken, on="community_id", how="anti", maintain_order="left")
        pairs = pairs.unique(["row", "community_id"], maintain_order=True).filter(pl.len().over("row") == 1)
        new = pairs.unique("community_id", keep="first", maintain_order=True)
        taken = pl.concat([taken, new])
        rows = rows.join(new, on="row", how="anti", maintain_order="left")
        known = known.join(new, on="community_id", how="anti", maintain_order="left")

    def try_(steps: tuple[_Pass, ...], among: pl.Expr, of: pl.Expr = _ANYBODY) -> None:
        for step in steps:
            open_ = known.filter(among)
            left = rows.filter(of if step.rows is None else of & step.rows) if open_.height else open_
            if left.height:
                claim(_agreeing(step, left, open_))

    standing, silent = pl.col("standing"), pl.col("silent")
    claim(stated)
    try_((_CODE_NAME, _RENAMED), standing)
    claim(declared)
    try_((_NAME_STREET, _CODE_STREET, _NAME_ADDRESS, _NAME_ONLY), standing)
    try_((_ELSEWHERE,), standing & ~silent, live)
    # What had ended and is reported again, unless it is said to be newly built.
    try_((_CODE_NAME, _NAME_STREET, _NAME_ADDRESS, _NAME_ONLY), ~standing, ~fresh)
    return taken


def _agreeing(step: _Pass, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Every pair of ``row`` and ``community_id`` that agrees in the way of the step."""
    keep = known.select("community_id", *(pl.col(k).alias(f"{k}_known") for k in ("district_code", "own_code", *KEYS)))
    pairs = rows.join(keep, left_on=step.on, right_on=[f"{k}_known" for k in step.on], maintain_order="left")
    return (pairs if step.agree is None else pairs.filter(step.agree)).select("row", "community_id")
