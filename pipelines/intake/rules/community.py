"""Rules over the rows of 小区明细."""

from __future__ import annotations

import polars as pl

from pipelines.intake.rules.base import (
    ERROR,
    FORMED,
    WARNING,
    col,
    is_professional,
    lacks,
    last_day,
    listed,
    row_rule,
    said,
)

FORM = "community"


@row_rule(
    "R01",
    ERROR,
    FORM,
    "district_name",
    "旗县区填的是“{district_name}”，不是本填报单位，或简称可指几个旗县区；该行按本填报单位统计，所填旗县区未采用",
    "改填本填报单位全称；确属其他旗县区的小区请由该旗县区填报",
    withholds="district_name",
)
def district_is_the_submitting_one() -> pl.Expr:
    """The typed district is the one that submits; an ambiguous short name is not."""
    return said("district_name") & (col("_district") != col("district_code")).fill_null(True)


@row_rule(
    "R05",
    WARNING,
    FORM,
    "occupied_households",
    "入住户数（{occupied_households}）多于总户数（{households}）",
    "核对两个数，入住户数不应多于总户数",
)
def occupied_within_total() -> pl.Expr:
    """Occupied households do not exceed all households."""
    return col("occupied_households") > col("households")


def _area_per_household() -> pl.Expr:
    return col("floor_area_sqm").cast(pl.Float64) / col("households")


@row_rule(
    "R06",
    WARNING,
    FORM,
    "floor_area_sqm",
    "户均建筑面积为{per_household}㎡，不在20—400㎡之间（建筑面积{floor_area_sqm}㎡，{households}户）",
    "核对建筑面积的单位（㎡或万㎡）和总户数；确实如此请在说明栏注明",
    per_household=lambda: _area_per_household().round(1),
)
def area_per_household_plausible() -> pl.Expr:
    """Area per household is plausible; what is not is mostly a slip between ㎡ and 万㎡."""
    return ~_area_per_household().is_between(20, 400) & (col("households") > 0) & ~col("_unit_not_stated")


SUB_AREAS = listed(
    "R07",
    WARNING,
    FORM,
    "floor_area_sqm",
    "{names}各项面积之和{parts}㎡与建筑面积{total}㎡相差超过1%",
    "核对各分项面积和建筑面积，以及它们的单位（㎡或万㎡）",
    "row",
)


@row_rule(
    "R34",
    ERROR,
    FORM,
    "floor_area_sqm",
    "建筑面积没有注明单位，按㎡折算的户均面积不在20—400㎡之间或无法核对，该值未采用",
    "在表头注明单位，如“建筑面积(㎡)”，或在数值后写明㎡、万㎡",
    withholds="floor_area_sqm",
)
def area_without_unit() -> pl.Expr:
    """An area without any unit is taken as ㎡ only where the area per household is plausible."""
    plausible = _area_per_household().is_between(20, 400) & (col("households") > 0)
    return col("_unit_not_stated") & ~plausible.fill_null(False)


@row_rule(
    "R08",
    ERROR,
    FORM,
    "company_name",
    "物业管理方式为专业化物业，但没有填写物业服务企业，不能计为专业化",
    "填写物业服务企业全称；不是企业管理的请改选实际的管理方式",
    withholds="is_professional",
)
def professional_has_company() -> pl.Expr:
    """Professional management names its company."""
    return is_professional() & ~col("_needs_company") & (lacks("company_name") | _unreadable("company_name"))


@row_rule(
    "R08",
    ERROR,
    FORM,
    "management_mode",
    "只写“有物业”而没有写明企业，无法确定由谁管理，管理方式未采用",
    "填写物业服务企业全称，或从下拉列表中选择实际的管理方式",
    withholds="management_mode",
)
def plain_yes_has_company() -> pl.Expr:
    """A bare yes counts as management only together with a company."""
    return col("_needs_company") & col("company_name").is_null()


def _unreadable(name: str) -> pl.Expr:
    return col("withheld").list.contains(name)


