"""Rules over whole workbooks: duplicates, columns, one sheet against another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from pipelines.forms import FORMS
from pipelines.forms.types import Flag, PartialDate
from pipelines.intake.rules.base import (
    ERROR,
    FORMED,
    WARNING,
    Finding,
    book_rule,
    col,
    said,
)

Frames = Mapping[str, pl.DataFrame]

FILL_DOWN_ROWS = 10
"""From so many rows on a column without any 否 is worth a question."""
MAY_BE_LATER = {"contract_end", "term_end", "due_date"}
"""Dates that are normally still to come."""
OWN_RULE = {("evidence", "date")}
"""Dates that a rule of their own looks at."""


def _rows(frame: pl.DataFrame) -> list[Finding]:
    """A finding per row of a filtered frame."""
    return [Finding(book, row) for book, row in frame.select("_book", "_row").iter_rows()]


# ── duplicates ────────────────────────────────────────────────────────────────────────────────────────────────────


@book_rule(
    "R39",
    ERROR,
    "community",
    "community_name",
    "与{first}是同一个小区（同一街道、同一名称），本行未采用",
    "删去重复的一行；确是两个小区的请写明分期、分区或各自的小区编码",
)
def one_row_per_community(frames: Frames) -> list[Finding]:
    """Same subdistrict and name (without a subdistrict: same address), unless each has a code of its own.

    A last row (核销) may stand beside a new community of the same name.
    """
    frame = frames["community"].filter(said("name_key"))
    ended = (col("change_type") == "demolished").fill_null(False)
    place = pl.coalesce("subdistrict_key", "address_key").fill_null("")
    group = [col("_book"), col("name_key"), place.alias("place"), ended.alias("ended")]
    rows = frame.select(
        *group, "_row", "source_sheet", "source_row", "community_code", count=pl.len().over(group)
    ).filter(col("count") > 1)
    found = []
    seen: dict[tuple[object, ...], list[tuple[str | None, str, int]]] = {}
    for book, name, where, last, row, sheet, line, code, _ in rows.iter_rows():
        earlier = seen.setdefault((book, name, where, last), [])
        twin = next((known for known in earlier if known[0] is None or code is None or known[0] == code), None)
        if twin is None:
            earlier.append((code, sheet, line))
        else:
            found.append(Finding(book, row, values={"first": _line(twin[1], twin[2], sheet)}))
    return found


def _line(sheet: str, line: int, here: str) -> str:
    """Another row as a clerk finds it: 前面第2行, or with its sheet where that is another one."""
    return f"前面第{line}行" if sheet == here else f"「{sheet}」第{line}行"


@book_rule(
    "duplicate_code",
    WARNING,
    "community",
    "community_code",
    "小区编码与{first}相同，但名称或街道不同",
    "每个小区的编码应当唯一，请核对后更正",
)
def codes_are_unique(frames: Frames) -> list[Finding]:
    """A code stands for one community."""
    frame = frames["community"].filter(said("community_code"))
    group = ["_book", "community_code"]
    first = [
        col(name).first().over(group).alias(f"first_{name}")
        for name in ("name_key", "subdistrict_key", "source_sheet", "source_row")
    ]
    rows = frame.filter(pl.len().over(group) > 1).with_columns(first)
    other = col("name_key").ne_missing(col("first_name_key")) | col("subdistrict_key").ne_missing(
        col("first_subdistrict_key")
    )
    rows = rows.filter(other).select("_book", "_row", "source_sheet", "first_source_sheet", "first_source_row")
    return [
        Finding(book, row, values={"first": _line(sheet, line, here)})
        for book, row, here, sheet, line in rows.iter_rows()
    ]


# ── columns ───────────────────────────────────────────────────────────────────────────────────────────────────────


@book_rule(
    "R40",
    WARNING,
    "community",
    None,
    "“{header}”整列{count}行全部为“是”，可能是整列下拉填充",
    "逐个核实；确实全部做到的请在说明栏注明",
)
def not_all_true(frames: Frames) -> list[Finding]:
    """A column of nothing but yes may have been filled down."""
    frame = frames["community"]
    flags = [c for c in FORMS["community"].columns if isinstance(c.type, Flag)]
    counted = frame.group_by("_book", maintain_order=True).agg(
        pl.len().alias("count"), *(col(c.field).fill_null(False).all().alias(c.field) for c in flags)
    )
    counted = counted.filter(col("count") >= FILL_DOWN_ROWS)
    return [
        Finding(row["_book"], None, column.field, {"header": column.header, "count": row["count"]})
        for row in counted.iter_rows(named=True)
        for column in flags
        if row[column.field]
    ]


@book_rule(
    "R34",
    WARNING,
    "community",
    "floor_area_sqm",
    "建筑面积没有注明单位；户均面积合理的{count}行已按㎡采用",
    "在表头注明单位，如“建筑面积(㎡)”",
)
def area_taken_as_square_metres(frames: Frames) -> list[Finding]:
    """Areas without a unit that were taken as ㎡."""
    rows = frames["community"].filter(col("_unit_not_stated") & said("floor_area_sqm"))
    counted = rows.group_by("_book", maintain_order=True).len()
    return [Finding(book, None, "floor_area_sqm", {"count": count}) for book, count in counted.iter_rows()]


def future_dates(form: str, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """R35: the date columns of a form and the rows in which they lie after the day the workbook was received."""
    for column in FORMS[form].columns:
        if not isinstance(column.type, PartialDate) or column.personal:
            continue
        if column.field in MAY_BE_LATER or (form, column.field) in OWN_RULE:
            continue
        late = col(column.field) > col("_received")
        if form == "community" and column.field in ("delivered_date", "completed_date", "built_year"):
            late = late & (col("construction_status") != "under_construction").fill_null(True)
        rows = frame.filter(late)
        if rows.height:
            yield column.field, rows


# ── one sheet against another ─────────────────────────────────────────────────────────────────────────────────────


def with_bodies(frames: Frames) -> pl.DataFrame:
    """Each pair of community and body of a workbook: by code, else by name (and subdistrict where both say it)."""
    community, committee = frames.get("community"), frames.get("committee")
    if community is None or committee is None:
        return pl.DataFrame()
    left = community.select(
        "_book",
        "_row",
        "community_code",
        "name_key",
        "subdistrict_key",
        "unit_type",
        "construction_status",
        "committee_status_typed",
    )
    right = committee.select(
        "_book", col("_row").alias("_body"), "community_code", "name_key", "subdistrict_key", "status", "body_type"
    )
    by_code = right.filter(said("community_code")).join(
        left, on=["_book", "community_code"], how="inner", suffix="_left"
    )
    rest = right.join(by_code.select("_body"), on="_body", how="anti")
    by_name = rest.join(left, on=["_book", "name_key"], how="inner", suffix="_left").filter(
        col("subdistrict_key").is_null()
        | col("subdistrict_key_left").is_null()
        | (col("subdistrict_key") == col("subdistrict_key_left"))
    )
    wanted = [
        "_book",
        "_row",
        "_body",
        "status",
        "body_type",
        "unit_type",
        "construction_status",
        "committee_status_typed",
    ]
    return pl.concat([by_code.select(wanted), by_name.select(wanted)])


@book_rule(
    "R19",
    WARNING,
    "community",
    "committee_status_typed",
    "此处填写已成立，但「业委会(物管会)明细」中还在筹备；以明细为准，不计为已成立",
    "两处改为一致；筹备中的不能填已成立",
)
def preparing_is_not_formed(frames: Frames) -> list[Finding]:
    """A tick does not turn a body in preparation into a formed one."""
    pairs = with_bodies(frames)
    if pairs.is_empty():
        return []
    bodies = pairs.filter(col("committee_status_typed").is_in(FORMED)).group_by("_book", "_row", maintain_order=True)
    return _rows(bodies.agg((col("status") == "preparing").all()).filter("status"))


@book_rule(
    "R20",
    WARNING,
    "committee",
    "body_type",
    "同一小区的业主委员会和物业管理委员会都填为已成立",
    "核对哪一个在履职；按小区只计一次",
)
def both_bodies_formed(frames: Frames) -> list[Finding]:
    """Owners' committee and property-management committee are not both formed in one community."""
    frame = frames["committee"].filter(
        (col("status") == "formed") & col("body_type").is_in(["owners_committee", "pm_committee"])
    )
    place = pl.coalesce("community_code", pl.concat_str("name_key", pl.col("subdistrict_key").fill_null("")))
    later = (col("body_type").n_unique().over("_book", place) > 1) & (col("body_type") == "pm_committee")
    return _rows(frame.filter(later))


