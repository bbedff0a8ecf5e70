"""The drafted circular: each sentence stands on data and goes with them; the document keeps to GB/T 9704."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import docx
import polars as pl
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from pipelines.reporting import data
from pipelines.reporting.exports import circular
from pipelines.reporting.exports.circular import Circular, draft
from pipelines.reporting.exports.paper import write_paper
from pipelines.reporting.marts import Marts
from pipelines.reporting.messages import catalogue
from tests.reporting.conftest import PLAN, publish, tables, until

Tables = dict[str, list[dict[str, Any]]]
NOW, LAGGARD = "2025-11", "150825"
SENTENCES = sorted(
    {
        re.sub(r"\.(one|other)$", "", key.removeprefix("circular.say."))
        for key in catalogue("en").messages
        if key.startswith("circular.say.")
    }
)


def changed(rows: list[dict[str, Any]], where: Callable[[dict[str, Any]], bool], **values: Any) -> list[dict[str, Any]]:
    return [row | values if where(row) else row for row in rows]


def everything(row: dict[str, Any]) -> bool:
    return True


@cache
def _plain() -> Tables:
    return tables()


def rich() -> Tables:
    """The made-up city with what it lacks: a number, a merger, a returned ledger, rates that stood still."""
    world = dict(_plain())
    world["dim_plan"] = changed(world["dim_plan"], everything, document_no="巴住建发〔2023〕1号")
    world["mart_register_bridge"] = changed(
        world["mart_register_bridge"], lambda r: r["district_code"] == LAGGARD, merged_out=4
    )
    world["mart_rate_change"] = [
        row
        | {
            ("committee_formation_rate", "ALL"): {"work_effect": 0.0, "denominator_effect": 0.0},
            ("professional_pm_coverage_rate", "ALL"): {"work_effect": 2.0, "denominator_effect": 0.0},
            ("information_disclosure_rate", "ALL"): {"work_effect": -1.0, "denominator_effect": 0.25},
            ("pm_coverage_rate", "ALL"): {
                "work_effect": 3.0,
                "denominator_effect": -0.5,
                "silence_effect": -1.5,
                "districts_one_sided": 1,
            },
            ("pm_coverage_rate", LAGGARD): {"work_effect": 1.0, "denominator_effect": 0.5},
        }.get((row["indicator_id"], row["district_code"]), {})
        for row in world["mart_rate_change"]
    ]
    world["mart_submission_status"] = changed(
        world["mart_submission_status"],
        lambda r: r["period_id"] == NOW and r["district_code"] == "150826",
        status="returned",
    )
    world["mart_assessment_score"] = changed(
        changed(world["mart_assessment_score"], everything, is_final=True),
        lambda r: r["district_code"] == "150821",
        rank_low=2,
        rank_high=2,
    )
    return world


WORLDS: dict[str, Callable[[], Tables]] = {
    "plain": _plain,
    "earlier": lambda: until("2024-11", _plain()),
    "rich": rich,
    "nearly": lambda: turned("mart_rate_change", work_effect=0.3, denominator_effect=-0.26)(_plain()),
    "unmoved": lambda: {k: v for k, v in _plain().items() if k != "mart_rate_change"},
}


def laid(world: Tables, folder: Path, base: Path | None = None, like: Tables | None = None) -> Path:
    """The world's tables in a folder; those it shares with ``like`` are links to what ``base`` has."""
    same = {name for name, rows in world.items() if rows and like is not None and like.get(name) is rows}
    publish(folder, {name: rows for name, rows in world.items() if name not in same})
    for name in same:
        (folder / f"{name}.parquet").symlink_to(Path(str(base)) / f"{name}.parquet")
    return folder


