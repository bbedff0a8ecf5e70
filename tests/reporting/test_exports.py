"""What officials download: workbooks, tables and zips say what was published, safely, and nothing of others."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.reporting import build_reports, data
from pipelines.reporting.exports import Downloads, tables
from pipelines.reporting.exports.book import Column, Look, Marked, Sheet, write_book
from pipelines.reporting.exports.figures import figures_book
from pipelines.reporting.exports.page import HIGHEST_ROW, ROW_HEIGHT, Page
from pipelines.reporting.files import safe
from pipelines.reporting.format import exact, reaches
from pipelines.reporting.marts import Marts
from pipelines.settings import CHECKOUT, Workspace
from tests.reporting.conftest import DISTRICTS, HOSTILE, PLAN, publish
from tests.reporting.conftest import tables as made_up

HEADERS_AT = 6
MODELS = CHECKOUT / "dbt_project" / "models" / "marts"
LOOK = Look("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "&P/&N", "黑体", "宋体")


@pytest.fixture(scope="module")
def downloads(site: Path) -> Path:
    return site / PLAN / "downloads"


@pytest.fixture(scope="module")
def city(downloads: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(downloads / "巴彦淖尔市_2025-11_指标数据.xlsx")


def header_row(sheet: Worksheet) -> int:
    """The row of the table's headers: the one above the first the filter covers."""
    return int(re.search(r"\d+", sheet.auto_filter.ref)[0])  # type: ignore[index]