@book_rule(
    "R37",
    WARNING,
    "committee",
    "status",
    "小区在建未交付，却有已成立的业委会（物管会）",
    "已交付的把「小区明细」中的建设状态改为“建成”；尚未交付的更正本行状态",
)
def building_site_has_no_body(frames: Frames) -> list[Finding]:
    """A building site has no formed body."""
    pairs = with_bodies(frames)
    if pairs.is_empty():
        return []
    broken = (col("construction_status") == "under_construction") & col("status").is_in(FORMED)
    return _rows(pairs.filter(broken).select("_book", col("_body").alias("_row")).unique(maintain_order=True))


@book_rule(
    "R38",
    WARNING,
    "committee",
    "status",
    "单体楼有已成立的业委会（物管会）",
    "核对「小区明细」的类别；几栋单体楼合并成立的请在备注中说明",
)
def single_building_body(frames: Frames) -> list[Finding]:
    """A single building with a body of its own is worth a question."""
    pairs = with_bodies(frames)
    if pairs.is_empty():
        return []
    broken = (col("unit_type") == "single_building") & col("status").is_in(FORMED)
    return _rows(pairs.filter(broken).select("_book", col("_body").alias("_row")).unique(maintain_order=True))


@book_rule(
    "body_without_community",
    WARNING,
    "committee",
    "community_name",
    "「小区明细」中没有这个小区",
    "两张表的小区名称和编码应当一致",
)
def body_belongs_to_a_community(frames: Frames) -> list[Finding]:
    """Every body belongs to a community of the same workbook."""
    committee = frames.get("committee")
    pairs = with_bodies(frames)
    if committee is None or "community" not in frames:
        return []
    named = committee.filter(said("name_key"))
    return _rows(
        named if pairs.is_empty() else named.join(pairs.select(col("_body").alias("_row")), on="_row", how="anti")
    )