def told(folder: Path, lang: str = "zh") -> Circular:
    with Marts(folder) as marts:
        found = draft(data.load(marts, next(marts.plans(PLAN))), lang)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Tables, Path]]:
    """Each world with the folder it is published in."""
    return {
        name: (world := made(), publish(tmp_path_factory.mktemp(name), world)) for name, made in WORLDS.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def drafts(worlds: dict[str, tuple[Tables, Path]]) -> dict[str, Circular]:
    found = {name: told(folder) for name, (_, folder) in worlds.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(circular, "MANY", 3)
        return found | {"many": told(worlds["plain"][1])}


def text_of(found: Circular) -> str:
    parts = [found.title, *found.notes, *found.opening, *found.closing]
    for section in found.sections:
        parts += [section.heading, *(p.lead + p.text for p in section.paragraphs)]
    return "\n".join(parts)


# ── what a sentence stands on ─────────────────────────────────────────────────────────────────────────────────────────


def without(*names: str) -> Callable[[Tables], Tables]:
    return lambda world: {name: rows for name, rows in world.items() if name not in names}


def turned(
    table: str, where: Callable[[dict[str, Any]], bool] = everything, **values: Any
) -> Callable[[Tables], Tables]:
    return lambda world: world | {table: changed(world[table], where, **values)}


def only(table: str, keep: Callable[[dict[str, Any]], bool]) -> Callable[[Tables], Tables]:
    return lambda world: world | {table: [row for row in world[table] if keep(row)]}


TARGETS = turned("mart_milestone_progress", is_scored=False)
CHANGES = without("mart_rate_change")
FIGURES = without("fct_indicator")
STATUS = without("mart_submission_status")
SCORES = without("mart_assessment_score")
ISSUES = without("fct_issue")
COMMUNITIES = without("fct_community_status")
EVIDENCE = without("mart_evidence_coverage")
LAGGING = without("mart_lagging_district")

CUTS: dict[str, tuple[str, Callable[[Tables], Tables]]] = {
    # sentence: the world that says it, and what to take away so that it goes
    "opening": ("rich", turned("dim_plan", document_no=None)),
    "opening_plain": ("plain", turned("dim_plan", document_no="1号")),
    "targets": ("plain", TARGETS),
    "met": ("plain", turned("mart_milestone_progress", status="no_data")),
    "missed": ("plain", turned("mart_milestone_progress", status="no_data")),
    "missed_soft": ("plain", turned("mart_milestone_progress", binding="hard")),
    "trouble": ("earlier", turned("mart_milestone_progress", status="met", gap_units=0)),
    "in_table": ("plain", TARGETS),
    "duties": ("plain", TARGETS),
    "duties_late": ("plain", turned("mart_milestone_progress", status="met")),
    "rate_now": ("unmoved", FIGURES),
    "rate_rose": ("rich", CHANGES),
    "rate_fell": ("rich", CHANGES),
    "rate_rose_by_work": ("rich", CHANGES),
    "rate_fell_by_work": ("plain", CHANGES),
    "rate_same": ("rich", CHANGES),
    "rate_near": ("nearly", CHANGES),
    "rate_silence": ("rich", turned("mart_rate_change", silence_effect=0.0)),
    "reporting": ("plain", STATUS),
    "late": ("earlier", turned("mart_submission_status", status="on_time")),
    "silent": ("plain", turned("mart_submission_status", status="on_time")),
    "returned": ("rich", turned("mart_submission_status", status="on_time")),
    "scores": ("plain", SCORES),
    "scores_final": ("rich", turned("mart_assessment_score", is_final=False)),
    "inseparable": ("plain", turned("mart_assessment_score", rank_low=None, rank_high=None)),
    "proposal": ("plain", turned("dim_plan", rubric_is_proposal=False)),
    "most_lagging": ("many", LAGGING),
    "district_targets": ("plain", TARGETS),
    "district_worst": ("plain", LAGGING),
    "district_duties": ("plain", turned("mart_milestone_progress", status="met")),
    "district_on_time": ("plain", STATUS),
    "district_late": ("earlier", turned("mart_submission_status", days_late=None)),
    "district_returned": ("rich", STATUS),
    "district_silent": ("plain", STATUS),
    "district_missing": ("plain", COMMUNITIES),
    "district_score": ("plain", SCORES),
    "district_score_apart": ("rich", turned("mart_assessment_score", score=None)),
    "gap": ("plain", turned("mart_milestone_progress", gap_units=0)),
    "laggards": ("plain", LAGGING),
    "not_in": ("plain", turned("mart_submission_status", status="on_time")),
    "left_out": ("plain", turned("fct_community_status", is_reported=True)),
    "errors": ("plain", ISSUES),
    "strict": ("plain", only("fct_indicator", lambda r: r["variant"] != "strict")),
    "merged": ("rich", turned("mart_register_bridge", merged_out=0)),
    "no_evidence": ("plain", EVIDENCE),
    "close": ("plain", turned("mart_milestone_progress", gap_units=0)),
    "pace": ("earlier", turned("mart_milestone_progress", required_per_month=None)),
    "finish_duties": ("plain", turned("mart_milestone_progress", status="met")),
    "send": ("plain", turned("mart_submission_status", status="on_time")),
    "explain": ("plain", turned("fct_community_status", is_reported=True)),
    "mend": ("plain", turned("fct_issue", severity="warning")),
    "next_period": ("earlier", turned("dim_period", due_date=None)),
    "prove": ("plain", EVIDENCE),
}


def test_every_sentence_is_accounted_for(drafts: dict[str, Circular]) -> None:
    assert sorted(CUTS) == SENTENCES
    unsaid = [sentence for sentence, (world, _) in CUTS.items() if sentence not in drafts[world].spoken]
    assert unsaid == []


@pytest.mark.parametrize("world", [*WORLDS, "many"])
def test_a_sentence_goes_with_its_data(
    world: str, worlds: dict[str, tuple[Tables, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if world == "many":
        monkeypatch.setattr(circular, "MANY", 3)
    cuts: dict[Callable[[Tables], Tables], list[str]] = {}
    for sentence, (where, cut) in CUTS.items():
        if where == world:
            cuts.setdefault(cut, []).append(sentence)
    whole, base = worlds.get(world, worlds["plain"])
    for number, (cut, sentences) in enumerate(cuts.items()):
        found = told(laid(cut(whole), tmp_path / str(number), base, whole))
        assert [s for s in sentences if s in found.spoken] == [], number
        clean(text_of(found))


def clean(text: str) -> None:
    assert not re.search(r"None|nan|—|[{}]|<|&\w+;", text), text
    # No sentence about nothing: 0个 standing alone (100个 and 0.0个百分点 are figures).
    assert not re.search(r"(?<![\d.,])0(个|项|处|家|户)", text), text
    assert "。。" not in text
    assert "、、" not in text
    assert "：。" not in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_whatever_table_is_missing_nothing_senseless_is_said(
    lang: str, worlds: dict[str, tuple[Tables, Path]], tmp_path: Path
) -> None:
    whole, base = worlds["rich"]
    for table in whole:
        if not table.startswith("dim_") and table not in ("fct_submission", "mart_milestone_progress"):
            clean(text_of(told(laid(without(table)(whole), tmp_path / table, base, whole), lang)))


@pytest.mark.parametrize("table", ["fct_submission", "mart_milestone_progress"])
def test_nothing_to_report_on_gives_no_circular(table: str, tmp_path: Path) -> None:
    """Nobody has reported, or the plan has no targets."""
    with Marts(publish(tmp_path, without(table)(_plain()))) as marts:
        assert draft(data.load(marts, next(marts.plans(PLAN))), "zh") is None


@pytest.mark.parametrize(
    ("kind", "unit", "operator", "target", "said"),
    [
        ("rate", "%", "gte", 80, "目标80%以上"),
        ("rate", "%", "gte", 100, "目标100%，"),
        ("rate", "%", "eq", 100, "目标100%，"),
        ("count", "家", "gte", 25, "目标25家以上"),
    ],
)
def test_a_target_is_said_as_people_say_it(
    kind: str, unit: str, operator: str, target: int, said: str, tmp_path: Path
) -> None:
    of = {"indicator_id": "committee_formation_rate"}
    world = turned("dim_indicator", lambda r: r["indicator_id"] == of["indicator_id"], kind=kind, unit=unit)(_plain())
    world = turned(
        "mart_milestone_progress",
        lambda r: r["indicator_id"] == of["indicator_id"],
        operator=operator,
        target=target,
        status="met",
        **({"denominator": None} if kind == "count" else {}),
    )(world)
    assert said in told(publish(tmp_path, world)).sections[0].paragraphs[0].text


def test_the_float_that_is_left_of_two_that_cancel_out_is_no_change(tmp_path: Path) -> None:
    world = turned("mart_rate_change", work_effect=0.1 + 0.2, denominator_effect=-0.3)(_plain())
    assert "rate_same" in told(publish(tmp_path, world)).spoken


def test_the_draft_says_that_it_is_one_and_what_it_stands_on(drafts: dict[str, Circular], marts: Path) -> None:
    found = drafts["plain"]
    with Marts(marts) as published:
        version = published.content(PLAN)[:8]
    assert found.notes[0].startswith("草稿")
    assert "2025年11月30日" in found.notes[1]
    assert re.search(r"版本：[0-9a-f]{8}", found.notes[1])
    assert version in found.notes[1]
    assert found.title == "关于《巴彦淖尔市住宅物业服务全覆盖提品质三年行动方案》2025年11月进展情况的通报"
    assert [section.heading for section in found.sections] == [
        "一、总体进展",
        "二、各地区情况",
        "三、存在问题",
        "四、下步要求",
    ]
    assert found.sections[1].paragraphs[0].lead == "（一）临河区。"


def test_many_milestones_are_a_table_and_the_text_names_those_furthest_behind(drafts: dict[str, Circular]) -> None:
    text = drafts["plain"].sections[0].paragraphs[0].text
    [said] = re.findall(r"到期未达成的有：(.*?)等(\d+)个。", text)
    assert said[0].count("目标") == circular.TOLD
    table = drafts["plain"].annexes[1]
    assert table.head == ["指标", "时限", "目标", "数值", "还差", "状态"]
    missed = [row for row in table.rows if row[-1] == "到期未达成"]
    assert len(missed) >= int(said[1])
    assert len(table.rows) == int(re.search(r"(\d+)个量化节点中", text)[1])  # type: ignore[index]
    assert re.fullmatch(r"[\d.]+%\n[\d,]+/[\d,]+", table.rows[0][3])


def test_few_milestones_need_no_table(worlds: dict[str, tuple[Tables, Path]], tmp_path: Path) -> None:
    base = worlds["plain"]
    few = only("mart_milestone_progress", lambda r: r["indicator_id"] == "committee_formation_rate")
    [annex] = told(laid(few(base[0]), tmp_path, base[1], base[0])).annexes
    assert annex.title.startswith("附件：")


def test_english_sentences_stand_apart(worlds: dict[str, tuple[Tables, Path]]) -> None:
    text = text_of(told(worlds["plain"][1], "en"))
    assert not re.findall(r"[a-z\d)%][.;:,][A-Z]\w+", text)


def test_figures_are_the_published_ones(drafts: dict[str, Circular]) -> None:
    rows = pl.DataFrame(_plain()["fct_indicator"], infer_schema_length=None)
    row = rows.filter(
        (pl.col("indicator_id") == "pm_coverage_rate")
        & (pl.col("district_code") == "ALL")
        & (pl.col("period_id") == NOW)
        & (pl.col("basis") == "communities")
        & (pl.col("variant") == "audited")
    ).row(0, named=True)
    assert f"{row['value']:.1f}%（{row['numerator']}/{row['denominator']}）" in text_of(drafts["plain"])


# ── the document ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def paper(drafts: dict[str, Circular]) -> Any:
    content = write_paper(drafts["plain"], date(2025, 11, 30))
    assert content == write_paper(drafts["plain"], date(2025, 11, 30))
    return docx.Document(io.BytesIO(content))


def test_the_page_is_that_of_official_documents(paper: Any) -> None:
    [section] = paper.sections
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = (section.top_margin, section.right_margin, section.bottom_margin, section.left_margin)
    assert [round(m.mm, 1) for m in margins] == [37, 26, 35, 28]
    assert paper.settings.odd_and_even_pages_header_footer
    for footer in (section.footer, section.even_page_footer):
        assert footer.paragraphs[0].text == "—  —"
        assert " PAGE " in [e.text for e in footer._element.iter(qn("w:instrText"))]


def test_fonts_and_lines_are_those_of_official_documents(paper: Any) -> None:
    def face(style: str) -> tuple[str, float]:
        properties = paper.styles[style]
        return properties.element.rPr.rFonts.get(qn("w:eastAsia")), properties.font.size.pt

    assert face("Title") == ("方正小标宋简体", 22)
    assert face("Normal") == ("仿宋_GB2312", 16)
    assert face("Heading 1") == ("黑体", 16)
    body = paper.styles["Normal"].paragraph_format
    assert body.line_spacing == Pt(28.95)
    # 22 lines fill the 225 mm between the margins.
    assert 22 * 28.95 <= Mm(225).pt < 22.1 * 28.95
    leads = [p.runs[0] for p in paper.paragraphs if p.text.startswith("（一）")]
    assert {run._r.rPr.rFonts.get(qn("w:eastAsia")) for run in leads} == {"楷体_GB2312"}
    [fonts] = [p for p in paper.part.package.iter_parts() if p.partname == "/word/fontTable.xml"]
    assert 'w:name="方正小标宋简体"><w:altName' in fonts.blob.decode()


def test_headings_are_headings_and_the_table_repeats_its_head(paper: Any) -> None:
    headings = [p.text for p in paper.paragraphs if p.style.name == "Heading 1"]
    assert headings[:4] == ["一、总体进展", "二、各地区情况", "三、存在问题", "四、下步要求"]
    rates, _ = paper.tables
    assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in paper.tables)
    assert [cell.text for cell in rates.columns[0].cells][1:3] == ["巴彦淖尔市", "临河区"]
    annexes = [p.text for p in paper.paragraphs if p.text.startswith("附件")]
    assert annexes == ["附件1：巴彦淖尔市各地区主要指标（核定口径）", "附件2：巴彦淖尔市量化节点目标完成情况"]


def test_children_stand_in_the_order_the_schema_asks(paper: Any) -> None:
    from pipelines.reporting.exports.paper import _ORDER

    for tag, order in _ORDER.items():
        places = {qn(f"w:{name}"): number for number, name in enumerate(order.split())}
        for root in (paper.element, paper.styles.element, paper.sections[0].footer._element):
            for element in root.iter(qn(f"w:{tag}")):
                found = [places[child.tag] for child in element if child.tag in places]
                assert found == sorted(found), (tag, [child.tag for child in element])
