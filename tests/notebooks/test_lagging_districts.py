"""The notebook on lagging districts runs on a small published world and says what is wrong there."""

from __future__ import annotations

import os
import re
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

FILE = CHECKOUT / "notebooks" / "lagging_districts.ipynb"
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


def test_the_notebook_runs_and_shows_tables_and_charts(workspace: Workspace, tmp_path: Path) -> None:
    notebook = nbformat.read(FILE, as_version=4)
    environment = {
        **os.environ,
        "ACTIONPLAN_ROOT": str(workspace.root),
        "PYTHONPATH": str(CHECKOUT),
        "IPYTHONDIR": str(tmp_path),
    }
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env=environment)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("application/vnd.plotly.v1+json") >= 4
    tables = [
        output["data"]["text/html"] for output in outputs if "<table>" in output.get("data", {}).get("text/html", "")
    ]
    assert len(tables) >= 8
    shown = " ".join(tables)
    assert "临河区" in shown
    assert "None" not in shown
    assert "nan" not in shown
    assert [o for o in outputs if o.output_type == "stream" and o.name == "stderr"] == []


def test_the_stored_notebook_holds_no_outputs_and_no_paths() -> None:
    notebook = nbformat.read(FILE, as_version=4)
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