# ── companies and Party organisations ─────────────────────────────────────────────────────────────────────────────


def _several_codes(frames: Frames, form: str) -> list[Finding]:
    """Rows of this form whose company has another code too, and that give another one than the code taken for right:
    one that both sheets give, else the one given most often.
    """
    parts = [
        frames[name]
        .filter(said("company_key") & said("uscc"))
        .select(pl.lit(name).alias("form"), "_book", "_row", "company_key", "uscc")
        for name in ("company", "community")
        if name in frames
    ]
    company = ["_book", "company_key"]
    pairs = pl.concat([part.select(*company, "uscc") for part in parts]).unique()
    several = pairs.group_by(company).len().filter(col("len") > 1)
    if several.is_empty():
        return []
    rows = pl.concat(parts).join(several, on=company, how="semi", maintain_order="left")
    found = []
    for (book, _), group in rows.group_by(company, maintain_order=True):
        codes: dict[str, Counter[str]] = {"company": Counter(), "community": Counter()}
        for name, code in group.select("form", "uscc").iter_rows():
            codes[name][code] += 1
        both = [code for code in codes["company"] if code in codes["community"]]
        right = both[0] if both else (codes["company"] + codes["community"]).most_common(1)[0][0]
        wrong = group.filter((col("form") == form) & (col("uscc") != right))
        found += [Finding(int(str(book)), row, values={"other": right}) for row in wrong["_row"]]
    return found


_CODES = "同一企业在本报表中还有另一个统一社会信用代码{other}"
_CODES_REMEDY = "对照营业执照核对，各表应当一致；分公司请写明分公司的全称和代码"


@book_rule("R36", WARNING, "company", "uscc", _CODES, _CODES_REMEDY)
def a_company_has_one_code(frames: Frames) -> list[Finding]:
    """A company has one code on the sheet of companies."""
    return _several_codes(frames, "company")


@book_rule("R36", WARNING, "community", "uscc", _CODES, _CODES_REMEDY)
def a_company_has_the_same_code_in_both_sheets(frames: Frames) -> list[Finding]:
    """A community gives its company the code that the others give it."""
    return _several_codes(frames, "community")


COVERED_BY_ONE = 5
"""So many units a joint branch covers at most in the ordinary way."""


@book_rule(
    "branch_covers_many",
    WARNING,
    "party",
    "org_name",
    "联合党组织“{name}”覆盖{count}个单位，一般不超过5个",
    "核对党组织名称和覆盖对象；情况特殊的请在说明栏注明",
)
def joint_branch_covers_few(frames: Frames) -> list[Finding]:
    """A joint branch covers at most five units; what it names beside its own row counts too."""
    frame = frames["party"].filter((col("org_form") == "joint") & said("org_name"))
    others = col("covered_subjects").fill_null("").str.count_matches("[、，,；;]")
    units = frame.with_columns(units=pl.max_horizontal(pl.len().over("_book", "org_name"), others + 1))
    wide = units.filter(col("units") > COVERED_BY_ONE).unique(["_book", "org_name"], keep="first", maintain_order=True)
    rows = wide.select("_book", "_row", "org_name", "units").iter_rows()
    return [Finding(book, row, values={"name": name, "count": count}) for book, row, name, count in rows]