def rows_of(sheet: Worksheet) -> list[dict[str, object]]:
    """The table's rows by header; under bands ``band header``."""
    at = header_row(sheet)
    bands = dict.fromkeys(range(1, sheet.max_column + 1), "")
    for merged in sheet.merged_cells.ranges:
        if merged.max_row == merged.min_row == at - 1 and merged.min_col < merged.max_col:
            for column in range(merged.min_col, merged.max_col + 1):
                bands[column] = f"{sheet.cell(at - 1, merged.min_col).value} "
    heads = [
        f"{bands[c]}{sheet.cell(at, c).value or sheet.cell(at - 1, c).value}" for c in range(1, sheet.max_column + 1)
    ]
    return [
        dict(zip(heads, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=at + 1)
    ]  # fmt: skip


# ── workbooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_city_workbook_has_every_sheet_ready_to_read_and_print(city: openpyxl.Workbook, marts: Path) -> None:
    assert city.sheetnames == [
        "总体结论",
        "节点目标进展",
        "制度与任务",
        "各地区指标",
        "历期指标",
        "比上期变化",
        "补齐差距",
        "小区清单",
        "小区底册增减",
        "考核得分",
        "评分明细",
        "报送情况",
        "待处理的问题",
        "口径说明",
    ]
    with Marts(marts) as published:
        version = published.content(PLAN)[:8]
    for sheet in city:
        at, setup = header_row(sheet), sheet.page_setup
        assert (setup.orientation, str(setup.paperSize)) == ("landscape", "9"), sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title
        assert sheet.print_title_rows.endswith(f"${at}"), sheet.title
        assert "&P" in sheet.oddFooter.right.text, sheet.title
        # As-of date, version and way of counting stand on every sheet.
        heading = "\n".join(str(row[0].value or "") for row in sheet.iter_rows(max_row=at - 1))
        assert "数据截止日期：2025年11月30日" in heading, sheet.title
        assert f"版本：{version}" in heading, sheet.title
        assert "口径" in heading, sheet.title
        if at <= 8 and sheet.title not in ("总体结论", "口径说明"):
            assert sheet.freeze_panes is not None, sheet.title


def test_no_cell_is_a_formula_and_what_districts_typed_stands_as_typed(city: openpyxl.Workbook) -> None:
    texts = [cell for sheet in city for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in texts} == {"s"}
    assert sum(cell.value == HOSTILE for cell in texts) >= len(DISTRICTS)
    assert not any(cell.hyperlink for cell in texts)


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_text_stays_that_text(text: str) -> None:
    contents = [text, "=" + text, "@" + text, "https://" + text, "_x0041_" + text]
    sheet = Sheet("a", "b", [Column("c")], [[content] for content in contents])
    page = openpyxl.load_workbook(io.BytesIO(write_book([sheet], LOOK, "t", date(2025, 11, 30))))["a"]
    cells = [row[0] for row in page.iter_rows(min_row=header_row(page) + 1)]
    assert {(cell.data_type, cell.hyperlink) for cell in cells} == {("s", None)}
    # openpyxl leaves the escape of what looks like an escape as it is in the file.
    assert [str(cell.value).replace("_x005F_", "_") for cell in cells] == [c.replace("_x005F_", "_") for c in contents]


def test_text_that_looks_like_a_formula_stays_text_when_edited() -> None:
    sheet = Sheet("a", "b", [Column("c")], [["=1+1"], ["1+1"], ["－1"]])
    book = openpyxl.load_workbook(io.BytesIO(write_book([sheet], LOOK, "t", date(2025, 11, 30))))
    first = header_row(book["a"]) + 1
    assert [book["a"].cell(first + n, 1).quotePrefix for n in range(3)] == [True, False, False]


def test_every_rate_has_its_parts_beside_it(city: openpyxl.Workbook) -> None:
    seen = 0
    for name in ("总体结论", "节点目标进展", "各地区指标", "历期指标", "比上期变化"):
        for row in rows_of(city[name]):
            for head, value in row.items():
                if head.endswith("数值") and isinstance(value, int | float) and row.get("单位", "%") == "%":
                    band = head.removesuffix("数值")
                    above, below = row[f"{band}分子"], row[f"{band}分母"]
                    assert isinstance(above, int | float), (name, row)
                    assert isinstance(below, int | float), (name, row)
                    assert abs(value - 100 * above / below) < 0.1, (name, row)
                    seen += 1
    assert seen > 300


def test_a_shown_rate_never_crosses_its_target(city: openpyxl.Workbook) -> None:
    rows = [row for row in rows_of(city["节点目标进展"]) if isinstance(row["数值"], int | float)]
    assert rows
    for row in rows:
        target = Decimal(re.sub(r"[≥%]", "", str(row["目标"])))
        above, below, shown = row["分子"], row["分母"], row["数值"]
        assert isinstance(above, int)
        assert isinstance(below, int)
        assert reaches(float(str(shown)), "gte", target) == (above * 100 >= target * below), row


@pytest.mark.parametrize(
    ("numerator", "denominator", "shown"),
    [(9496, 10000, 94.9), (9500, 10000, 95.0), (99999, 100000, 99.9), (1, 9999, 0.1)],
)
def test_rates_at_a_threshold_are_cut_not_rounded(
    numerator: int, denominator: int, shown: float, marts: Path, tmp_path: Path
) -> None:
    """94.96 % of at least 95 shows 94.9; what is not all is not 100, what is not nothing is not 0."""
    rows = pl.read_parquet(marts / "fct_indicator.parquet").with_columns(
        numerator=pl.when(pl.col("indicator_id") == "committee_formation_rate").then(numerator).otherwise("numerator"),
        denominator=pl.when(pl.col("indicator_id") == "committee_formation_rate")
        .then(denominator)
        .otherwise("denominator"),
    )
    for file in marts.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "fct_indicator.parquet").unlink()
    rows.write_parquet(tmp_path / "fct_indicator.parquet")
    with Marts(tmp_path) as published:
        content = figures_book(data.load(published, next(published.plans(PLAN))), "zh", "150821")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["历期指标"]
    [row] = [
        row for row in rows_of(sheet)
        if str(row["指标"]).startswith("业主委员会") and row["地区"] == "五原县" and row["填报期"] == "2025年11月"
    ]  # fmt: skip
    assert (row["分子"], row["分母"], row["数值"]) == (numerator, denominator, shown)


