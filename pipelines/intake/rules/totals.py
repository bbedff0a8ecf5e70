"""T-rules: totals that a ledger types against its own rows, and one sheet's numbers against another's.

What only several districts' ledgers show together is no rule of intake: the warehouse's findings compare those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.forms.vocabulary import choices
from pipelines.intake.rules.base import (
    FORMED,
    WARNING,
    Finding,
    book_rule,
    col,
    is_managed,
    is_professional,
    said,
)
from pipelines.plans import Plan
from pipelines.plans.model import Indicator

Frames = Mapping[str, pl.DataFrame]

WORK_COVERAGE = ("own", "joint", "attached", "grid", "working_group", "instructor")
"""Forms of Party organisation and work that cover a company."""
PARTY_RATES = ("company_party_work_coverage_rate", "company_party_org_rate")
"""Indicators that claim how many companies are covered."""
AREA_SLACK = 0.01
"""By so much of itself a company's typed area may fall short of what its communities add up to."""
NAMED = 5
"""So many are named in a message; the rest are counted."""


def _rows(frame: pl.DataFrame) -> list[Finding]:
    """A finding per row of a filtered frame."""
    return [Finding(book, row) for book, row in frame.select("_book", "_row").iter_rows()]


# ── typed totals ──────────────────────────────────────────────────────────────────────────────────────────────────


def _claims(frames: Frames, *measures: str) -> dict[tuple[int, str], tuple[int, float]]:
    """(workbook, measure) → row and typed value in 汇总表; the first counts."""
    frame = frames.get("summary")
    if frame is None:
        return {}
    rows = frame.filter(col("measure").is_in(measures) & said("value")).select("_book", "measure", "_row", "value")
    claims: dict[tuple[int, str], tuple[int, float]] = {}
    for book, measure, row, value in rows.iter_rows():
        claims.setdefault((book, measure), (row, float(value)))
    return claims


def _compare(
    claims: Mapping[tuple[int, str], tuple[int, float]],
    counted: pl.DataFrame,
    measures: Mapping[str, Sequence[str]],
    tolerance: float = 0,
) -> list[Finding]:
    """Typed totals that agree with none of the counted columns (with building sites, without them)."""
    by_book = {row["_book"]: row for row in counted.iter_rows(named=True)}
    found = []
    for (book, measure), (row, claimed) in claims.items():
        names = measures.get(measure)
        if not names or book not in by_book:
            continue
        values = [by_book[book][name] for name in names]
        known = [float(value) for value in values if value is not None]
        if known and all(abs(claimed - value) > tolerance * max(abs(value), 1) for value in known):
            found.append(Finding(book, row, values=_said(measure, claimed, known[0])))
    return found


def _said(measure: str, claimed: float, counted: float) -> dict[str, object]:
    """What a message shows of a typed total, areas in ㎡."""
    unit = "㎡" if measure == "floor_area_sqm" else ""
    label = choices("measure")[measure].label
    return {"what": label, "claimed": _number(claimed), "counted": _number(counted), "unit": unit}


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


_MISMATCH = "“{what}”填{claimed}{unit}，按明细表统计为{counted}{unit}，两者不一致"
_MISMATCH_REMEDY = "核对明细表有无漏填、重复，或更正汇总数；以明细表为准"


def _in_scope(frames: Frames) -> pl.DataFrame:
    """Communities that stand, with whether they are completed."""
    frame = frames["community"].filter((col("change_type") != "demolished").fill_null(True) & said("name_key"))
    return frame.with_columns(built=(col("construction_status") != "under_construction").fill_null(True))


@book_rule("T1", WARNING, "summary", "value", _MISMATCH, _MISMATCH_REMEDY)
def total_communities(frames: Frames) -> list[Finding]:
    """The typed number of communities."""
    if not (claims := _claims(frames, "community_count")) or "community" not in frames:
        return []
    counted = _in_scope(frames).group_by("_book").agg(pl.len().alias("all"), col("built").sum())
    return _compare(claims, counted, {"community_count": ("all", "built")})