@row_rule(
    "R09",
    WARNING,
    FORM,
    "uscc",
    "专业化物业没有填写统一社会信用代码",
    "对照营业执照填写企业的统一社会信用代码",
)
def professional_has_code() -> pl.Expr:
    """Professional management gives the company's credit code."""
    return is_professional() & said("company_name") & lacks("uscc")


@row_rule(
    "R09",
    WARNING,
    FORM,
    "contract_end",
    "专业化物业没有填写合同起止日期",
    "填写物业服务合同的开始和结束日期；没有书面合同请在说明栏注明",
)
def professional_has_contract() -> pl.Expr:
    """Professional management gives the dates of its contract."""
    return is_professional() & said("company_name") & lacks("contract_end") & col("contract_start").is_null()


@row_rule(
    "R10",
    ERROR,
    FORM,
    "company_name",
    "物业管理方式为“无物业”，却填写了物业服务企业“{company_name}”；以管理方式为准，企业未采用",
    "仍有企业管理的改选管理方式；企业已撤离的删去企业名称",
    withholds="company_name",
)
def unmanaged_has_no_company() -> pl.Expr:
    """Where there is no management there is no company."""
    return (col("management_mode") == "none") & said("company_name")


@row_rule(
    "R11",
    WARNING,
    FORM,
    "contract_end",
    "物业服务合同到{contract_end}为止，在数据截止日期{_as_of}之前已经到期，属于事实服务",
    "已续签的填写新合同日期；未续签的请尽快办理",
)
def contract_in_force() -> pl.Expr:
    """The contract had not ended by the as-of date."""
    return is_professional() & (last_day("contract_end") < col("_as_of"))


@row_rule(
    "R12",
    ERROR,
    FORM,
    "contract_start",
    "合同开始日期（{contract_start}）晚于结束日期（{contract_end}），两个日期均未采用",
    "核对合同，改正起止日期",
    withholds="contract_start contract_end",
)
def contract_dates_in_order() -> pl.Expr:
    """A contract does not end before it starts."""
    return col("contract_start") > last_day("contract_end")


@row_rule(
    "R13",
    ERROR,
    FORM,
    "delivered_date",
    "建设状态为建成，交付使用时间（{delivered_date}）却晚于数据截止日期{_as_of}，该日期未采用",
    "核对交付使用时间；尚未交付的把建设状态改为“在建”",
    withholds="delivered_date",
)
def completed_is_delivered() -> pl.Expr:
    """A completed community was delivered by the as-of date."""
    return (col("construction_status") == "completed") & (col("delivered_date") > col("_as_of"))


@row_rule(
    "R14",
    WARNING,
    FORM,
    "is_new_build",
    "填为新建小区，但建成年份（{built_year}）早于新建小区的起算日期{_cutoff}",
    "填错的改正建成年份或“是否新建小区”；以交付使用时间为准的，请填写交付使用时间",
)
def new_build_is_recent() -> pl.Expr:
    """What is flagged as new was built on or after the plan's cut-off."""
    return col("is_new_build") & (last_day("built_year") < col("_cutoff"))


@row_rule(
    "R15",
    WARNING,
    FORM,
    "is_old_community",
    "填为老旧小区，但建成年份（{built_year}）在2000年以后",
    "填错的改正建成年份或“是否老旧小区”；已列入改造范围的请在说明栏注明",
)
def old_community_is_old() -> pl.Expr:
    """What is flagged as old was built by 2000."""
    return col("is_old_community") & (col("built_year") > pl.date(2000, 12, 31))


@row_rule(
    "R16",
    ERROR,
    FORM,
    "renovation_status",
    "填为已完成老旧小区改造，但未填为老旧小区，也没有说明原因，改造情况未采用",
    "是老旧小区的把“是否老旧小区”填为“是”；否则在备注中说明",
    withholds="renovation_status",
)
def renovated_is_old() -> pl.Expr:
    """A finished renovation belongs to an old community, or is explained."""
    explained = said("remark") | said("change_reason")
    return (
        (col("renovation_status") == "completed")
        & col("_has_is_old_community")
        & ~col("is_old_community").fill_null(False)
        & ~explained
        & ~_unreadable("is_old_community")
    )


