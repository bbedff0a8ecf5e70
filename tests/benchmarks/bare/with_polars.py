"""Calamine, Polars and DuckDB: ``python with_polars.py FOLDER`` prints numerators and denominators as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
from python_calamine import CalamineWorkbook

COMMUNITY = ("建设状态", "物业管理方式*", "业委会(物管会)成立情况", "信息公开公示", "楼栋长制", "总户数*", "变更情况")
COMPANY = ("企业名称*", "党组织形式")
RATES = """
select place, 'pm_coverage_rate' as rate, count(*) filter (managed) as n, count(*) as d from built group by all
union all
select place, 'professional_pm_coverage_rate', count(*) filter (professional), count(*) from built group by all
union all
select place, 'committee_formation_rate', count(*) filter (committee), count(*) from built group by all
union all
select place, 'information_disclosure_rate', count(*) filter (managed and disclosed), count(*) filter (managed)
from built group by all
union all
select place, 'building_steward_rate', count(*) filter (steward), count(*) from built group by all
union all
select place, 'households_covered', sum(households) filter (managed), sum(households) from built group by all
union all
select place, 'companies', count(*) filter (party), count(*) from company group by all
"""


def cells(book: CalamineWorkbook, sheet: str, wanted: tuple[str, ...], place: str) -> pl.DataFrame:
    """The wanted columns of a sheet as text."""
    header, *rows = book.get_sheet_by_name(sheet).to_python()
    at = [header.index(name) if name in header else None for name in wanted]
    columns = {
        name: [None if i is None or row[i] == "" else str(row[i]) for row in rows]
        for name, i in zip(wanted, at, strict=True)
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(wanted, pl.String)).with_columns(place=pl.lit(place))


def read(folder: Path) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for file in sorted(folder.rglob("*.xlsx")):
        book = CalamineWorkbook.from_path(str(file))
        place = f"{file.parent.parent.name}/{file.parent.name}"
        yield cells(book, "小区明细", COMMUNITY, place), cells(book, "企业明细", COMPANY, place)


def main() -> None:
    communities, companies = (pl.concat(frames) for frames in zip(*read(Path(sys.argv[1])), strict=True))
    with duckdb.connect() as db:
        db.register("row", communities)
        db.register("firm", companies)
        db.execute(
            """
            create view built as
            select place, try_cast("总户数*" as double) as households, "楼栋长制" in ('是', '√') as steward,
                coalesce("物业管理方式*" not in ('无物业'), false) as managed,
                coalesce("物业管理方式*" in ('市场化物业', '国有物业公司'), false) as professional,
                coalesce("业委会(物管会)成立情况" = '已成立', false) as committee,
                "信息公开公示" in ('是', '√') as disclosed
            from row
            where coalesce("建设状态", '') = '建成' and coalesce("变更情况", '') not in ('拆除', '核销')
            """
        )
        db.execute(
            """
            create view company as select place, coalesce("党组织形式" not in ('无', '未建'), false) as party from firm
            """
        )
        found = db.execute(RATES).fetchall()
    print(json.dumps([list(row) for row in found]))


if __name__ == "__main__":
    main()