def test_statuses_are_words_with_colours(city: openpyxl.Workbook) -> None:
    sheet = city["节点目标进展"]
    words = {str(row["状态"]) for row in rows_of(sheet)}
    assert "到期未达成" in words
    assert any(word.startswith("到期未达成（力争") for word in words)
    coloured = {
        rule.formula[0].strip('"') for ranges in sheet.conditional_formatting for rule in ranges.rules
    }  # fmt: skip
    assert coloured == words


def test_a_row_is_as_high_as_its_longest_text() -> None:
    rows = [["短"], ["长" * 100], ["x"], ["行\n行"]]
    sheet = Sheet("a", "b", [Column("c", width=40)], rows)
    page = openpyxl.load_workbook(io.BytesIO(write_book([sheet], LOOK, "t", date(2025, 11, 30))))["a"]
    first = header_row(page) + 1
    heights = [page.row_dimensions[first + n].height for n in range(4)]
    assert [heights[0], heights[2]] == [None, None]
    assert heights[1] > 5 * 15
    assert heights[3] == pytest.approx(31, abs=1)


def test_figures_agree_with_the_marts(city: openpyxl.Workbook, marts: Path) -> None:
    names = {code: zh for code, (zh, *_) in DISTRICTS.items()} | {"ALL": "巴彦淖尔市"}
    indicators = {
        r["indicator_id"]: r["indicator_name"]
        for r in pl.read_parquet(marts / "dim_indicator.parquet").rows(named=True)
    }
    expected = {
        (indicators[r["indicator_id"]], names[r["district_code"]]): (r["numerator"], r["denominator"])
        for r in pl.read_parquet(marts / "fct_indicator.parquet").rows(named=True)
        if (r["period_id"], r["basis"], r["variant"]) == ("2025-11", "communities", "audited")
    }
    shown = {
        (str(row["指标"]), str(row["地区"])): (row["核定 分子"], row["核定 分母"])
        for row in rows_of(city["各地区指标"])
        if row["计量"] == "小区数"
    }
    assert shown == {
        key: tuple("—" if part is None else part for part in parts) for key, parts in expected.items()
    }  # fmt: skip


def test_a_list_that_is_too_long_is_left_to_the_tables(marts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.reporting.exports.figures.LONGEST", 100)
    with Marts(marts) as published:
        content = figures_book(data.load(published, next(published.plans(PLAN))), "zh")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["小区清单"]
    said = [str(row[0].value) for row in sheet.iter_rows(max_row=6)]
    assert any("不列入工作簿" in text and "fct_community_status.csv" in text for text in said)


def test_empty_and_banded_sheets_are_sound() -> None:
    """Two bands side by side, one of a single column; a sheet without rows."""
    columns = [Column("甲"), Column("乙", "count", "一"), Column("丙", "count", "二"), Column("丁", "count", "二")]
    sheets = [Sheet("a", "b", columns, [["x", 1, None, Decimal("2.5")], ["y", 2, 3, 4]], section=0)]
    sheets.append(Sheet("空", "b", [Column("状态", "status")], []))
    book = openpyxl.load_workbook(io.BytesIO(write_book(sheets, LOOK, "t", date(2025, 11, 30))))
    assert rows_of(book["a"])[0] == {"甲": "x", "乙": 1, "二 丙": "—", "二 丁": 2.5}
    assert book["空"].max_row >= 3
    assert write_book([Sheet("c", "", [Column("s", "status")], [[Marked("w", "met")]])], LOOK, "t", date(2025, 11, 30))


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_published_table_is_there_for_the_plan(downloads: Path, marts: Path) -> None:
    for file in marts.glob("*.parquet"):
        published = pl.read_parquet(file)
        mine = published.filter(pl.col("plan_id") == PLAN)
        assert pl.read_parquet(downloads / "tables" / file.name).equals(mine), file.name
        content = (downloads / "tables" / f"{file.stem}.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert rows[0] == published.columns, file.name
        assert len(rows) - 1 == mine.height, file.name


def test_another_plans_rows_stay_out(marts: Path) -> None:
    with Marts(marts) as published:
        assert tables.rows_of(published, "fct_submission", "another").collect().is_empty()


RUNS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1")


def test_no_text_of_a_csv_would_run_as_a_formula(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": [*RUNS, "1-1", "", None, "’=", 'say "x",\ny'], "number": list(range(-5, 11))})
    lists = {"names": pl.Series([["=a", "b"]] * 16), "days": pl.Series([[date(2025, 11, 30)] * 2] * 16)}
    file = tables.write_csv(tables.as_text(frame.lazy().with_columns(**lists)), tmp_path / "t.csv")
    rows = list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))[1:]
    texts = [row[0] for row in rows]
    assert texts[: len(RUNS)] == ["'" + text for text in RUNS]
    assert texts[len(RUNS) :] == ["1-1", "", "", "’=", 'say "x",\ny']
    assert [int(row[1]) for row in rows] == list(range(-5, 11))  # a negative number is no formula
    assert rows[0][2:] == ["'=a; b", "2025-11-30; 2025-11-30"]


def test_a_list_of_days_is_text_in_a_csv(tmp_path: Path) -> None:
    days = pl.DataFrame({"occasions": [[date(2024, 6, 30), date(2024, 12, 31)], []]})
    file = tables.write_csv(tables.as_text(days.lazy()), tmp_path / "t.csv")
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
    assert rows[1:] == [["2024-06-30; 2024-12-31"], [""]]


def test_the_dictionary_explains_every_column(downloads: Path, marts: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((downloads / "tables" / "data_dictionary.csv").read_text("utf-8-sig"))))
    listed = {(row["表"], row["栏"]) for row in rows}
    assert listed == {(f.stem, c) for f in marts.glob("*.parquet") for c in pl.read_parquet_schema(f)}
    assert all(row["表说明"] and row["栏说明"] for row in rows)