@book_rule(
    "survey_not_third_party",
    WARNING,
    "satisfaction",
    "organiser",
    "{count}行的组织方式不是第三方，不计入业主满意率",
    "业主满意率只认第三方调查；确由第三方承担的，组织方式填“第三方”并写明调查机构，其余不必处理",
)
def surveys_are_a_third_party_s(frames: Frames) -> list[Finding]:
    """Only third-party surveys enter the rate; who asked otherwise is told once."""
    others = frames["satisfaction"].filter(said("organiser") & (col("organiser") != "third_party"))
    counted = others.group_by("_book", maintain_order=True).len()
    return [Finding(book, None, "organiser", {"count": count}) for book, count in counted.iter_rows()]


# ── what rows refer to ────────────────────────────────────────────────────────────────────────────────────────────


def _unlisted(frames: Frames, form: str) -> list[Finding]:
    """Rows that refer to numbers of evidence which the list (where the workbook has one) does not hold."""
    if "evidence" not in frames:
        return []
    listed: dict[int, set[str]] = {}
    for book, number in frames["evidence"].select("_book", "evidence_id").iter_rows():
        listed.setdefault(book, set()).add(number)
    found = []
    rows = frames[form].filter(said("evidence_ids")).select("_book", "_row", "evidence_ids")
    for book, row, text in rows.iter_rows():
        missing = [number for number in text.split("、") if number not in listed.get(book, (number,))]
        if missing:
            found.append(Finding(book, row, values={"missing": "、".join(missing[:10])}))
    return found


_UNLISTED = "「佐证材料清单」中没有编号为{missing}的材料"
_UNLISTED_REMEDY = "在清单中补充该材料，或更正编号"


@book_rule("T13", WARNING, "task", "evidence_ids", _UNLISTED, _UNLISTED_REMEDY)
def evidence_of_tasks_is_listed(frames: Frames) -> list[Finding]:
    """The evidence that tasks refer to is in the list."""
    return _unlisted(frames, "task")


@book_rule("T13", WARNING, "mechanism", "evidence_ids", _UNLISTED, _UNLISTED_REMEDY)
def evidence_of_mechanisms_is_listed(frames: Frames) -> list[Finding]:
    """The evidence that mechanisms refer to is in the list."""
    return _unlisted(frames, "mechanism")


REUSED_FILES = 5
"""From so many entries on, one and the same file as evidence is worth a question."""


@book_rule(
    "evidence_reused",
    WARNING,
    "evidence",
    "sha256",
    "同一个文件被用作{count}份佐证材料",
    "每份材料应当各有其文件；一份文件确实证明多项的，合并为一行并列出全部指标编号",
)
def each_item_has_its_own_file(frames: Frames) -> list[Finding]:
    """One file does not serve as many items of evidence."""
    files = frames["evidence"].filter(said("sha256")).group_by("_book", "sha256", maintain_order=True)
    reused = files.agg(pl.len().alias("count"), col("_row").first()).filter(col("count") >= REUSED_FILES)
    rows = reused.select("_book", "_row", "count").iter_rows()
    return [Finding(book, row, values={"count": count}) for book, row, count in rows]


def _absent(frames: Frames, left: pl.DataFrame, key: str, right: str, right_key: str) -> list[Finding]:
    """The rows whose key the other sheet of the same workbook (where it is given) does not hold."""
    if right not in frames:
        return []
    given = frames[right].select("_book").unique()
    known = frames[right].filter(said(right_key)).select("_book", col(right_key).alias(key)).unique()
    rows = left.filter(said(key)).join(given, on="_book", how="semi", maintain_order="left")
    return _rows(rows.join(known, on=["_book", key], how="anti", maintain_order="left"))


@book_rule(
    "T8",
    WARNING,
    "party",
    "subject_name",
    "「企业明细」中没有这家企业",
    "两张表的企业名称应当一致；漏填的请在「企业明细」中补充",
)
def covered_companies_are_listed(frames: Frames) -> list[Finding]:
    """Companies on the Party sheet are on the sheet of companies."""
    companies = frames["party"].filter(col("subject_type") == "company")
    return _absent(frames, companies, "company_key", "company", "company_key")


@book_rule(
    "T15",
    WARNING,
    "credit",
    "project_name",
    "「小区明细」中没有这个项目",
    "项目名称应与「小区明细」中的小区名称一致",
)
def rated_projects_are_communities(frames: Frames) -> list[Finding]:
    """Rated projects are communities of the district."""
    return _absent(frames, frames["credit"], "name_key", "community", "name_key")
