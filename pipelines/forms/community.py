"""小区明细: the register as the district sees it."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import address_key, company_key, name_key, subdistrict_key
from pipelines.forms.types import (
    Code,
    Codes,
    CompanyName,
    DatePeriod,
    Decimal,
    Enum,
    Flag,
    Integer,
    Name,
    PartialDate,
    Percent,
    Text,
    Uscc,
)


class Community(
    Form,
    sheet="小区明细",
    aliases="小区台账 住宅小区明细 小区情况",
    title="住宅小区物业管理情况明细表",
    title_en="Residential communities",
    keys={
        "name_key": ("community_name", name_key),
        "subdistrict_key": ("subdistrict", subdistrict_key),
        "address_key": ("address", address_key),
        "company_key": ("company_name", company_key),
    },
):
    """One property-management area, as its district reports it for a period."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    community_code: Code = column(
        "小区编码",
        "Code of the community, immutable once issued",
        example="1508020010010001",
        aliases="项目编码 小区编号 小区ID 小区代码 项目编号",
        note="全市统一编码，一经编定不变；没有的可以不填",
    )
    district_name: Text = column(
        "旗县区",
        "District as typed; the row belongs to the submitting district",
        aliases="区县 县区 所属区 地区 旗县 县(市、区) 区(市)县 所在区县 所属区县 行政区 区域",
    )
    subdistrict: Name = column(
        "街道(乡镇)",
        "Subdistrict, township or sumu",
        example="幸福街道",
        required=True,
        aliases="街道办事处 苏木乡镇 镇街 所属街道 街道 乡镇 镇(街道) 街道(镇) 街镇 所在街道 所属街道(乡镇)"
        " 街道(苏木乡镇) 苏木镇 街道办",
        note="填写街道、镇、乡、苏木的全称",
    )
    neighbourhood: Name = column(
        "社区",
        "Residents' or village committee; not the community itself",
        example="和平社区",
        aliases="社区居委会 所属社区 嘎查村 社区名称 所在社区 社区(村) 社区(嘎查村) 村(社区) 居委会",
    )
    community_name: Name = column(
        "小区名称",
        "Name in daily use, with its phase or zone",
        example="阳光花园一期",
        required=True,
        identity=True,
        aliases="项目名称 住宅小区名称 物业项目名称 楼盘名称 推广名 报建名称 小区 住宅小区 物业小区名称"
        " 物业管理区域名称 名称",
        note="填写常用名称；分期、分区的请写明（如一期、A区）",
    )
    address: Text = column(
        "地址",
        "Street address",
        example="幸福路12号",
        aliases="项目地址 坐落 小区地址 详细地址 小区位置 位置 坐落位置 具体地址",
    )
    unit_type: Enum = column(
        "类别", "Community, single building or group of buildings", aliases="小区类型 是否单体楼 小区类别"
    )
    property_type: Enum = column(
        "物业类型", "Kind of housing", aliases="房屋性质 物业性质 房屋类型 住房性质 物业类别 小区性质"
    )
    built_year: PartialDate = column(
        "建成年份",
        "Year built",
        example="2008",
        aliases="建成年代 建筑年代 建成时间 建设年代 建成年 建设年份",
        note="如 2008；不清楚的可填 90年代",
    )
    completed_date: PartialDate = column(
        "竣工时间", "Date of completion", example="2008-10", aliases="竣工日期 竣工验收时间 竣工年份 竣工备案时间"
    )
    delivered_date: PartialDate = column(
        "交付使用时间",
        "Date of first delivery to owners; decides whether a community is newly built",
        example="2008-12-01",
        aliases="交付年月 入住时间 交付时间 交付日期 交付使用日期 投入使用时间 交房时间",
        note="如 2023-09 或 2023-09-30",
    )
    construction_status: Enum = column("建设状态", "Completed or a building site", aliases="是否建成 建设情况")
    is_new_build: Flag = column(
        "是否新建小区",
        "Typed flag, used where the delivery date is unknown",
        example="否",
        aliases="新建/存量 新建小区 是否新建",
    )
    is_old_community: Flag = column(
        "是否老旧小区", "Old community within the renovation programme", example="否", aliases="老旧小区 是否为老旧小区"
    )
    renovation_status: Enum = column(
        "老旧小区改造情况",
        "Progress of renovation",
        example="",
        aliases="是否改造 改造情况 改造状态 老旧小区改造状态 改造进展",
    )
    renovation_date: PartialDate = column(
        "改造完成时间",
        "Date the renovation was finished",
        example="",
        aliases="改造年度 改造时间 改造完成日期 改造完成年份",
    )
    floor_area_sqm: Decimal = column(
        "建筑面积",
        "Gross floor area in ㎡",
        example=75800.0,
        unit="㎡",
        required=True,
        gt=0,
        lt=5_000_000,
        aliases="总建筑面积 面积 小区面积 建筑总面积 小区建筑面积 总面积 物业管理面积",
        note="以平方米为单位；写作 7.58万㎡ 也能识别",
    )
    building_count: Integer = column(
        "楼栋数",
        "Number of buildings",
        example=12,
        ge=1,
        counts="栋 幢 座 楼",
        aliases="幢数 总栋数 楼座 栋数 楼栋总数 楼幢数 总楼栋数 楼数 楼栋",
    )
    households: Integer = column(
        "总户数",
        "Dwellings in the community",
        example=640,
        required=True,
        ge=1,
        rule="R04",
        counts="户 套",
        aliases="户数 住宅套数 房屋套数 住户数 总套数 居民户数 小区户数 住宅户数",
        note="填写房屋套数对应的户数，不是人数",
    )
    occupied_households: Integer = column(
        "入住户数", "Dwellings lived in", example=588, ge=0, counts="户 套", aliases="常住户数 已入住户数 实际入住户数"
    )
    management_mode: Enum = column(
        "物业管理方式",
        "Who manages the community",
        required=True,
        aliases="物业管理模式 管理形式 管理类型 有无物业 管理方式 物业管理形式 物业管理类型 管理模式 物业管理情况"
        " 是否有物业",
        note="从下拉列表中选择；没有任何物业管理的选“无物业”",
    )
    company_name: CompanyName = column(
        "物业服务企业",
        "Property company that manages it",
        example="某某物业服务有限公司",
        aliases="物业公司 管理单位 在管企业 物业服务人 物业企业 物业服务企业名称 物业公司名称 物业服务单位"
        " 物业管理企业 管理企业 物业管理公司 物业管理单位 物业名称",
        note="市场化或国有物业必填，写营业执照上的全称",
    )
    uscc: Uscc = column(
        "统一社会信用代码",
        "Unified social credit code of that company",
        aliases="信用代码 社会信用代码 营业执照号 企业统一社会信用代码 物业服务企业统一社会信用代码"
        " 物业企业统一社会信用代码",
        note="18位，本列为文本格式",
    )
    project_manager: Name = column(
        "项目负责人",
        "Project manager; not stored",
        personal=True,
        aliases="项目经理 小区经理 物业负责人 物业项目负责人 项目负责人姓名 项目经理姓名",
    )
    contract_start: PartialDate = column(
        "合同开始日期",
        "Start of the service contract",
        example="2023-01-01",
        aliases="接管时间 合同起始日期 合同起始时间 合同开始时间 合同期限-起 合同期限-开始 合同期限-开始日期"
        " 合同期限-起始日期 进驻时间 合同期限-开始时间",
    )
    contract_end: PartialDate = column(
        "合同结束日期",
        "End of the service contract",
        example="2025-12-31",
        aliases="合同到期日期 合同到期时间 合同截止日期 合同终止日期 合同期限-止 合同期限-结束 合同期限-结束日期"
        " 合同期限-截止日期 合同结束时间 合同期限-结束时间 合同期限-终止日期",
    )
    contract_period: DatePeriod = column(
        "合同期限",
        "Start and end of the contract in one cell",
        aliases="合同起止 服务期限 合同起止日期 合同起止时间 合同有效期",
    )
    contract_filed: Flag = column(
        "合同备案", "Contract filed with the authority", aliases="是否备案 合同是否备案 物业服务合同备案"
    )
    fee_standard: Decimal = column(
        "收费标准",
        "Fee in yuan per ㎡ and month",
        example=0.8,
        unit="元/㎡·月",
        scale=4,
        ge=0,
        le=10,
        aliases="物业费标准 元/㎡/月 物业费 物业收费标准 物业服务费标准 物业服务收费标准 物业费收费标准",
        note="只填一个数；多种标准的填住宅主要标准，其余写在备注",
    )
    fee_collection_rate: Percent = column(
        "物业费收缴率",
        "Share of fees collected",
        example=93.6,
        unit="%",
        ge=0,
        le=100,
        rule="R23",
        aliases="收费率 收取率 收缴率 物业费收取率",
    )
    service_level: Enum = column(
        "服务等级", "Grade of service by the regional standard", aliases="物业服务标准等级 物业服务等级 等级"
    )
    disclosure_done: Flag = column(
        "信息公开公示",
        "Service, charges and public income are posted in the community",
        aliases="是否公示 公开公示栏 信息公示 信息公开 是否信息公开公示 公示情况",
    )
    disclosure_date: PartialDate = column(
        "公示日期", "Date of the last posting", example="2024-10-15", aliases="公示时间 信息公示日期"
    )
    committee_status_typed: Enum = column(
        "业委会(物管会)成立情况",
        "As typed here; the sheet of committees decides where it is present",
        example="已成立",
        vocabulary="committee_status",
        aliases="是否成立业委会 业主自治组织 业委会成立情况 业委会情况 是否成立业委会(物管会) 业主委员会成立情况"
        " 业委会(物管会)",
    )
    has_party_branch: Flag = column(
        "小区党支部",
        "Party branch of the community",
        aliases="是否建立党组织 小区党组织 是否成立小区党支部 是否建立党支部 党组织",
    )
    building_steward: Flag = column(
        "楼栋长制", "Building stewards appointed", aliases="是否推行楼栋长 是否推行楼栋长制 楼栋长"
    )
    change_type: Enum = column(
        "变更情况",
        "What became of the community since the last ledger",
        aliases="变更类型 变动情况 新增/合并/拆分/更名/核销",
        note="与上期台账相比；没有变化的选“无变更”",
    )
    prior_codes: Codes = column(
        "原小区编码",
        "Codes (or names) of the communities this one comes from",
        example="",
        aliases="原编码 变更前编码 原小区编码(名称) 原小区",
        note="合并、拆分、更名时填写；多个用顿号隔开",
    )
    change_date: PartialDate = column("变更时间", "Date of the change", example="", aliases="变更日期 变动时间")
    change_reason: Text = column("变更原因", "Reason for the change", example="", aliases="变动原因")
    remark: Text = column("备注", "Remark", example="本行为示例，不计入", aliases="说明 备注说明 其他说明")
