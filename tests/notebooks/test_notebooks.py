"""The notebooks, and the downloads, on a small world taken the whole way: what they say is so, nothing is disturbed."""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import nbformat
import polars as pl
import pytest
from nbclient import NotebookClient

from pipelines.plans import load_plans
from pipelines.reporting import notebook as nb
from pipelines.settings import CHECKOUT, Workspace

pytestmark = pytest.mark.slow

FILES = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))
NOW = datetime(2025, 12, 10, 9)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Seven small synthetic districts, from drops to published tables."""
    from pipelines.intake.receive import submit
    from pipelines.intake.service import process_inbox
    from pipelines.samples import write_drops
    from pipelines.warehouse import dbt, publish, snapshot

    ws = Workspace(tmp_path_factory.mktemp("notebook")).prepare()
    plans = load_plans()
    for drop in write_drops(plans["bayannur_2023_2025"], ws.root / "drops", communities=24):
        submit(ws, [drop.path], received_at=drop.received_at)
    process_inbox(ws, plans, NOW)
    snapshot.write_inputs(ws, plans, NOW, None)
    dbt.build(ws)
    publish.publish(ws)
    return ws


@pytest.fixture
def published(workspace: Workspace) -> nb.Published:
    return nb.open_published(workspace.root)


@pytest.fixture(scope="module")
def executed(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[nbformat.NotebookNode]]:
    """The cells of each notebook after it ran; in one kernel, which forgets all names in between."""
    scratch = tmp_path_factory.mktemp("kernel")
    environment = {
        **os.environ,
        "ACTIONPLAN_ROOT": str(workspace.root),
        "PYTHONPATH": str(CHECKOUT),
        "IPYTHONDIR": str(scratch),
    }
    cells = {file.stem: nbformat.read(file, as_version=4).cells for file in FILES}
    whole = nbformat.v4.new_notebook(
        cells=[cell for own in cells.values() for cell in (nbformat.v4.new_code_cell("%reset -f"), *own)]
    )
    client = NotebookClient(
        whole, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(scratch)}}
    )  # fmt: skip
    before = written(workspace)
    client.execute(env=environment)
    assert written(workspace) == before
    return cells


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_notebook_runs_and_shows_tables_and_charts(
    name: str, executed: dict[str, list[nbformat.NotebookNode]]
) -> None:
    outputs = [output for cell in executed[name] for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("application/vnd.plotly.v1+json") >= 2
    tables = [
        output["data"]["text/html"] for output in outputs if "<table>" in output.get("data", {}).get("text/html", "")
    ]
    assert len(tables) >= 6
    shown = " ".join(tables)
    assert "临河区" in shown
    assert "None" not in shown
    assert "nan" not in shown
    assert "datetime" not in shown
    assert [o for o in outputs if o.output_type == "stream" and o.name == "stderr"] == []


def written(ws: Workspace) -> dict[str, int]:
    """When each file that a run makes was written last."""
    return {str(f): f.stat().st_mtime_ns for d in (ws.marts, ws.build, ws.reports) for f in d.rglob("*") if f.is_file()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_stored_notebook_holds_no_outputs_and_no_paths(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert not re.search(r"(^|[\s\"'(])/(home|root|tmp|work|Users)/|[A-Z]:\\\\", cell.source)


def test_the_furthest_behind_come_first(published: nb.Published) -> None:
    frame = nb.ranking(published)
    assert frame["旗县区"].n_unique() == 7
    ranks = frame["名次"].to_list()
    assert ranks == sorted(ranks)
    codes = nb.lagging(published)
    assert published.districts[codes[0]] == frame["旗县区"][0]
    assert "150821" not in codes or codes.index("150821") == len(codes) - 1  # the leader lags least, if at all


def test_reasons_tell_the_stories(published: nb.Published) -> None:
    def told(code: str) -> str:
        frame = nb.reasons(published, code)
        return "\n".join(f"{about}：{found}" for about, found in frame.iter_rows())

    assert "少报" in told("150822")
    assert "自报" in told("150822")
    assert "合并使小区减少" in told("150823")
    assert "2024年度工作台账没有报送" in told("150824")
    assert "迟报4天" in told("150825")
    assert "先后报送2个版本" in told("150826")
    assert "还差1个" in told("150802")
    assert "三调联动" in told("150824")


def test_a_miss_by_one_is_never_rounded_up(published: nb.Published) -> None:
    frame = nb.standing(published).filter((pl.col("district_code") == "150802") & (pl.col("还差") > 0))
    assert frame.height
    words = [found for about, found in nb.reasons(published, "150802").iter_rows() if about == "指标"]
    assert not any("目标100%，实际100" in text or "目标≥95%，实际95" in text for text in words)


def test_communities_to_visit_are_open_cases_in_order(published: nb.Published) -> None:
    for code in nb.lagging(published):
        frame = nb.visits(published, code)
        helps = frame["可补指标"].to_list()
        assert helps == sorted(helps, reverse=True)
        for name, what in frame.select("小区", "补哪些").iter_rows():
            row = published.sql(
                "select has_management, is_professional, has_committee, disclosure_done from fct_community_status"
                " where plan_id = $plan and period_id = $period and district_code = $code and community_name = $name",
                code=code,
                name=name,
            ).rows()[0]
            assert not all(row), f"{name}: {what}"
        assert frame["行"].null_count() == 0


def test_changes_are_split_without_remainder(published: nb.Published) -> None:
    figure = nb.change_figure(published, "committee_formation_rate")
    assert [trace.name for trace in figure.data] == ["分母变化", "工作进展"]
    assert len(figure.data[0].x) == 6  # the district without a ledger in between has no step


def test_an_open_notebook_does_not_block_a_publish(workspace: Workspace, published: nb.Published) -> None:
    from pipelines.warehouse import publish

    before = nb.ranking(published).rows()
    publish.publish(workspace)
    assert nb.ranking(published).rows() == before
    assert nb.ranking(nb.open_published(workspace.root)).rows() == before


def test_nothing_published_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(nb.NotPublished, match="actionplan run"):
        nb.open_published(tmp_path)


def test_a_table_escapes_what_districts_typed() -> None:
    html = nb.Table(pl.DataFrame({"小区": ["<b>&"], "户数": [1234], "率": [94.98]}), "标题")._repr_html_()
    assert "&lt;b&gt;&amp;" in html
    assert "1,234" in html


# -- ledger against ledger ---------------------------------------------------------------------------------------------


def test_the_list_moves_as_the_bridge_says(published: nb.Published) -> None:
    for period in ("2023-11", "2024-11", "2025-11"):
        frame = nb.ledgers.bridge(published, period)
        moves = frame["新增"] + frame["拆分"] + frame["合并"] + frame["核销"] + frame["更正"]
        assert (frame["期初"] + moves).to_list() == frame["期末"].to_list()
        *districts, whole = frame["期末"].to_list()
        assert sum(districts) == whole
    merged = nb.ledgers.moved(published, "150823", "2024-11").filter(pl.col("变动") == "合并")
    assert merged.height == -nb.ledgers.bridge(published, "2024-11").filter(pl.col("旗县区") == "乌拉特前旗")["合并"][0]
    assert merged.height > 0
    assert merged["曾用名或相关小区"].null_count() == 0


def test_a_period_without_a_ledger_is_passed_over(published: nb.Published) -> None:
    assert nb.ledgers.last_ledger(published, "150802") == "2024-11"
    assert nb.ledgers.last_ledger(published, "150824") == "2023-11"
    assert nb.ledgers.last_ledger(published, "150802", "2023-baseline") is None
    assert nb.ledgers.rate_effects(published, "150824").height
    assert nb.ledgers.turned_communities(published, "150824").height


def test_rate_effects_are_the_published_ones_and_leave_no_remainder(published: nb.Published) -> None:
    for code in published.districts:
        frame = nb.ledgers.rate_effects(published, code)
        for change, work, base in frame.select("变化", "工作影响", "分母影响").iter_rows():
            assert change == pytest.approx(work + base, abs=1e-6)
        stated = published.sql(
            "select i.indicator_name as 指标, c.work_effect, c.denominator_effect from mart_rate_change as c"
            " inner join dim_indicator as i using (plan_id, indicator_id)"
            " where c.plan_id = $plan and c.period_id = $period and c.district_code = $code",
            code=code,
        )
        both = frame.join(stated, on="指标")
        assert both.height == frame.height or code == "150824"
        for work, base, *expected in both.select(
            "工作影响", "分母影响", "work_effect", "denominator_effect"
        ).iter_rows():
            assert [work, base] == pytest.approx(expected, abs=1e-6)


def test_answers_that_turned_are_counted_and_listed_alike(published: nb.Published) -> None:
    frame = nb.ledgers.turned_communities(published, "150821")
    assert (frame["上期"] != frame["本期"]).all()
    counted = {name: (yes, no) for name, yes, no, _ in nb.ledgers.turned(published, "150821").iter_rows()}
    for name, (yes, no) in counted.items():
        own = frame.filter(pl.col("方面") == name)
        assert yes == (own["本期"] == "是").sum()
        assert no == ((own["上期"] == "是") & (own["本期"] == "否")).sum()


def test_a_ledger_sent_again_says_what_it_changed(published: nb.Published) -> None:
    frame = nb.ledgers.versions(published)
    assert "杭锦后旗" in frame["旗县区"].to_list()
    assert nb.ledgers.versions(published, "150802").is_empty()
    assert 0 < nb.ledgers.changed_cells(published, "150826", most=5).height <= 5
    assert nb.ledgers.changed_cells(published, "150802").is_empty()


# -- another assessment ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(workspace: Workspace) -> nb.scenarios.Judged:
    return nb.scenarios.open_judged(nb.open_published(workspace.root))


def test_a_trial_that_changes_nothing_comes_to_what_is_published(
    judged: nb.scenarios.Judged, published: nb.Published
) -> None:
    same = nb.scenarios.what_if(judged, "")
    assert nb.scenarios.items(same).is_empty()
    stated = published.sql(
        "select d.district_name as 旗县区, s.score from mart_assessment_score as s"
        " inner join dim_district as d using (plan_id, district_code) where s.plan_id = $plan"
    )
    frame = nb.scenarios.scores(same).join(stated, on="旗县区")
    assert frame.height == 7
    assert frame["试算得分"].to_list() == frame["现得分"].to_list() == frame["score"].to_list()


def test_a_heavier_line_changes_that_line_alone(judged: nb.scenarios.Judged) -> None:
    tried = nb.scenarios.what_if(judged, "items: {A1: {points: 24}}")
    frame = nb.scenarios.items(tried)
    assert set(frame["编号"]) == {"A1"}
    assert set(frame["试算分值"].cast(pl.Float64)) == {24.0}
    swept = nb.scenarios.sweep(judged, "A1", [12, 24])
    assert (
        swept.filter(pl.col("分值") == 24)["得分"].to_list() == nb.scenarios.scores(tried)["试算得分"].to_list()
    )  # fmt: skip


def test_closing_a_gap_wins_the_line_full_points(judged: nb.scenarios.Judged, published: nb.Published) -> None:
    gap = nb.scenarios.widest_gap(published, "150822")
    assert gap is not None
    tried = nb.scenarios.what_if(judged, nb.scenarios.closing(published, gap))
    won = nb.scenarios.items(tried)
    assert set(won["旗县区"]) == {"磴口县"}
    assert (won["试算得分"] > won["现得分"]).all()
    assert f"补{gap['还差']}个" in nb.scenarios.closing_said(gap)


def test_a_mistake_in_a_trial_names_its_line(judged: nb.scenarios.Judged) -> None:
    from pipelines.warehouse.what_if import WhatIfError

    with pytest.raises(WhatIfError, match=r"试算:2: items\.A99"):
        nb.scenarios.what_if(judged, "items:\n  A99: {points: 1}")


def test_opening_takes_no_lock_and_waits_for_no_run(workspace: Workspace, published: nb.Published) -> None:
    from filelock import FileLock

    from pipelines.locking import NOTE, run_lock

    note = workspace.build / NOTE
    note.write_text("{}")  # left by a run that was killed
    nb.scenarios.open_judged(published)
    assert not note.exists()
    with FileLock(workspace.build / "run.lock", is_singleton=False):
        nb.scenarios.open_judged(published)  # nobody says that a run is on: a lock alone is no reason
        note.write_text("{}")
        with pytest.raises(nb.NotPublished, match="另一次运行正在进行"):
            nb.scenarios.open_judged(published)
        note.unlink()
    with run_lock(workspace, "test"):
        pass


# -- downloads of the same world ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def downloads(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from pipelines.reporting import data
    from pipelines.reporting.exports import Downloads
    from pipelines.reporting.marts import Marts

    folder = tmp_path_factory.mktemp("downloads")
    with Marts(workspace.marts) as marts:
        facts = data.load(marts, next(marts.plans("bayannur_2023_2025")))
        Downloads(facts, "zh").write_tables(folder / "tables")
        Downloads(facts, "zh").write(folder, workspace.receipts, [d.district_code for d in facts.districts])
    return folder


def test_of_real_marts_too_a_district_gets_nothing_of_another(downloads: Path, published: nb.Published) -> None:
    known = published.sql(
        "select district_code, community_id as id, community_name as name from dim_community where plan_id = $plan"
        " union all select district_code, submission_id, submission_id from fct_submission where plan_id = $plan"
    )
    for code, name in published.districts.items():
        [file] = downloads.glob(f"{code}_*.zip")
        whole = "\n".join(texts(file.read_bytes()))
        own, others = known.filter(pl.col("district_code") == code), known.filter(pl.col("district_code") != code)
        assert [one for one in others["id"] if one in whole] == [], name
        # A name that one of its own has too, or holds, tells nothing of another's.
        mine = "\n".join(own["name"])
        assert [one for one in others["name"] if one not in mine and one in whole] == [], name
        assert own["id"][0] in whole
        assert "-回执-" in " ".join(zipfile.ZipFile(file).namelist())


def texts(package: bytes) -> Iterator[str]:
    """Every text in a zip and in the workbooks in it, but not in receipts: those are the district's own files."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if "/receipts/" not in name:
                yield from texts(content) if content.startswith(b"PK") else [content.decode("utf-8-sig")]


def test_every_column_of_the_dictionary_is_explained(downloads: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((downloads / "tables" / "data_dictionary.csv").read_text("utf-8-sig"))))
    assert len(rows) > 300
    assert [row for row in rows if not row["栏说明"] or not row["表说明"]] == []
