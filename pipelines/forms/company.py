"""企业明细: property companies at work in the district."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import company_key
from pipelines.forms.types import Code, CompanyName, Decimal, Enum, Flag, Integer, Name, Text, Uscc


class Company(
    Form,
    sheet="企业明细",
    aliases="企业台账 物业服务企业明细",
    title="物业服务企业情况明细表",
    title_en="Property companies",
    keys={"company_key": ("company_name", company_key)},
):
    """One property company working in the district."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    company_name: CompanyName = column(
        "企业名称",
        "Registered name in full",
        example="某某物业服务有限公司",
        required=True,
        identity=True,
        aliases="物业公司名称 物业服务企业 物业企业名称 公司名称 物业服务企业名称 单位名称 名称",
        note="写营业执照上的全称",
    )
    uscc: Uscc = column(
        "统一社会信用代码",
        "Unified social credit code; a branch has its own",
        required=True,
        aliases="信用代码 社会信用代码 营业执照号 企业统一社会信用代码",
        note="18位，本列为文本格式；分公司填分公司的代码",
    )
    legal_representative: Name = column(
        "法定代表人",
        "Legal representative, published by the plan in the credit lists",
        example="张某",
        aliases="法人 法人代表",
    )
    phone: Text = column(
        "联系电话", "Telephone; not stored", personal=True, aliases="电话 手机 联系方式 手机号码 联系人电话"
    )
    ownership_type: Enum = column(
        "企业性质", "State, private or collective", aliases="登记注册类型 国有/民营 所有制性质 企业类型"
    )
    registered_region: Text = column(
        "注册地", "Place of registration", example="本市", aliases="是否本地企业 外地企业备案 注册地址 注册所在地"
    )
    managed_project_count: Integer = column(
        "在管项目数", "Communities it manages", example=6, ge=0, aliases="管理项目数 在管项目 在管小区数 项目数"
    )
    managed_area: Decimal = column(
        "在管面积",
        "Floor area it manages, stored in ㎡",
        example=42.5,
        unit="万㎡",
        ge=0,
        aliases="管理面积 服务面积 在管建筑面积",
        note="以万平方米为单位",
    )
    employee_count: Integer = column(
        "从业人员",
        "Employees",
        example=85,
        ge=0,
        counts="人 名",
        aliases="员工数 从业人数 从业人员数 职工人数 员工人数",
    )
    party_member_count: Integer = column(
        "党员人数",
        "Party members, full members first of all",
        example=4,
        ge=0,
        counts="人 名",
        aliases="党员数 正式党员数 党员",
    )
    party_org_form: Enum = column(
        "党组织形式",
        "How the company is covered by Party organisation or work",
        vocabulary="party_form",
        aliases="组建方式 党组织组建方式 党组织情况 党建覆盖方式",
        note="没有党员的可选“党建指导员”",
    )
    annual_revenue: Decimal = column(
        "年经营收入",
        "Yearly revenue, stored in yuan",
        example=620.0,
        unit="万元",
        ge=0,
        aliases="营业收入 年营业收入 年收入 经营收入",
    )
    credit_grade: Text = column(
        "信用等级",
        "Grade of the last credit rating, by the table of the city and year",
        example="A",
        aliases="信用评价等级 等级",
    )
    status: Enum = column(
        "状态",
        "At work, left or struck off; blank counts as at work",
        vocabulary="company_status",
        aliases="是否在营 经营状态 企业状态",
    )
    is_brand: Flag = column(
        "品牌企业", "Recognised as a brand company", extra=True, aliases="是否品牌企业 物业服务品牌企业"
    )
    is_model: Flag = column(
        "市级示范企业",
        "Recognised as a model company at municipal level",
        extra=True,
        aliases="示范企业 是否市级示范企业",
    )
    head_checked_in: Flag = column(
        "负责人到社区报到",
        "Its head has reported to the neighbourhood",
        extra=True,
        aliases="是否到社区报到 负责人报到",
    )
    charter_has_party: Flag = column(
        "党建写入章程", "Party building stands in its articles", extra=True, aliases="党建入章 党建工作写入章程"
    )
    fees_refunded: Flag = column(
        "党费全额返还",
        "Party dues are refunded in full",
        extra=True,
        aliases="党费返还",
        note="非公企业填写，其他填“/”",
    )
    remark: Text = column("备注", "Remark", aliases="说明")