@book_rule("T2", WARNING, "summary", "value", _MISMATCH, _MISMATCH_REMEDY)
def totals_by_mode(frames: Frames) -> list[Finding]:
    """The typed numbers by mode of management."""
    measures = ("managed_count", "professional_count", "unmanaged_count")
    if not (claims := _claims(frames, *measures)) or "community" not in frames:
        return []
    professional = is_professional() & ~col("withheld").list.contains("is_professional")
    kinds = {"managed": is_managed(), "professional": professional, "unmanaged": col("management_mode") == "none"}
    counted = (
        _in_scope(frames)
        .group_by("_book")
        .agg(
            *(kind.fill_null(False).sum().alias(name) for name, kind in kinds.items()),
            *((kind.fill_null(False) & col("built")).sum().alias(f"{name}_built") for name, kind in kinds.items()),
        )
    )
    return _compare(claims, counted, {f"{name}_count": (name, f"{name}_built") for name in kinds})


@book_rule("T3", WARNING, "summary", "value", _MISMATCH, _MISMATCH_REMEDY)
def totals_of_households_and_area(frames: Frames) -> list[Finding]:
    """Only where every row's value could be read: a sum without the unreadable ones proves nothing."""
    if not (claims := _claims(frames, "households", "floor_area_sqm")) or "community" not in frames:
        return []
    scope = _in_scope(frames)
    counted = scope.group_by("_book").agg(
        *(
            pl.when(col(name).is_not_null().all()).then(col(name).sum()).alias(name)
            for name in ("households", "floor_area_sqm")
        ),
        *(
            pl.when(col(name).is_not_null().all()).then(col(name).filter("built").sum()).alias(f"{name}_built")
            for name in ("households", "floor_area_sqm")
        ),
    )
    households = {key: value for key, value in claims.items() if key[1] == "households"}
    area = {key: value for key, value in claims.items() if key[1] == "floor_area_sqm"}
    return [
        *_compare(households, counted, {"households": ("households", "households_built")}),
        *_compare(area, counted, {"floor_area_sqm": ("floor_area_sqm", "floor_area_sqm_built")}, 0.005),
    ]


@book_rule("T4", WARNING, "summary", "value", _MISMATCH, _MISMATCH_REMEDY)
def total_committees(frames: Frames) -> list[Finding]:
    """Distinct communities with a formed body; the sheet of bodies counts where it is present."""
    if not (claims := _claims(frames, "committee_count")):
        return []
    if "committee" in frames:
        formed = frames["committee"].filter(col("status").is_in(FORMED))
        place = pl.coalesce("community_code", pl.concat_str("name_key", pl.col("subdistrict_key").fill_null("")))
        bodies = formed.group_by("_book").agg(place.n_unique().alias("bodies"))
    elif "community" not in frames:
        return []
    else:
        typed = frames["community"].filter(col("committee_status_typed").is_in(FORMED))
        bodies = typed.group_by("_book").agg(pl.len().alias("bodies"))
    counted = frames["summary"].select("_book").unique().join(bodies, on="_book", how="left").fill_null(0)
    return _compare(claims, counted, {"committee_count": ("bodies",)})


@book_rule("T5", WARNING, "summary", "value", _MISMATCH, _MISMATCH_REMEDY)
def total_companies(frames: Frames) -> list[Finding]:
    """The typed number of companies: distinct active ones."""
    if not (claims := _claims(frames, "company_count")) or "company" not in frames:
        return []
    firm = pl.coalesce("uscc", "company_key")
    active = frames["company"].filter((col("status") == "active").fill_null(True))
    counted = active.group_by("_book").agg(firm.n_unique().alias("firms"))
    return _compare(claims, counted, {"company_count": ("firms",)})


@book_rule("T9", WARNING, "summary", "value", _MISMATCH, _MISMATCH_REMEDY)
def totals_of_lists(frames: Frames) -> list[Finding]:
    """The typed numbers of companies on the red and the black list."""
    if not (claims := _claims(frames, "red_list_count", "black_list_count")) or "credit" not in frames:
        return []
    firm = pl.coalesce("uscc", "company_key")
    counted = (
        frames["credit"]
        .group_by("_book")
        .agg(*(firm.filter(col("list_flag") == flag).n_unique().alias(flag) for flag in ("red", "black")))
    )
    return _compare(claims, counted, {"red_list_count": ("red",), "black_list_count": ("black",)})


