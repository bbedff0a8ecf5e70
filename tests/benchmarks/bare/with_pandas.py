"""pandas and openpyxl: ``python with_pandas.py FOLDER`` prints numerators and denominators as JSON.

Not among this project's dependencies; it wants a Python that has both.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

YES = ["是", "√"]


def main() -> None:
    import pandas as pd  # type: ignore[import-untyped]

    communities, companies = [], []
    for file in sorted(Path(sys.argv[1]).rglob("*.xlsx")):
        sheets = pd.read_excel(file, sheet_name=["小区明细", "企业明细"], engine="openpyxl")
        place = f"{file.parent.parent.name}/{file.parent.name}"
        communities.append(sheets["小区明细"].assign(place=place))
        companies.append(sheets["企业明细"].assign(place=place))
    rows, firms = pd.concat(communities), pd.concat(companies)
    built = rows[(rows["建设状态"] == "建成") & ~rows["变更情况"].isin(["拆除", "核销"])].copy()
    mode = built["物业管理方式*"]
    built["managed"] = mode.notna() & (mode != "无物业")
    built["professional"] = mode.isin(["市场化物业", "国有物业公司"])
    built["committee"] = built["业委会(物管会)成立情况"] == "已成立"
    built["disclosed"] = built["managed"] & built["信息公开公示"].isin(YES)
    built["steward"] = built["楼栋长制"].isin(YES)
    built["households"] = pd.to_numeric(built["总户数*"], errors="coerce")
    built["covered"] = built["households"].where(built["managed"])
    firms["party"] = firms["党组织形式"].notna() & ~firms["党组织形式"].isin(["无", "未建"])
    by = built.groupby("place")
    found: list[list[Any]] = []
    for rate, n, d in (
        ("pm_coverage_rate", by["managed"].sum(), by.size()),
        ("professional_pm_coverage_rate", by["professional"].sum(), by.size()),
        ("committee_formation_rate", by["committee"].sum(), by.size()),
        ("information_disclosure_rate", by["disclosed"].sum(), by["managed"].sum()),
        ("building_steward_rate", by["steward"].sum(), by.size()),
        ("households_covered", by["covered"].sum(), by["households"].sum()),
        ("companies", firms.groupby("place")["party"].sum(), firms.groupby("place").size()),
    ):
        found += [[place, rate, float(n[place]), float(d[place])] for place in d.index]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
