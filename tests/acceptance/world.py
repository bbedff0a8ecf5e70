"""A hand-made world for black-box checks: workbooks typed cell by cell, with every expected figure worked out on paper.

Nothing here uses the project's forms, parsers or generators; only the public sheet and header names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

COMMUNITY_HEADERS = [
    "序号",
    "小区编码",
    "旗县区",
    "街道(乡镇)",
    "小区名称",
    "类别",
    "交付使用时间",
    "建设状态",
    "是否老旧小区",
    "老旧小区改造情况",
    "建筑面积(㎡)",
    "总户数",
    "物业管理方式",
    "物业服务企业",
    "统一社会信用代码",
    "合同开始日期",
    "合同结束日期",
    "信息公开公示",
    "公示日期",
    "业委会(物管会)成立情况",
    "变更情况",
    "原小区编码",
    "变更时间",
    "变更原因",
    "备注",
]
PERIOD_TEXT = {"2023-baseline": "2023年摸底", "2023-11": "2023年11月", "2024-11": "2024-11", "2025-11": "2025年度"}
AS_OF = {"2023-baseline": "2023-09-30", "2023-11": "2023-11-30", "2024-11": "2024-11-30", "2025-11": "2025-11-30"}
NAMES = {
    "150802": "临河区",
    "150821": "五原县",
    "150822": "磴口县",
    "150823": "乌拉特前旗",
    "150824": "乌拉特中旗",
    "150825": "乌拉特后旗",
    "150826": "杭锦后旗",
}
USCC = "91110000101623741K"


@dataclass
class Book:
    """One workbook to hand in: sheets as (headers, rows), and when it arrives."""

    district: str
    period: str
    received: str
    sheets: dict[str, tuple[list[str], list[list[object]]]] = field(default_factory=dict)
    suffix: str = ""

    def community(self, rows: Iterable[dict[str, object]], drop: Iterable[str] = ()) -> Book:
        headers = [h for h in COMMUNITY_HEADERS if h not in set(drop)]
        body = []
        for number, row in enumerate(rows, 1):
            full = {"序号": number, "旗县区": NAMES[self.district], **row}
            body.append([full.get(h) for h in headers])
        self.sheets["小区明细"] = (headers, body)
        return self

    def sheet(self, name: str, headers: str, rows: list[list[object]]) -> Book:
        self.sheets[name] = (headers.split(), rows)
        return self

    def save(self, folder: Path) -> Path:
        book = openpyxl.Workbook()
        cover = book.active
        cover.title = "填报说明"
        for label, value in (
            ("方案", "巴彦淖尔市住宅物业服务全覆盖提升品质三年行动方案"),
            ("填报单位", NAMES[self.district]),
            ("行政区划代码", self.district),
            ("填报期", PERIOD_TEXT[self.period]),
            ("数据截止日期", AS_OF[self.period]),
            ("填报日期", self.received[:10]),
        ):
            cover.append([label, value])
        for name, (headers, rows) in self.sheets.items():
            sheet = book.create_sheet(name)
            sheet.append(headers)
            for row in rows:
                sheet.append(row)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{NAMES[self.district]}{self.period}{self.suffix}.xlsx"
        book.save(path)
        return path


def estate(code: str, name: str, **values: object) -> dict[str, object]:
    """A completed, professionally managed estate of 100 households unless told otherwise."""
    return {
        "小区编码": code,
        "街道(乡镇)": "团结街道",
        "小区名称": name,
        "类别": "小区",
        "交付使用时间": "2010-06-01",
        "建设状态": "建成",
        "建筑面积(㎡)": 10000,
        "总户数": 100,
        "物业管理方式": "市场化物业",
        "物业服务企业": "测试物业服务有限公司",
        "统一社会信用代码": USCC,
        "合同开始日期": "2022-01-01",
        "合同结束日期": "2026-12-31",
        "信息公开公示": "是",
        "公示日期": "2023-05-01",
        "变更情况": "无变更",
        **values,
    }


def unmanaged(code: str, name: str, **values: object) -> dict[str, object]:
    """An estate nobody manages."""
    blank = dict.fromkeys(
        ("物业服务企业", "统一社会信用代码", "合同开始日期", "合同结束日期", "信息公开公示", "公示日期")
    )
    return estate(code, name, **{"物业管理方式": "无物业", **blank, **values})


def entrusted(code: str, name: str, **values: object) -> dict[str, object]:
    """An estate looked after by its residents' committee: managed, not professional."""
    return unmanaged(
        code, name, **{"物业管理方式": "居委会托管", "信息公开公示": "是", "公示日期": "2023-05-01", **values}
    )