@book_rule(
    "T9",
    WARNING,
    "credit",
    "list_flag",
    "参评企业没有填写是否列入红黑榜",
    "逐个填写红榜、黑榜或未列入，三者之和应等于参评企业数",
)
def every_rated_company_is_placed(frames: Frames) -> list[Finding]:
    """Red, black and neither add up to the rated companies: none is left without an entry where others have one."""
    if "credit" not in frames:
        return []
    frame = frames["credit"]
    used = said("list_flag").any().over("_book")
    open_ = (
        col("list_flag").is_null() & ~col("withheld").list.contains("list_flag") & (said("grade") | said("total_score"))
    )
    return _rows(frame.filter(used & open_ & col("_has_list_flag")))


# ── the sheet of companies against the sheet of communities ───────────────────────────────────────────────────────


def _managed(frames: Frames) -> pl.DataFrame:
    """Listed companies with what this ledger's communities say of them: ``projects``, and ``area`` where all is known.

    A community that gives a code belongs to that code; one that gives none goes by the company's name.
    """
    if "company" not in frames or "community" not in frames:
        return pl.DataFrame()
    standing = _in_scope(frames).filter(is_professional().fill_null(False))
    listed = frames["company"].select("_book", "_row", "uscc", "company_key", "managed_project_count", "managed_area")
    named = listed.filter(pl.len().over("_book", "company_key") == 1).select("_book", "_row", "company_key")
    wanted = ["_row", "floor_area_sqm"]
    coded = (
        standing.filter(said("uscc")).drop("_row").join(listed.select("_book", "_row", "uscc"), on=["_book", "uscc"])
    )
    plain = standing.filter(col("uscc").is_null()).drop("_row").join(named, on=["_book", "company_key"])
    counted = (
        pl.concat([coded.select(wanted), plain.select(wanted)])
        .group_by("_row")
        .agg(
            projects=pl.len(),
            area=pl.when(said("floor_area_sqm").all()).then(col("floor_area_sqm").cast(pl.Float64).sum()),
        )
    )
    return listed.join(counted, on="_row", how="inner", maintain_order="left")


@book_rule(
    "T6",
    WARNING,
    "company",
    "managed_project_count",
    "“在管项目数”填{claimed}个，而「小区明细」中由该企业管理的小区有{counted}个",
    "核对在管项目数（含在其他旗县区的项目），不应少于本地区由该企业管理的小区数",
)
def projects_cover_this_ledger(frames: Frames) -> list[Finding]:
    """A company manages at least the communities that this ledger gives it; it may manage more elsewhere."""
    if (found := _managed(frames)).is_empty():
        return []
    short = found.filter(col("managed_project_count") < col("projects"))
    rows = short.select("_book", "_row", "managed_project_count", "projects").iter_rows()
    return [Finding(book, row, values={"claimed": typed, "counted": counted}) for book, row, typed, counted in rows]


@book_rule(
    "T7",
    WARNING,
    "company",
    "managed_area",
    "“在管面积”填{claimed}㎡，而「小区明细」中由该企业管理的小区共{counted}㎡",
    "核对在管面积及其单位（万㎡），不应小于本地区由该企业管理的小区面积之和",
)
def area_covers_this_ledger(frames: Frames) -> list[Finding]:
    """A company manages at least the area of the communities that this ledger gives it."""
    if (found := _managed(frames)).is_empty():
        return []
    short = found.filter(col("managed_area").cast(pl.Float64) < (1 - AREA_SLACK) * col("area") - 1e-6)
    rows = short.select("_book", "_row", "managed_area", "area").iter_rows()
    return [
        Finding(book, row, values={"claimed": _number(float(typed)), "counted": _number(counted)})
        for book, row, typed, counted in rows
    ]