def test_every_published_column_has_a_chinese_meaning_and_no_other() -> None:
    marts = [yaml.safe_load(file.read_text("utf-8"))["models"][0] for file in MODELS.glob("*.yml")]
    columns = {mart["name"]: {column["name"] for column in mart["columns"]} for mart in marts}
    said = yaml.safe_load((files("pipelines.reporting") / "catalogue" / "tables.yaml").read_text("utf-8"))
    assert said["tables"].keys() == columns.keys()
    assert said["columns"].keys() == set().union(*columns.values())
    for name, found in said["columns"].items():
        where = {table for table, own in columns.items() if name in own}
        if isinstance(found, dict):
            assert found.keys() - {"else"} <= where, name
            assert bool(where - found.keys()) == ("else" in found), name
        for table in where:
            assert re.search(r"[\u4e00-\u9fff].*。$", tables.meaning(table, name)), (table, name)


def test_descriptions_come_from_what_was_published(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as warehouse:
        warehouse.execute("create schema marts; create table marts.t (a int, b varchar)")
        warehouse.execute(
            "comment on table marts.t is 'Things, each once.'; comment on column marts.t.a is 'How many.'"
        )
    with Marts(tmp_path) as published:
        texts = tables.described(published)
    content = tables.dictionary({"t": {"a": "INTEGER", "b": "VARCHAR"}}, texts, list("1234567"))
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:] == [
        ["t", "", "a", "integer", "", "Things, each once.", "How many."],
        ["t", "", "b", "varchar", "", "Things, each once.", ""],
    ]


# ── what a district may see ───────────────────────────────────────────────────────────────────────────────────────────