ON_TIME = {
    "2023-baseline": "2023-09-28T10:00:00",
    "2023-11": "2023-11-28T10:00:00",
    "2024-11": "2024-11-28T10:00:00",
    "2025-11": "2025-11-28T10:00:00",
}


def linhe() -> list[Book]:
    """Reaches full coverage in 2024; a building site finishes, a new estate is delivered."""

    def ten(period: str) -> list[dict[str, object]]:
        early = period in ("2023-baseline", "2023-11")
        rows = [estate("LH01", "河套人家", 总户数=1000)]
        rows += [estate(f"LH{n:02}", f"河套{n}号院") for n in range(2, 7)]
        rows += [entrusted("LH07", "临铁小院"), unmanaged("LH08", "道南散楼", 类别="单体楼", 物业管理方式="业主自治")]
        if early:
            rows += [
                unmanaged("LH09", "旧车站楼"),
                estate(
                    "LH10",
                    "锦绣新城",
                    建设状态="在建",
                    交付使用时间=None,
                    物业管理方式=None,
                    物业服务企业=None,
                    统一社会信用代码=None,
                    合同开始日期=None,
                    合同结束日期=None,
                    信息公开公示=None,
                    公示日期=None,
                ),
            ]
        else:
            rows += [estate("LH09", "旧车站楼"), estate("LH10", "锦绣新城", 交付使用时间="2024年5月")]
        return rows

    books = [
        Book("150802", period, ON_TIME[period]).community(ten(period))
        for period in ("2023-baseline", "2023-11", "2024-11")
    ]
    new = estate("LH11", "滨河府", 交付使用时间="2025-06-01", 变更情况="新增", 变更时间="2025-06-01", 变更原因="交付")
    return [*books, Book("150802", "2025-11", ON_TIME["2025-11"]).community([*ten("2025-11"), new])]


def wuyuan() -> list[Book]:
    """Twenty estates, fifteen managed; drops the five unmanaged ones in 2024, brings back three (managed) in 2025."""
    good = [estate(f"WY{n:02}", f"隆兴{n}号院") for n in range(1, 16)]
    bad = [unmanaged(f"WY{n:02}", f"隆兴{n}号院") for n in range(16, 21)]
    back = [estate(f"WY{n:02}", f"隆兴{n}号院") for n in range(16, 19)]
    return [
        Book("150821", "2023-baseline", ON_TIME["2023-baseline"]).community(good + bad),
        Book("150821", "2023-11", ON_TIME["2023-11"]).community(good + bad),
        Book("150821", "2024-11", ON_TIME["2024-11"]).community(good),
        Book("150821", "2025-11", ON_TIME["2025-11"]).community(good + back),
    ]


def dengkou() -> list[Book]:
    """Twelve estates; in 2024 a merge of three, a split, a demolition, a rename, two that stood before (补录, and one typed 新增)."""
    first = [estate(f"DK{n:02}", f"黄河{n}号院") for n in range(1, 13)]
    kept = [estate(f"DK{n:02}", f"黄河{n}号院") for n in range(7, 13)]
    change = {"变更时间": "2024-06-01", "变更原因": "区域调整"}
    later = [
        unmanaged(
            "DK13",
            "黄河合院",
            变更情况="合并",
            原小区编码="DK01、DK02;DK03",
            **change,
            总户数=300,
            **{"建筑面积(㎡)": 30000},
        ),
        estate("DK04", "黄河4号院", 变更情况="核销", **change),
        estate(
            "DK14", "黄河5号东院", 变更情况="拆分", 原小区编码="DK05", **change, 总户数=50, **{"建筑面积(㎡)": 5000}
        ),
        estate(
            "DK15", "黄河5号西院", 变更情况="拆分", 原小区编码="DK05", **change, 总户数=50, **{"建筑面积(㎡)": 5000}
        ),
        estate("DK06", "金沙湾", 变更情况="更名", **change),
        *kept,
        estate("DK16", "老粮站院", 变更情况="补录", **change),
        estate("DK17", "老糖厂院", 变更情况="新增", 交付使用时间="2015年5月", **change),
    ]
    last = [{**row, "变更情况": "无变更", "原小区编码": None} for row in later if row["小区编码"] != "DK04"]
    return [
        Book("150822", "2023-baseline", ON_TIME["2023-baseline"]).community(first),
        Book("150822", "2023-11", ON_TIME["2023-11"]).community(first),
        Book("150822", "2024-11", ON_TIME["2024-11"]).community(later),
        Book("150822", "2025-11", ON_TIME["2025-11"]).community(last),
    ]