# ── 100 % of the companies covered ────────────────────────────────────────────────────────────────────────────────


def _uncovered(frames: Frames) -> dict[int, list[str]]:
    """Workbook → the active companies that neither sheet gives any form of Party organisation or work."""
    if "company" not in frames:
        return {}
    company = frames["company"].filter((col("status") == "active").fill_null(True))
    bare = company.filter(~col("party_org_form").is_in(WORK_COVERAGE).fill_null(False))
    if "party" in frames:
        covered = frames["party"].filter((col("subject_type") == "company") & col("org_form").is_in(WORK_COVERAGE))
        keys = covered.select("_book", "company_key").unique()
        bare = bare.join(keys, on=["_book", "company_key"], how="anti", maintain_order="left")
    found: dict[int, list[str]] = {}
    for book, name in bare.select("_book", "company_name").iter_rows():
        found.setdefault(book, []).append(name)
    return found


def _all_covered(frames: Frames, form: str, claims: pl.Expr) -> list[Finding]:
    uncovered = _uncovered(frames)
    rows = frames[form].filter(claims.fill_null(False)).select("_book", "_row").iter_rows()
    return [
        Finding(book, row, values={"count": len(names), "names": _some(names)})
        for book, row in rows
        if (names := uncovered.get(book))
    ]


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:NAMED]) + ("等" if len(names) > NAMED else "")


_UNCOVERED = "填报物业企业党的组织和工作已全覆盖，而「企业明细」「党建情况」中有{count}家企业没有覆盖：{names}"
_UNCOVERED_REMEDY = "补填这些企业的党组织形式（没有党员的填党建指导员）；确未覆盖的请更正完成值"


@book_rule("T8", WARNING, "task", "actual", _UNCOVERED, _UNCOVERED_REMEDY)
def full_coverage_in_tasks_is_full(frames: Frames) -> list[Finding]:
    """Where the ledger of tasks claims 100 %, every active company is covered."""
    full = (col("actual") == 100) | (col("actual").is_null() & (col("completion_rate") == 100))
    return _all_covered(frames, "task", col("task_id").is_in(PARTY_RATES) & full)


@book_rule("T8", WARNING, "summary", "value", _UNCOVERED, _UNCOVERED_REMEDY)
def full_coverage_in_totals_is_full(frames: Frames) -> list[Finding]:
    """Where the typed totals claim 100 %, every active company is covered."""
    return _all_covered(frames, "summary", (col("measure") == "company_party_rate") & (col("value") == 100))


# ── disputes, subdistricts, tasks ─────────────────────────────────────────────────────────────────────────────────


@book_rule("T10", WARNING, "summary", "value", _MISMATCH, _MISMATCH_REMEDY)
def total_disputes(frames: Frames) -> list[Finding]:
    """The typed number of disputes: all rows, or those that repeat no other."""
    if not (claims := _claims(frames, "dispute_count")) or "dispute" not in frames:
        return []
    repeats = (col("is_repeat") | (col("status") == "duplicate")).fill_null(False)
    counted = frames["dispute"].group_by("_book").agg(pl.len().alias("all"), (~repeats).sum().alias("first"))
    return _compare(claims, counted, {"dispute_count": ("all", "first")})


@book_rule(
    "T10",
    WARNING,
    "dispute",
    "category",
    "其他工单都有诉求类别，这一件没有，按类别统计之和将少于总数",
    "从下拉列表中选择诉求类别，归不进去的选“其他”",
)
def every_dispute_has_its_category(frames: Frames) -> list[Finding]:
    """Categories add up to the total: none is left without one where others have it."""
    frame = frames["dispute"]
    used = said("category").any().over("_book")
    return _rows(frame.filter(used & col("category").is_null() & ~col("withheld").list.contains("category")))