@row_rule(
    "R28",
    WARNING,
    FORM,
    "fee_standard",
    "没有物业管理却填写了收费标准（{fee_standard}）",
    "有人收费的改填实际的物业管理方式；没有物业的删去收费标准",
)
def unmanaged_charges_nothing() -> pl.Expr:
    """Where there is no management there is no fee."""
    return (col("management_mode") == "none") & (col("fee_standard") > 0)


@row_rule(
    "R28",
    WARNING,
    FORM,
    "management_mode",
    "物业管理方式不详，却填写了收费标准（{fee_standard}），本行按没有物业管理统计",
    "有人收费就有人管理，请填写实际的物业管理方式；没有物业的删去收费标准",
)
def unknown_mode_charges_nothing() -> pl.Expr:
    """Where a fee is charged the mode is not unknown: somebody manages."""
    return (col("management_mode") == "unknown") & (col("fee_standard") > 0)


@row_rule(
    "R29",
    WARNING,
    FORM,
    "disclosure_done",
    "已公开公示，但没有填写公示日期",
    "填写最近一次公示的日期，如 2024-10-15；没有公示过的把“信息公开公示”改为“否”",
)
def disclosure_is_dated() -> pl.Expr:
    """A posting has its date."""
    return col("disclosure_done") & lacks("disclosure_date")


def _typed_as_formed() -> pl.Expr:
    """A formed committee by the column here; where the sheet of bodies is given, that one is asked instead."""
    return col("committee_status_typed").is_in(FORMED) & ~col("_has_bodies")


@row_rule(
    "R37",
    WARNING,
    FORM,
    "committee_status_typed",
    "建设状态为在建，却填写已成立业委会（物管会）",
    "已交付的把建设状态改为“建成”；尚未交付的把“业委会(物管会)成立情况”改为“未成立”",
)
def building_site_has_no_committee() -> pl.Expr:
    """A building site has no formed committee."""
    return (col("construction_status") == "under_construction") & _typed_as_formed()


@row_rule(
    "R38",
    WARNING,
    FORM,
    "committee_status_typed",
    "单体楼填写已成立业委会（物管会）",
    "核对类别；几栋单体楼合并成立的请在备注中说明",
)
def single_building_committee() -> pl.Expr:
    """A single building with a committee of its own is worth a question."""
    return (col("unit_type") == "single_building") & _typed_as_formed()


_LEFT = r"(?:物业|企业|公司)[^，。；,;未不]{0,12}(?:撤离|撤出|撤管|退出|弃管)|^已?(?:撤离|撤出|撤管|弃管|失管)"
_TAKEN_OVER = r"现由|改由|由.{1,20}(?:接管|接手|托管|代管)|新物业|新聘|续聘|更换|重新选聘|防止|避免|预防"


@row_rule(
    "remark_against_mode",
    WARNING,
    FORM,
    "management_mode",
    "备注写有物业撤离或弃管，而物业管理方式仍填为专业化物业",
    "企业已撤离的，把物业管理方式改为现在实际的方式；仍在服务的请更正备注",
)
def remark_agrees_with_mode() -> pl.Expr:
    """A remark that the company has left contradicts professional management, unless it says who came instead."""
    remark = col("remark").fill_null("")
    return is_professional() & remark.str.contains(_LEFT) & ~remark.str.contains(_TAKEN_OVER)


@row_rule(
    "change_without_source",
    WARNING,
    FORM,
    "prior_codes",
    "变更情况为合并或拆分，但没有填写原小区编码",
    "在“原小区编码”中填写合并或拆分前各小区的编码或名称，用顿号隔开",
)
def change_names_its_source() -> pl.Expr:
    """Merged and split communities say where they come from."""
    return col("change_type").is_in(["merge", "split"]) & col("prior_codes").is_null()