def qianqi() -> list[Book]:
    """2,500 estates: 1,999 professional (79.96 %), committees in exactly 2,375 (95 %); silent in 2023-11 and 2024-11."""
    rows = []
    for n in range(1, 2501):
        kind = estate if n <= 1999 else entrusted
        rows.append(
            kind(f"QQ{n:04}", f"乌拉山{n}号院", **{"业委会(物管会)成立情况": "已成立" if n <= 2375 else "未成立"})
        )
    return [Book("150823", period, ON_TIME[period]).community(rows) for period in ("2023-baseline", "2025-11")]


def houqi() -> list[Book]:
    """Re-sent, returned and late ledgers."""
    four = [estate(f"HQ{n:02}", f"巴音{n}号院") for n in range(1, 4)] + [unmanaged("HQ04", "巴音4号院")]
    better = [estate(f"HQ{n:02}", f"巴音{n}号院") for n in range(1, 5)]
    return [
        Book("150825", "2023-baseline", "2023-10-20T09:00:00").community(four),
        Book("150825", "2023-11", "2023-11-30T23:59:00").community(four),
        Book("150825", "2023-11", "2024-03-01T09:00:00", suffix="重报").community(better),
        Book("150825", "2024-11", "2024-11-20T09:00:00").community(better, drop=["物业管理方式"]),
        Book("150825", "2024-11", "2024-12-02T09:00:00", suffix="改正").community(better),
        Book("150825", "2025-11", "2025-11-30T23:59:59").community(better),
    ]


EVIDENCED = [
    "pm_coverage_rate",
    "professional_pm_coverage_rate",
    "professional_pm_coverage_rate_new",
    "pm_coverage_rate_renovated_old",
    "committee_formation_rate",
    "owner_satisfaction_rate",
    "credit_system_established",
    "party_led_pm_system_established",
    "company_party_work_coverage_rate",
]