@book_rule(
    "T11",
    WARNING,
    "subdistrict",
    "communities",
    "“小区数”填{claimed}，而「小区明细」中该街道（乡镇）有{counted}个小区",
    "核对该街道（乡镇）的小区数和「小区明细」有无漏填；两处街道名称应当一致",
)
def communities_of_a_subdistrict(frames: Frames) -> list[Finding]:
    """The number of communities typed for a subdistrict is that of its rows (with building sites or without)."""
    if "community" not in frames:
        return []
    scope = _in_scope(frames).filter(said("subdistrict_key"))
    counted = scope.group_by("_book", "subdistrict_key").agg(pl.len().alias("all"), col("built").sum())
    return _per_street(frames["subdistrict"], "communities", counted)


@book_rule(
    "T11",
    WARNING,
    "subdistrict",
    "neighbourhoods",
    "“社区数”填{claimed}，而「社区情况」中该街道（乡镇）有{counted}个社区",
    "核对该街道（乡镇）的社区数和「社区情况」有无漏填；两处街道名称应当一致",
)
def neighbourhoods_of_a_subdistrict(frames: Frames) -> list[Finding]:
    """The number of residents' committees typed for a subdistrict is that of its rows."""
    if "neighbourhood" not in frames:
        return []
    rows = frames["neighbourhood"].filter(said("subdistrict_key"))
    counted = rows.group_by("_book", "subdistrict_key").agg(pl.len().alias("all"), pl.len().alias("built"))
    return _per_street(frames["subdistrict"], "neighbourhoods", counted)


def _per_street(frame: pl.DataFrame, field: str, counted: pl.DataFrame) -> list[Finding]:
    """Typed numbers that agree with neither count; a subdistrict that no row names is not judged."""
    pairs = frame.join(counted, on=["_book", "subdistrict_key"], how="inner", maintain_order="left")
    wrong = pairs.filter((col(field) != col("all")) & (col(field) != col("built")))
    rows = wrong.select("_book", "_row", field, "all").iter_rows()
    return [Finding(book, row, values={"claimed": typed, "counted": count}) for book, row, typed, count in rows]


TASK_SEPARATOR = "\t"


def tasks_of(plan: Plan, district_code: str) -> tuple[str, ...]:
    """What the plan asks this district to establish or issue, each as id and title; what it merely encourages aside."""
    key = plan.id, district_code
    if key not in _TASKS:
        _TASKS[key] = tuple(
            TASK_SEPARATOR.join((indicator.id, indicator.name.zh))
            for indicator in plan.indicators
            if indicator.kind in ("boolean", "document") and _is_asked(plan, indicator, district_code)
        )
    return _TASKS[key]


_TASKS: dict[tuple[str, str], tuple[str, ...]] = {}


def _is_asked(plan: Plan, indicator: Indicator, district_code: str) -> bool:
    scope = plan.scope(indicator)
    own = [m for m in indicator.milestones if m.districts is None or district_code in m.districts]
    return (scope is None or district_code in scope) and any(m.binding != "encouraged" for m in own)


@book_rule(
    "T14",
    WARNING,
    "task",
    None,
    "方案中有{count}项任务没有列入台账，也没有列入「制度机制清单」：{names}",
    "补充这些任务并填写任务编号（编号见填报说明）；尚未开展的也要列出，完成状态填“未启动”",
)
def every_task_of_the_plan_is_listed(frames: Frames) -> list[Finding]:
    """What the plan asks the district to establish has its row among the tasks or the mechanisms."""
    frame = frames["task"]
    asked = frame.select("_book", "_tasks").unique("_book", maintain_order=True).explode("_tasks")
    asked = asked.drop_nulls().with_columns(
        task_id=col("_tasks").str.split(TASK_SEPARATOR).list.first(),
        title=col("_tasks").str.split(TASK_SEPARATOR).list.last(),
    )
    listed = [frame.select("_book", "task_id")]
    if "mechanism" in frames:
        listed.append(frames["mechanism"].select("_book", task_id="indicator_id"))
    open_ = asked.join(pl.concat(listed), on=["_book", "task_id"], how="anti", maintain_order="left")
    by_book = open_.group_by("_book", maintain_order=True).agg("title")
    return [
        Finding(book, None, "task_id", {"count": len(titles), "names": _some(titles)})
        for book, titles in by_book.iter_rows()
    ]
