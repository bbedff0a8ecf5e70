"""Rules over the rows of the other sheets."""

from __future__ import annotations

import polars as pl

from pipelines.intake.rules.base import ERROR, FORMED, WARNING, col, lacks, last_day, row_rule, said

RATE_TOLERANCE = 0.1
"""Percentage points by which a typed rate may differ from the recomputed one."""


# ── 业委会(物管会)明细 ────────────────────────────────────────────────────────────────────────────────────────────


@row_rule(
    "R17",
    ERROR,
    "committee",
    "established_date",
    "成立日期（{established_date}）晚于数据截止日期{_as_of}，本期不能计为已成立",
    "核对成立日期；截止日期后成立的在下期填报",
    withholds="status",
)
def formed_by_the_as_of_date() -> pl.Expr:
    """A body that counts was established by the as-of date."""
    return col("status").is_in(FORMED) & (col("established_date") > col("_as_of"))


@row_rule(
    "R18",
    WARNING,
    "committee",
    "filed_date",
    "状态为已成立，但没有填写备案日期",
    "填写备案日期；尚未备案的请尽快办理，并在说明栏注明",
)
def formed_is_filed() -> pl.Expr:
    """A formed body has a filing date."""
    return col("status").is_in(FORMED) & lacks("filed_date")


@row_rule(
    "R21",
    WARNING,
    "committee",
    "status",
    "状态为已成立，但本届任期已于{term_end}届满",
    "已换届的填写新一届任期；未换届的把状态改为“已届满”或“换届中”",
)
def formed_is_in_term() -> pl.Expr:
    """A body called formed is within its term."""
    return (col("status") == "formed") & (last_day("term_end") < col("_as_of"))


@row_rule(
    "R22",
    ERROR,
    "committee",
    "party_member_count",
    "党员委员人数（{party_member_count}）多于委员人数（{member_count}），党员委员人数未采用",
    "核对两个人数，党员委员是委员的一部分",
    withholds="party_member_count",
)
def party_members_within_members() -> pl.Expr:
    """Party members do not exceed members."""
    return col("party_member_count") > col("member_count")


@row_rule(
    "filed_before_established",
    WARNING,
    "committee",
    "filed_date",
    "备案日期（{filed_date}）早于成立日期（{established_date}）",
    "核对两个日期，备案应在成立之后",
)
def filed_after_established() -> pl.Expr:
    """A body is not filed before it is established."""
    return last_day("filed_date") < col("established_date")


@row_rule(
    "member_count_unusual",
    WARNING,
    "committee",
    "member_count",
    "委员人数填{member_count}人，一般应为5至11人的单数",
    "核对委员人数；确实如此的请在备注或说明栏注明",
)
def member_count_is_usual() -> pl.Expr:
    """A body that counts has an odd number of members between 5 and 11."""
    count = col("member_count")
    body = col("body_type").is_in(["owners_committee", "pm_committee"]) & col("status").is_in(FORMED)
    return body & (~count.is_between(5, 11) | (count % 2 == 0))


TERM_SLACK_DAYS = 62
"""By so much the dates of a term may differ from its years: two months."""


@row_rule(
    "term_against_years",
    WARNING,
    "committee",
    "term_end",
    "任期填{term_years}年，而本届任期为{term_start}至{term_end}",
    "核对任期年数和本届任期的起止日期",
)
def term_lasts_its_years() -> pl.Expr:
    """The dates of a term span as many years as are stated, to two months."""
    days = (col("term_end") - col("term_start")).dt.total_days()
    known = col("term_start_precision").is_in(["day", "month"]) & col("term_end_precision").is_in(["day", "month"])
    return known & ((days - 365.25 * col("term_years").cast(pl.Float64)).abs() > TERM_SLACK_DAYS)


# ── 党建情况 ──────────────────────────────────────────────────────────────────────────────────────────────────────


@row_rule(
    "should_have_org",
    WARNING,
    "party",
    "org_form",
    "有{party_member_count}名党员，却只派党建指导员",
    "有3名以上正式党员的应单独建立党组织；情况特殊的请在说明栏注明",
)
def enough_members_for_a_branch() -> pl.Expr:
    """The same of the sheet of Party organisations."""
    return (col("party_member_count") >= 3) & (col("org_form") == "instructor")


# ── 企业明细 ──────────────────────────────────────────────────────────────────────────────────────────────────────


