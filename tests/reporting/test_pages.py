from __future__ import annotations

import json
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from pipelines.reporting import build_reports, data
from pipelines.reporting.marts import Marts
from pipelines.reporting.pages import assessment, city, findings, intake, methods, register
from pipelines.reporting.pages.site import Site
from pipelines.settings import Workspace
from tests.reporting.conftest import (
    DISTRICTS,
    DUTIES,
    HOSTILE,
    INDICATORS,
    PLAN,
    RESENT,
    SILENT,
    publish,
    tables,
    until,
)

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Page(HTMLParser):
    """What a page holds, as far as the tests ask: elements in order, ids, addresses, text with its language."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[tuple[str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.append((tag, values))
        if tag not in VOID:
            self.stack.append((tag, values.get("lang")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.stack, f"</{tag}> closes nothing"
        opened, _ = self.stack.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1][0] not in ("script", "style"):
            language = next((lang for _, lang in reversed(self.stack) if lang), "")
            self.texts.append((data, language))

    @property
    def ids(self) -> list[str]:
        return [v["id"] for _, v in self.elements if v.get("id")]  # type: ignore[misc]

    def addresses(self) -> list[str]:
        return [v[a] for _, v in self.elements for a in ("href", "src") if v.get(a)]  # type: ignore[misc]


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {p.relative_to(site).as_posix(): Page(p.read_text("utf-8")) for p in sorted(site.rglob("*.html"))}


def test_every_page_is_there_in_both_languages(pages: dict[str, Page]) -> None:
    names = {"index", "explore", "assessment", "intake", "register", "changes", "findings", "methods"}
    names |= {f"{d}{kind}" for d in DISTRICTS for kind in ("", "-communities", "-assessment", "-records")}
    assert pages.keys() == {f"{PLAN}/{en}{name}.html" for name in names for en in ("", "en/")}
    for name, page in pages.items():
        assert page.elements[0] == ("html", {"lang": "en" if "/en/" in name else "zh-CN"})


def test_every_link_leads_somewhere_inside(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for address in page.addresses():
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            assert not parts.scheme, (name, address)
            assert not parts.netloc, (name, address)
            target = ((site / name).parent / unquote(parts.path)).resolve() if parts.path else (site / name).resolve()
            assert target.is_relative_to(site.resolve()), (name, address)
            assert target.is_file(), (name, address)
            if parts.fragment:
                assert parts.fragment in pages[target.relative_to(site.resolve()).as_posix()].ids, (name, address)


def test_nothing_is_asked_of_the_network(site: Path) -> None:
    for file in [*site.rglob("*.html"), *site.glob("assets/style.*.css"), *site.glob("assets/page.*.js")]:
        assert not re.search(r"https?://|url\(|@import|//cdn", file.read_text("utf-8")), file


def test_ids_are_unique_and_tables_are_described(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        tags = [tag for tag, _ in page.elements]
        assert tags.count("table") == tags.count("caption"), name
        assert tags.count("h1") == tags.count("main") == 1, name
        assert all(v.get("scope") for tag, v in page.elements if tag == "th"), name


def test_what_districts_typed_is_shown_as_typed_and_never_run(site: Path, pages: dict[str, Page]) -> None:
    seen = 0
    for name, page in pages.items():
        text = (site / name).read_text("utf-8")
        assert "<script>alert" not in text, name
        scripts = [v for tag, v in page.elements if tag == "script"]
        assert all(v.get("src") or v.get("type") == "application/json" for v in scripts), name
        seen += sum(HOSTILE in data for data, _ in page.texts)
    assert seen > 2 * len(DISTRICTS)


def test_figures_have_numerator_and_denominator_and_charts_a_table(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        text = (site / name).read_text("utf-8")
        for value in re.finditer(r'<span class="value">[^<]*</span>', text):
            assert text[value.end() :].startswith('<span class="parts">'), (name, value.group())
        charts = [v["data-chart"] for tag, v in page.elements if v.get("data-chart")]
        assert set(charts) <= set(page.ids)
        for chart in charts:
            assert "<table" in text[text.index(f'data-chart="{chart}"') :], (name, chart)


def test_every_page_says_what_it_stands_on(site: Path, pages: dict[str, Page]) -> None:
    for name in pages:
        text = (site / name).read_text("utf-8")
        words = (
            ("Demonstration data", "proposal", "30 November 2025", "Definitions and sources")
            if "/en/" in name
            else ("演示数据", "建议稿", "2025年11月30日", "口径与来源", "数据截止日期")
        )
        assert [word for word in words if word not in text] == [], name


def test_english_pages_mark_what_stays_chinese(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        if "/en/" in name:
            assert [t for t, lang in page.texts if CHINESE.search(t) and lang != "zh-CN"] == [], name


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", text))


def test_the_city_page_opens_with_the_verdict(site: Path) -> None:
    text = (site / PLAN / "index.html").read_text("utf-8")
    lead = _plain(text[text.index('<div class="lead">') : text.index('<ul class="tally"')])
    assert lead.startswith("截至2025年11月30日，7个量化节点中，1个已达成、6个到期未达成。差得最多的是")
    assert "7个地区中，6个有未达成或落后的节点" in lead
    assert "本期应报7个单位，已报6个，未报：乌拉特中旗。" in lead
    order = [text.index(f'id="{name}"') for name in ("verdict", "districts", "matrix", "todo", "trends", "change")]
    assert order == sorted(order)


def test_gaps_are_told_in_whole_communities_by_district(site: Path) -> None:
    """The table of the city page sends each shortfall to the district, whose page names the communities."""
    text = (site / PLAN / "index.html").read_text("utf-8")
    row = text[text.index('id="m-pm_coverage_rate-2025-12-31"') :].split("</tr>")[0]
    found = re.findall(r'href="(\d+)\.html#m-pm_coverage_rate-2025-12-31">\S+ <b>(\d+)</b>', row)
    assert len(found) == 6
    assert [int(n) for _, n in found] == sorted((int(n) for _, n in found), reverse=True)
    for code, units in found[:2]:
        own = (site / PLAN / f"{code}.html").read_text("utf-8")
        listed = own[own.index('id="list-m-pm_coverage_rate-2025-12-31"') :].split("</details>")[0]
        assert listed.count("<tr>") - 1 == int(units)


def test_every_figure_leads_to_its_rows_and_every_row_to_its_cell(site: Path, pages: dict[str, Page]) -> None:
    for code in DISTRICTS:
        text = (site / PLAN / f"{code}-communities.html").read_text("utf-8")
        overview = text[text.index('class="figures overview"') :].split("</table>")[0]
        rows = text[text.index('<table class="communities"') :].split("</table>")[0]
        for n, indicator in enumerate(INDICATORS):
            own = overview[overview.index(f'id="f-{indicator}"') :].split("</tr>")[0]
            counted, uncounted, _ = (
                int(re.search(rf'#{which}-{indicator}">.*?</span>(\d+)</a>', own)[1]) if f"#{which}-" in own else 0  # type: ignore[index]
                for which in "yno"
            )
            # As many rows are shown by the choice as are counted, and these are numerator and denominator.
            assert len(re.findall(rf'<tr class="[^"]*\by{n}\b', rows)) == counted
            assert len(re.findall(rf'<tr class="[^"]*\bn{n}\b', rows)) == uncounted
            if code != SILENT[0]:
                assert f'<span class="parts">{counted}/{counted + uncounted}</span>' in own
        assert ("<i>F5 G5</i>" in rows) == (code != SILENT[0])
    # A committee's row stands on a sheet of its own, which is named.
    text = (site / PLAN / "150802-communities.html").read_text("utf-8")
    assert re.search(r"<i>I\d+ 业委会明细!D1\d\d</i>", text)
    records = (site / PLAN / "150802-records.html").read_text("utf-8")
    assert "制度机制!4" in records
    assert "◇" in records


def test_the_map_has_every_district_and_real_boundaries_where_there_is_a_file(marts: Path, tmp_path: Path) -> None:
    file = tmp_path / "map.geojson"
    with Marts(marts) as source:
        [plan] = source.plans(PLAN)
        names = {name: name for name in ("style.css", "page.js", "plotly.min.js", "explore.js")}
        drawn = Site(data.load(source, plan), "zh", ["zh"], names, (), None, file)
        [(_, tiles)] = city.pages(drawn)
        square = [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]
        feature = {"properties": {"adcode": 150802}, "geometry": {"type": "Polygon", "coordinates": square}}
        file.write_text(json.dumps({"features": [feature]}))
        [(_, outlines)] = city.pages(drawn)
        file.write_text("{")
        [(_, again)] = city.pages(drawn)
    assert 'class="boundaries"' in outlines
    for text in (tiles, outlines):
        assert sorted(re.findall(r'<a href="(\d+)\.html" class="shape', text)) == sorted(DISTRICTS)
    assert again == tiles


def test_the_same_marts_give_the_same_bytes(marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONPLAN_NOW", "2025-12-05T09:00:00")
    first, second = tmp_path / "a", tmp_path / "b"
    for out in (first, second):
        build_reports(Workspace(out), marts_dir=marts, out=out)
    names = [p.relative_to(first) for p in first.rglob("*") if p.is_file()]
    assert names == [p.relative_to(second) for p in second.rglob("*") if p.is_file()]
    assert [n for n in names if (first / n).read_bytes() != (second / n).read_bytes()] == []


def test_an_unchanged_page_is_left_alone_and_a_stale_one_removed(marts: Path, tmp_path: Path) -> None:
    build_reports(Workspace(tmp_path), marts_dir=marts, out=tmp_path)
    index, stale = tmp_path / PLAN / "index.html", tmp_path / PLAN / "999999.html"
    before = index.stat()
    stale.write_text("from another time")
    build_reports(Workspace(tmp_path), marts_dir=marts, out=tmp_path)
    assert index.stat().st_ino == before.st_ino
    assert index.stat().st_mtime_ns == before.st_mtime_ns
    assert not stale.exists()
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_language_once_built_is_kept_up_to_date(marts: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    chinese = build_reports(workspace, marts_dir=marts, out=tmp_path)
    assert "English" not in chinese[0].read_text("utf-8")
    both = build_reports(workspace, lang="en", marts_dir=marts, out=tmp_path)
    assert len(both) == 2 * len(chinese)
    assert 'href="en/150802.html" lang="en"' in chinese[0].read_text("utf-8")
    # What an earlier program kept of its pages is not what this one needs: they are made anew.
    [record] = (tmp_path / PLAN).rglob("pages.json")
    content = json.loads(record.read_text("utf-8"))
    kept = {name: {"body": "", "stamp": ["bare", "", "0"]} for name in content["pages"]}
    record.write_text(json.dumps({"inputs": "", "pages": kept}), encoding="utf-8")
    assert len(build_reports(workspace, marts_dir=marts, out=tmp_path)) == len(both)


def test_pages_stay_light(site: Path) -> None:
    assert max(p.stat().st_size for p in site.rglob("*.html")) < 400_000


def test_before_its_date_a_milestone_shows_its_pace(tmp_path: Path) -> None:
    marts = publish(tmp_path / "marts", until("2024-11", tables()))
    build_reports(Workspace(tmp_path), marts_dir=marts, out=tmp_path / "out")
    text = (tmp_path / "out" / PLAN / "index.html").read_text("utf-8")
    assert "2024年11月30日" in text
    assert "按近期进度，到期为" in text
    assert "2025-11" not in text.replace("2025-11-30", "")


def test_a_plan_without_workbooks_gets_pages_that_say_so(marts: Path, tmp_path: Path) -> None:
    content = {
        name: rows if name.startswith("dim_") and name != "dim_community" else [] for name, rows in tables().items()
    }
    empty = publish(tmp_path / "marts", {name: rows for name, rows in content.items() if rows})
    assert build_reports(Workspace(tmp_path), marts_dir=empty, out=tmp_path / "out") == []
    written = build_reports(Workspace(tmp_path), PLAN, marts_dir=empty, out=tmp_path / "out")
    assert all("尚未收到可用的报送" in p.read_text("utf-8") for p in written)


def test_a_past_day_is_named_on_every_page(marts: Path, tmp_path: Path) -> None:
    from datetime import date

    written = build_reports(Workspace(tmp_path), marts_dir=marts, out=tmp_path, known_on=date(2024, 12, 31))
    assert all("本页按2024年12月31日当天已收到的报送重新生成" in p.read_text("utf-8") for p in written)


def test_an_unknown_plan_is_named(marts: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no plan 'mars'"):
        build_reports(Workspace(tmp_path), "mars", marts_dir=marts, out=tmp_path)


def test_the_intake_page_lists_what_a_re_sent_ledger_changed(site: Path) -> None:
    zh, en = ((site / PLAN / name).read_text("utf-8") for name in ("intake.html", "en/intake.html"))
    assert 'href="#resent-s150821202511"' in zh
    assert "五原县台账(初报).xlsx" in zh
    for page, words in (
        (zh, ("总户数", "1,200", "小区明细</span> N8", "改动204处", "仅列前100处", "+0.8")),
        (en, ("Dwellings in the community", "1,200", "N8", "204 differences", "Only the first 100", "+0.8")),
    ):
        assert [word for word in words if word not in page] == []
    # A list of hundreds of cells is cut on the page; the table has them all.
    assert zh.count("某小区") == 96


def test_every_line_of_a_score_sheet_leads_to_its_definition_figure_and_clause(
    site: Path, pages: dict[str, Page]
) -> None:
    for name in (f"{PLAN}/150826-assessment.html", f"{PLAN}/en/150826-assessment.html"):
        text = (site / name).read_text("utf-8")
        for row in re.findall(r'<tr role="row" id="item-(?:(?!</tr>).)*</tr>', text, re.DOTALL):
            item = re.search(r'id="item-(\w+)"', row)
            assert item
            assert f'href="methods.html#item-{item[1]}"' in row
            assert 'href="methods.html#i-' in row
            assert 'href="methods.html#c-' in row
            assert ('href="150826.html#m-' in row) == (item[1] in {"A1", "A2", "B1", "C2"}), item[1]
    assert "A1" in text


def test_the_waterfall_says_the_same_as_its_table(site: Path) -> None:
    text = (site / PLAN / "150822-assessment.html").read_text("utf-8")
    [drawing] = re.findall(r'<svg class="waterfall".*?</svg>', text, re.DOTALL)
    shown = re.findall(r'<text class="value(?: end)?"[^>]*>([^<]*)</text>', drawing)
    assert shown[0] == "100"
    assert shown[1:-1] == sorted(shown[1:-1], key=lambda value: -float(value.removeprefix("−")))
    table = text[text.index("折合百分制") :]
    assert {*shown[1:-1]} <= {*re.findall(r'<td class="num">(−[\d.]+)</td>', table[: table.index("</table>")])}
    assert f'得{shown[-1]}分。"' in drawing


def test_the_ranking_is_cut_where_districts_can_be_told_apart(site: Path) -> None:
    text = (site / PLAN / "assessment.html").read_text("utf-8")
    # Every range of the made-up city reaches into the next.
    assert text.count('<tbody class="tier">') == 1
    assert "不宜分先后的：临河、五原" in text


def test_questions_are_put_as_questions(site: Path) -> None:
    text = (site / PLAN / "findings.html").read_text("utf-8")
    assert "本期数据有2处值得核对，分2类。" in text
    assert "不是对任何单位的结论" in text
    assert text.index("合并小区使指标上升") < text.index("若干小区数据完全相同")
    assert 'href="methods.html#i-pm_coverage_rate">住宅小区物业管理覆盖率</a>' in text
    assert "2024年11月1处" in text
    assert not re.search("造假|弄虚作假|违规|疑似作弊", text)


def test_methods_say_what_the_plan_says(site: Path, pages: dict[str, Page]) -> None:
    text = (site / PLAN / "methods.html").read_text("utf-8")
    assert "其中符合：由物业服务企业管理；且物业合同在数据截止日仍有效" in text
    assert "<code>is_professional and has_current_contract</code>" in text
    assert "80%及以下不得分，100%得满分，其间按比例" in text
    assert "等次最高为“合格”，有关评分项计0分" in text
    english = (site / PLAN / "en" / "methods.html").read_text("utf-8")
    assert (
        "Of these, where: served by a property-management company; and contract in force on the as-of date" in english
    )
    for name in ("methods.html", "en/methods.html"):
        page = pages[f"{PLAN}/{name}"]
        assert {f"i-{i}" for i in (*INDICATORS, *DUTIES)} <= set(page.ids)
        assert {"c-一", "c-二-四", "c-四-四"} <= set(page.ids)


def test_the_register_page_tells_what_became_of_communities_and_what_waits(site: Path) -> None:
    text = (site / PLAN / "register.html").read_text("utf-8")
    assert "有1处疑似同一小区、更名或合并待认定。 已作1项认定。" in text
    told = text[text.index('id="ended"') :]
    assert "原名<bdi>旧名小区</bdi>" in told
    assert "甲苑、乙苑" in told
    assert "地址相同；户数相同" in text
    drawing = text[text.index('<svg class="waterfall"') :]
    assert 'role="img" aria-label="由' in drawing
    assert text.index('<svg class="waterfall"') < text.index("期末＝期初＋新增")


def test_the_intake_page_says_how_complete_and_timely_each_period_came(site: Path, pages: dict[str, Page]) -> None:
    text = (site / PLAN / "intake.html").read_text("utf-8")
    rates = text[text.index('id="rates"') : text.index('id="grid"')]
    # One district of seven is silent in the last period.
    assert "6/7" in rates[rates.index("2025年11月") : rates.index("2024年11月")]
    assert "小区漏报" in text
    english = (site / PLAN / "en" / "intake.html").read_text("utf-8")
    assert "A community of an earlier ledger is reported again or its end is declared" in english


def test_pages_of_a_large_city_stay_light(tmp_path: Path) -> None:
    """103 districts, eighteen kinds of questions in each, hundreds of changes, missing communities, re-sent ledgers."""
    made = {name: [dict(row) for row in rows] for name, rows in tables().items()}
    codes = [f"{150900 + n}" for n in range(103)]

    def times(table: str, source: list[dict[str, Any]], **own: Any) -> None:
        made[table] = [row | {key: make(n, row) for key, make in own.items()} for n, row in enumerate(source)]

    first = next(iter(DISTRICTS))
    for table in ("dim_district", "mart_submission_status", "mart_assessment_score", "mart_assessment_item",
                  "mart_register_bridge"):  # fmt: skip
        one = [row for row in made[table] if row["district_code"] == first]
        whole = [row for row in made[table] if row["district_code"] == "ALL"]
        made[table] = [row | {"district_code": code} for code in codes for row in one] + whole
    for table in ("mart_milestone_progress", "mart_lagging_district"):
        whole = [row for row in made[table] if row["district_code"] == "ALL"]
        one = [row for row in made[table] if row["district_code"] == first]
        made[table] = [row | {"district_code": code} for code in codes for row in one] + whole
    times("mart_finding", made["mart_finding"][:1] * (18 * 103), rule_id=lambda n, _: f"kind_{n % 18}",
          district_code=lambda n, _: codes[n // 18], subject=lambda n, _: f"小区{n}")  # fmt: skip
    made["mart_finding_example"] = [
        {key: row[key] for key in ("plan_id", "period_id", "district_code", "rule_id", "subject", "submission_id",
                                   "source_sheet", "source_row")}
        | {"example_no": n, "name": "示例小区", "value_of": "总户数", "value": "120"}
        for row in made["mart_finding"] for n in range(1, 6)
    ]  # fmt: skip
    times("mart_register_event", made["mart_register_event"] * 500, district_code=lambda n, _: codes[n % 103])
    times("mart_register_proposal", made["mart_register_proposal"] * 500, district_code=lambda n, _: codes[n % 103])
    lost = [row for row in made["fct_community_status"] if row["period_id"] == "2025-11"] * 8
    times("fct_community_status", lost, district_code=lambda n, _: codes[n % 103], is_reported=lambda *_: False,
          district_silent=lambda *_: False)  # fmt: skip
    resent = next(row for row in made["fct_submission"] if row["submission_id"] == RESENT)
    changed = made["mart_submission_change"]
    made["fct_submission"] += [resent | {"submission_id": f"r{n}", "district_code": codes[n]} for n in range(103)]
    made["mart_submission_change"] = [
        row | {"submission_id": f"r{n}", "change_no": k} for n in range(103) for k in range(120) for row in changed[:1]
    ]
    with Marts(publish(tmp_path, made)) as marts:
        [plan] = marts.plans(PLAN)
        site = Site(data.load(marts, plan), "zh", ["zh"], defaultdict(str), ())
        for pages in (assessment.pages, city.pages, findings.pages, intake.pages, methods.pages, register.pages):
            for name, text in pages(site):
                assert len(text.encode()) < 400_000, name


def test_grades_and_lines_that_lost_points_are_told_in_the_pages_language(site: Path) -> None:
    zh, en = ((site / PLAN / name).read_text("utf-8") for name in ("assessment.html", "en/assessment.html"))
    assert '<td class="word"><span>优秀</span></td>' in zh
    assert '<td class="word">Excellent</td>' in en
    for name, caption in (("150826.html", "失分的项目"), ("en/150826.html", "Items that lost points")):
        table = re.search(rf"<caption>{caption}.*?</table>", (site / PLAN / name).read_text("utf-8"), re.DOTALL)
        assert table
        items = re.findall(r'href="150826-assessment.html#item-(\w+)"', table[0])
        assert items
        points = [tuple(map(float, p)) for p in re.findall(r'<b>([\d.]+)</b><span class="quiet">/([\d.]+)', table[0])]
        assert len(points) == len(items)
        assert [most - got for got, most in points] == sorted((most - got for got, most in points), reverse=True)