def contents(package: bytes, within: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a zip, and in the workbooks in it."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0), entry.filename
            content, name = archive.read(entry), f"{within}{entry.filename}"
            if content.startswith(b"PK"):
                yield from contents(content, f"{name}!")
            else:
                yield name, content.decode("utf-8-sig")


@pytest.fixture(scope="module")
def given_out(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    """A workspace with a receipt per ledger in force, and its reports."""
    ws = Workspace(tmp_path_factory.mktemp("given"))
    for row in pl.read_parquet(marts / "fct_submission.parquet").rows(named=True):
        if row["district_code"] and row["period_id"]:
            stem = Path(row["file_name"]).stem
            folder = ws.receipts / PLAN / row["period_id"] / row["district_code"]
            folder.mkdir(parents=True, exist_ok=True)
            receipt = folder / f"{stem}-回执-{row['submission_id'][:8]}.xlsx"
            receipt.write_bytes(f"回执 {row['district_code']} {row['submission_id']}".encode())
    out = ws.root / "out"
    build_reports(ws, PLAN, marts_dir=marts, out=out)
    return ws, out / PLAN / "downloads"


def test_a_districts_zip_holds_its_own_and_nothing_of_any_other(given_out: tuple[Workspace, Path]) -> None:
    for code, (name, short, _) in DISTRICTS.items():
        package = (given_out[1] / f"{code}_{name}_2025-11_数据包.zip").read_bytes()
        texts = dict(contents(package))
        # What the plan itself says of districts is for all of them.
        whole = "\n".join(text for entry, text in texts.items() if Path(entry).stem not in tables.SHARED)
        others = [other for other in DISTRICTS if other != code]
        # Names of other districts, of their communities (which begin with it), their codes, their submissions.
        foreign = [*others, *(DISTRICTS[other][1] + "示例" for other in others), *(f"s{other}" for other in others)]
        assert [text for text in foreign if text in whole] == [], name
        assert f"{short}示例1号小区" in whole
        assert f"{code}-0001" in whole
        names = [entry.removeprefix(f"{name}/") for entry in texts]
        assert {
            "说明.txt",
            "tables/fct_issue.csv",
            "tables/mart_assessment_item.csv",
            "tables/data_dictionary.csv",
        } <= {*names}
        receipts = [text for entry, text in texts.items() if "/receipts/" in entry]
        assert receipts
        assert all(text.startswith(f"回执 {code} ") for text in receipts)
        # The whole area's figures are there to compare with, its lists are not.
        assert ",ALL," in texts[f"{name}/tables/fct_indicator.csv"]
        assert all(",ALL," not in texts[entry] for entry in texts if "community" in entry)


def _visible(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    [(_, seen)] = tables.visible(table, rows, ["150802"])
    return seen


def test_what_a_district_sees_is_decided_per_table() -> None:
    rows = pl.DataFrame({"plan_id": [PLAN] * 3, "district_code": ["150802", "150821", "ALL"]})

    def seen(table: str, rows: pl.DataFrame = rows) -> list[str]:
        return _visible(table, rows)["district_code"].to_list()

    assert seen("mart_new") == []  # nobody has thought of it
    assert seen("fct_issue") == ["150802"]
    assert seen("fct_indicator") == ["150802", "ALL"]
    assert seen("dim_milestone") == ["150802", "150821", "ALL"]
    # A finding of its own may rest on a row of another district's workbook: a company in both.
    assert seen("mart_finding_example", rows.with_columns(found_in=pl.lit("150821"))) == []
    assert seen("mart_finding_example", rows.with_columns(found_in=pl.lit("150802"))) == ["150802"]
    # Why all scores are provisional names the districts that are late.
    scores = rows.with_columns(score=pl.lit(1), provisional_reason=pl.lit("…"))
    assert _visible("mart_assessment_score", scores).columns == [*rows.columns, "score"]
    assert not tables.OWN & tables.POOLED | tables.OWN & tables.SHARED | tables.POOLED & tables.SHARED


def test_a_past_days_zip_says_so(marts: Path, tmp_path: Path) -> None:
    with Marts(marts) as published:
        facts = data.load(published, next(published.plans(PLAN)), known_on=date(2025, 12, 3))
        Downloads(facts, "en").write(tmp_path, None, ["150802"])
    texts = dict(contents((tmp_path / "150802_Linhe_2025-11_data.zip").read_bytes()))
    assert "3 December 2025" in texts["Linhe/README.txt"]
    assert not [entry for entry in texts if "/receipts/" in entry]


# ── the same marts, the same bytes ────────────────────────────────────────────────────────────────────────────────────


def test_the_same_marts_give_the_same_bytes_and_untouched_files(
    given_out: tuple[Workspace, Path], marts: Path, tmp_path: Path
) -> None:
    ws, first = given_out
    again = tmp_path / "downloads"
    again.mkdir()
    (again / "150899_从前_2025-11_指标数据.xlsx").write_bytes(b"no longer made")
    with Marts(marts) as published:
        downloads = Downloads(data.load(published, next(published.plans(PLAN)), number=1), "zh")
        downloads.write_tables(again / "tables")
        downloads.write(again, ws.receipts, list(DISTRICTS))
        files = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
        assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
        assert [f for f in files if (first / f).read_bytes() != (again / f).read_bytes()] == []
        before = {p: p.stat().st_mtime_ns for p in again.rglob("*") if p.is_file()}
        downloads.write_tables(again / "tables")
        downloads.write(again, ws.receipts, list(DISTRICTS))
    assert {p: p.stat().st_mtime_ns for p in before} == before


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_a_file_name_is_safe_anywhere(text: str) -> None:
    name = safe(text)
    assert name
    assert not re.search(r'[\\/:*?"<>|\x00-\x1f]', name)
    assert name not in (".", "..")


def test_an_empty_plan_has_a_workbook_that_says_so(marts: Path, tmp_path: Path) -> None:
    content = {name: rows for name, rows in made_up().items() if name.startswith("dim_") and name != "dim_community"}
    with Marts(publish(tmp_path, content)) as published:
        facts = data.load(published, next(published.plans(PLAN)))
        book = openpyxl.load_workbook(io.BytesIO(figures_book(facts, "en")))
        assert Downloads(facts, "en").circular is None
    assert book.sheetnames == ["Verdict", "Definitions"]
    assert any("No usable workbook" in str(row[0].value) for row in book["Verdict"].iter_rows())
    assert exact(Decimal("0.1")) == exact(0.1)


class _CellByCell(Page):
    """Writes every cell by itself, as the library does it."""

    def text(self, text: str, style: Any, lines: int = 1) -> Any:
        return lambda row, column: self.write_string(row, column, text, style), lines

    def number(self, number: float, style: Any) -> Any:
        return lambda row, column: self.write_number(row, column, number, style), 1

    def place(self, first: int, rows: Any, said_again: int) -> None:
        for row, cells in enumerate(rows, first):
            for column, (write, _) in enumerate(cells):
                write(row, column)
            if (lines := max(lines for _, lines in cells)) > 1:
                self.set_row(row, min(ROW_HEIGHT * lines, HIGHEST_ROW))


def test_rows_kept_as_text_make_the_file_that_single_cells_would(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("text", "count", "rate", "signed", "amount", "day", "moment", "status", "mark")
    day, moment = date(2025, 11, 30), datetime(2025, 12, 1, 9, 30)
    rows = [
        ["甲", 1, Fraction(974, 10), -0.5, Decimal("2.5"), day, moment, Marked("好", "met"), "是"],
        ["甲", None, Decimal("1e-9"), 1e15, 3, None, None, Marked("差", "late"), "是"],
        ["乙" * 60, 1234567, None, 0, None, day, moment, Marked("好", "met"), None],
        ["=1\n<&>\U0001f600" * 9, 0, 100, 0.1, 7, day, moment, Marked("好", "met"), " 否 "],
    ] * 9  # fmt: skip
    columns = [Column(kind, kind, width=30) for kind in kinds]
    sheets = [Sheet(name, "标题", columns, rows[n:], "注", section=0, stem=n) for n, name in enumerate("ab")]
    fast = write_book(sheets, LOOK, "t", day)
    monkeypatch.setattr("pipelines.reporting.exports.book.Page", _CellByCell)
    assert write_book(sheets, LOOK, "t", day) == fast