@row_rule(
    "R22",
    ERROR,
    "company",
    "party_member_count",
    "党员人数（{party_member_count}）多于从业人员（{employee_count}），党员人数未采用",
    "核对两个人数，党员人数不应多于从业人员",
    withholds="party_member_count",
)
def party_members_within_employees() -> pl.Expr:
    """Party members do not exceed employees."""
    return col("party_member_count") > col("employee_count")


@row_rule(
    "should_have_org",
    WARNING,
    "company",
    "party_org_form",
    "有{party_member_count}名党员，却只派党建指导员",
    "有3名以上正式党员的应单独建立党组织；情况特殊的请在说明栏注明",
)
def enough_members_for_an_organisation() -> pl.Expr:
    """Three or more members are expected to have an organisation of their own."""
    return (col("party_member_count") >= 3) & (col("party_org_form") == "instructor")


@row_rule(
    "R34",
    ERROR,
    "company",
    "managed_area",
    "在管面积没有注明单位，该值未采用",
    "在表头注明单位，如“在管面积(万㎡)”",
    withholds="managed_area",
)
def managed_area_has_unit() -> pl.Expr:
    """A managed area states its unit."""
    return col("_unit_not_stated") & said("managed_area")


# ── 信用评价、纠纷、检查 ──────────────────────────────────────────────────────────────────────────────────────────


_HIGH = r"^(?:A|优|良好)"
_LOW = r"^(?:[CDE]|不合格|差|较差|失信)"


@row_rule(
    "list_against_grade",
    WARNING,
    "credit",
    "list_flag",
    "列入红黑榜的情况与信用等级“{grade}”不相称",
    "核对信用等级和红黑榜；因专门原因列入黑榜的请在说明栏注明原因",
)
def list_goes_with_grade() -> pl.Expr:
    """The red list goes with a high grade, the black list with a low one; tables of grades differ, extremes do not."""
    grade = col("grade").str.to_uppercase()
    red, black = col("list_flag") == "red", col("list_flag") == "black"
    return (red & grade.str.contains(_LOW)) | (black & grade.str.contains(_HIGH))


SCORE_SLACK = 0.05


@row_rule(
    "score_against_parts",
    WARNING,
    "credit",
    "total_score",
    "得分{total_score}与基础分{base_score}＋加分{bonus}－扣分{penalty}不一致",
    "核对各项分数；没有的项目填0",
)
def score_adds_up() -> pl.Expr:
    """The score is base plus bonus minus penalty; penalties are typed with a minus or without."""
    base, bonus, penalty, total = (
        col(name).cast(pl.Float64) for name in ("base_score", "bonus", "penalty", "total_score")
    )
    return (base + bonus - penalty.abs() - total).abs() > SCORE_SLACK


@row_rule(
    "closed_before_received",
    ERROR,
    "dispute",
    "closed_date",
    "办结时间（{closed_date}）早于受理时间（{received_date}），办结时间未采用",
    "核对两个时间；尚未办结的不要填办结时间",
    withholds="closed_date",
)
def closed_after_received() -> pl.Expr:
    """A case is not closed before it is received."""
    return last_day("closed_date") < col("received_date")


@row_rule(
    "rectified_more_than_found",
    ERROR,
    "inspection",
    "rectified",
    "整改数（{rectified}）多于发现问题数（{problems}），整改数未采用",
    "核对两个数，整改数不应多于发现问题数",
    withholds="rectified",
)
def rectified_within_found() -> pl.Expr:
    """No more problems are put right than were found."""
    return col("rectified") > col("problems")


# ── 满意度调查 ────────────────────────────────────────────────────────────────────────────────────────────────────

_ANSWERS = ("very_satisfied", "satisfied", "fairly_satisfied", "neutral", "dissatisfied", "very_dissatisfied")


@row_rule(
    "R24",
    WARNING,
    "satisfaction",
    "reported_rate",
    "满意率填{reported_rate}%，按样本重算为{recomputed}%，以重算为准",
    "满意率＝（非常满意＋满意＋基本满意）÷有效样本；核对各项人数",
    recomputed=lambda: _satisfaction().round(2),
)
def satisfaction_recomputes() -> pl.Expr:
    """The typed satisfaction rate is what the answers give."""
    known = pl.any_horizontal(said(name) for name in _ANSWERS[:3]) & (col("valid_answers") > 0)
    return known & ((col("reported_rate") - _satisfaction()).abs() > RATE_TOLERANCE + 1e-9)


def _satisfaction() -> pl.Expr:
    return 100 * pl.sum_horizontal(col(name).fill_null(0) for name in _ANSWERS[:3]) / col("valid_answers")