def hangjin() -> list[Book]:
    """Committees of every kind, a survey, companies, disputes, credit results, mechanisms with and without evidence."""
    rows = [estate(f"HJ{n:02}", f"陕坝{n}号院") for n in range(1, 9)]
    rows += [entrusted("HJ09", "陕坝9号院"), entrusted("HJ10", "陕坝10号院")]
    rows[2]["业委会(物管会)成立情况"] = "已成立"
    rows[4]["备注"] = "联系13800000000"
    rows[5] |= {"是否老旧小区": "是", "老旧小区改造情况": "已改造", "交付使用时间": "1995年"}
    body = "小区编码 街道(乡镇) 小区名称 组织类型 组织名称 状态 成立日期 备案日期 任期(年) 本届任期开始日期 本届任期结束日期 委员人数 党员委员人数"
    town = "团结街道"
    bodies = [
        [
            "HJ01",
            town,
            "陕坝1号院",
            "业主委员会",
            "一",
            "已成立",
            "2023-01-10",
            "2023-02-01",
            3,
            "2023-01-10",
            "2026-01-09",
            7,
            4,
        ],
        [
            "HJ02",
            town,
            "陕坝2号院",
            "业委会",
            "二",
            "已届满",
            "2019-01-10",
            "2019-02-01",
            3,
            "2019-01-10",
            "2022-01-09",
            5,
            1,
        ],
        [
            "HJ02",
            town,
            "陕坝2号院",
            "物管会",
            "二甲",
            "已成立",
            "2024-03-01",
            "2024-03-20",
            2,
            "2024-03-01",
            "2026-02-28",
            7,
            0,
        ],
        ["HJ03", town, "陕坝3号院", "业主委员会", "三", "筹备中", None, None, None, None, None, None, None],
        [
            "HJ04",
            town,
            "陕坝4号院",
            "业主委员会",
            "四",
            "换届中",
            "2020-05-01",
            None,
            3,
            "2023-05-01",
            "2026-04-30",
            5,
            2,
        ],
        [
            "HJ05",
            town,
            "陕坝5号院",
            "业主委员会",
            "五",
            "停摆",
            "2018-05-01",
            "2018-06-01",
            3,
            "2018-05-01",
            "2021-04-30",
            5,
            2,
        ],
        [
            "HJ06",
            town,
            "陕坝6号院",
            "物业管理委员会",
            "六",
            "已成立",
            "2025-12-03",
            None,
            2,
            "2025-12-03",
            "2027-12-02",
            7,
            3,
        ],
    ]
    company = "企业名称 统一社会信用代码 企业性质 党员人数 党组织形式 状态"
    companies = [
        ["甲物业有限公司", "91110000101623741K", "民营", 3, "单独建", "在营"],
        ["乙物业有限公司", "911101066976941872", "民营", 1, None, None],
        ["丙物业有限公司", "91350100M000100Y43", "民营", 0, "党建指导员", "在营"],
        ["丁物业有限公司", "92141127MA0KD1Y64A", "民营", 0, "无", "在营"],
        ["戊物业有限公司", "12440600MB2C07549J", "国有", 5, "单独建", "注销"],
    ]
    survey = "调查年度 组织方式 调查机构 调查方式 小区编码 小区名称 抽样户数 有效样本 非常满意 满意 基本满意 一般 不满意 非常不满意 满意率(%)"
    surveys = [
        [2025, "第三方", "某调查公司", "入户", "HJ01", "陕坝1号院", 120, 120, 30, 40, 25, 15, 10, 0, 79.2],
        [2025, "第三方", "某调查公司", "入户", "HJ02", "陕坝2号院", 80, 80, 20, 20, 20, 10, 10, 0, 75],
        [2025, "自查", "本单位", "电话", "HJ03", "陕坝3号院", 100, 100, 100, 0, 0, 0, 0, 0, 100],
    ]
    case = "工单编号 来源 受理时间 小区名称 诉求类别 办结时限 办结时间 办结状态"
    cases = [
        ["W1", "12345", "2025-03-01", "陕坝1号院", "收费", "2025-03-10", "2025-03-09", "办结"],
        ["W2", "12345", "2025-04-01", "陕坝1号院", "收费", "2025-04-10", "2025-04-10", "办结"],
        ["W3", "12345", "2025-05-01", "陕坝2号院", "停车", "2025-05-10", "2025-05-20", "办结"],
        ["W4", "12345", "2025-06-01", "陕坝2号院", "停车", "2025-06-10", "2025-06-05", "办结"],
    ]
    credit = "评价年度 企业名称 统一社会信用代码 项目名称 得分 信用等级 红黑榜 上报日期 公布日期"
    mechanism = "指标编号 制度名称 文号 印发日期 印发单位 佐证材料编号"
    evidence = "材料编号 指标/任务编号 材料名称 材料类型 形成日期"
    proofs = [[f"E{n:02}", indicator, f"材料{n}", "文件", "2025-10-01"] for n, indicator in enumerate(EVIDENCED, 1)]
    streets = "街道(乡镇) 是否明确工作机构 机构名称 专职人数 兼职人数 工作经费(万元) 社区数 小区数 调解组织"
    street_rows = [["团结街道", "是", "物业办", 2, 0, 5, 3, 6, "是"], ["陕坝镇", "是", "物业办", 0, 0, 5, 3, 4, "否"]]
    books = [Book("150826", period, ON_TIME[period]).community(rows) for period in ("2023-baseline", "2023-11")]
    books.append(
        Book("150826", "2024-11", ON_TIME["2024-11"])
        .community(rows)
        .sheet(
            "制度机制清单",
            mechanism,
            [["credit_system_established", "信用管理制度", "杭住建〔2024〕8号", "2024-06-01", "住建局", "E1"]],
        )
        .sheet("佐证材料清单", evidence, [["E1", "credit_system_established", "信用管理制度", "文件", "2024-06-01"]])
    )
    books.append(
        Book("150826", "2025-11", ON_TIME["2025-11"])
        .community(rows)
        .sheet("业委会(物管会)明细", body, bodies)
        .sheet("企业明细", company, companies)
        .sheet(
            "党建情况",
            "对象类别 名称 小区编码/统一社会信用代码 党员数 组建方式",
            [["物业企业", "乙物业有限公司", "911101066976941872", 1, "联合建"]],
        )
        .sheet("满意度调查", survey, surveys)
        .sheet("矛盾纠纷及12345", case, cases)
        .sheet(
            "信用评价及红黑榜",
            credit,
            [
                [
                    2024,
                    "甲物业有限公司",
                    "91110000101623741K",
                    "陕坝1号院",
                    90,
                    "AAA",
                    "红榜",
                    "2025-03-10",
                    "2025-03-12",
                ]
            ],
        )
        .sheet(
            "制度机制清单",
            mechanism,
            [
                [
                    "party_led_pm_system_established",
                    "党建引领物业管理办法",
                    "杭党〔2025〕2号",
                    "2025-02-01",
                    "区委",
                    "E08",
                ]
            ],
        )
        .sheet("佐证材料清单", evidence, proofs)
        .sheet("街道机构", streets, street_rows)
    )
    return books


def everything() -> list[Book]:
    """All districts but 乌拉特中旗, which never sends anything."""
    return [*linhe(), *wuyuan(), *dengkou(), *qianqi(), *houqi(), *hangjin()]