@row_rule(
    "answers_do_not_add_up",
    WARNING,
    "satisfaction",
    "valid_answers",
    "各项回答之和为{total}，有效样本填{valid_answers}，两者不一致",
    "核对各项人数和有效样本；没有人选的项目填0",
    total=lambda: pl.sum_horizontal(col(name).fill_null(0) for name in _ANSWERS),
)
def answers_add_up() -> pl.Expr:
    """The answers add up to the valid ones."""
    total = pl.sum_horizontal(col(name).fill_null(0) for name in _ANSWERS)
    complete = pl.all_horizontal(said(name) | ~col(f"_has_{name}") for name in _ANSWERS)
    given = pl.any_horizontal(said(name) for name in _ANSWERS)
    return given & ((total > col("valid_answers")) | (complete & (total != col("valid_answers"))))


@row_rule(
    "small_sample",
    WARNING,
    "satisfaction",
    "valid_answers",
    "有效样本只有{valid_answers}份，少于30份",
    "样本过少时结果不稳定，条件允许时请补充调查",
)
def sample_is_large_enough() -> pl.Expr:
    """At least 30 valid answers."""
    return col("valid_answers") < 30


# ── 任务台账、制度、佐证材料 ──────────────────────────────────────────────────────────────────────────────────────


@row_rule(
    "R24",
    WARNING,
    "task",
    "completion_rate",
    "完成率填{completion_rate}%，按完成值{actual}÷计划值{planned}应为{recomputed}%",
    "核对计划值、完成值和完成率",
    recomputed=lambda: _completion().round(2),
)
def completion_recomputes() -> pl.Expr:
    """The typed completion rate is actual ÷ planned."""
    return (col("planned") > 0) & ((col("completion_rate") - _completion()).abs() > RATE_TOLERANCE + 1e-9)


def _completion() -> pl.Expr:
    return 100 * col("actual").cast(pl.Float64) / col("planned").cast(pl.Float64)


@row_rule(
    "indicator_unknown",
    WARNING,
    "task",
    "task_id",
    "任务编号不是本方案的指标编号，这一行不计入任何指标",
    "照填报说明所列编号填写；方案以外的工作不填任务编号",
)
def task_is_of_the_plan() -> pl.Expr:
    """The number of a task is the id of an indicator of the plan."""
    return said("task_id") & ~col("_indicators").list.contains(col("task_id"))


@row_rule(
    "indicator_unknown",
    WARNING,
    "mechanism",
    "indicator_id",
    "指标编号不是本方案的编号，这一行不计入任何指标",
    "照填报说明所列“制度机制类”编号填写；与方案无关的制度不必列入",
)
def mechanism_is_of_the_plan() -> pl.Expr:
    """A mechanism fulfils an indicator of the plan."""
    return said("indicator_id") & ~col("_indicators").list.contains(col("indicator_id"))


@row_rule(
    "done_without_evidence",
    WARNING,
    "task",
    "evidence_ids",
    "完成状态为已完成，但没有填写佐证材料编号",
    "填写「佐证材料清单」中相应材料的编号；清单里没有的先补到清单",
)
def done_has_evidence() -> pl.Expr:
    """A finished task names its evidence."""
    return (col("status") == "done") & lacks("evidence_ids")


@row_rule(
    "done_after_as_of",
    WARNING,
    "task",
    "done_date",
    "完成日期（{done_date}）晚于数据截止日期{_as_of}，本期不计为完成",
    "核对完成日期；截止日期后完成的在下期填报",
)
def done_by_the_as_of_date() -> pl.Expr:
    """A task that counts was done by the as-of date."""
    return col("done_date") > col("_as_of")


@row_rule(
    "evidence_after_submission",
    ERROR,
    "evidence",
    "date",
    "形成日期（{date}）晚于报送日期{_received}，该日期未采用",
    "核对形成日期，材料应当在报送之前形成",
    withholds="date",
)
def evidence_exists_when_sent() -> pl.Expr:
    """Evidence is not dated after the day it was sent."""
    return col("date") > col("_received")


@row_rule(
    "mechanism_without_proof",
    WARNING,
    "mechanism",
    "document_no",
    "既没有文号，也没有印发日期，不能证明制度已经建立",
    "填写文号和印发日期；以会议纪要确立的，填写会议日期并在「佐证材料清单」中列出纪要",
)
def mechanism_is_proven() -> pl.Expr:
    """A mechanism has the number of its document, or at least the day it was issued or decided."""
    return said("document_name") & lacks("document_no") & col("issued_date").is_null()
