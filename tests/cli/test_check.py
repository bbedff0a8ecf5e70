"""``actionplan check`` as a clerk sees it in a terminal."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from click.testing import CliRunner, Result

from pipelines.cli import cli
from tests.intake.books import Book, communities
from tests.intake.packages import faults


def check(tmp_path: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["--root", str(tmp_path / "root"), "check", *map(str, arguments)])


def ledger(tmp_path: Path) -> Path:
    rows = communities(9)
    for row in rows[:6]:
        row["总户数"] = 0
    rows[7]["物业服务企业"] = None
    path = tmp_path / "台账.xlsx"
    path.write_bytes(Book(rows).bytes())
    return path


def test_verdict_counts_and_findings_by_sheet(tmp_path: Path) -> None:
    done = check(tmp_path, ledger(tmp_path))
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "台账.xlsx"
    assert "临河区 · 2024年度工作台账" in lines[1]
    assert "可以报送；但标为“错误”的内容不会采用" in lines[2]
    assert any(line.startswith("  共 ") and "错误" in line for line in lines)
    start = lines.index("  ── 小区明细 ──")
    told = lines[start:]
    company = next(n for n, line in enumerate(told) if "Q9 河套8号院" in line)
    assert told[company].startswith("  [错误]")
    assert told[company + 1].strip().startswith("→ ")
    assert any("N2:N7（6 处）" in line for line in told), "many of a kind are told once, with their cells"


def test_the_receipt_beside_it(tmp_path: Path) -> None:
    path = ledger(tmp_path)
    done = check(tmp_path, path, "--receipt", tmp_path / "回执")
    [made] = (tmp_path / "回执").glob("*.xlsx")
    assert made.with_suffix(".json").is_file()
    assert str(made) in done.stdout
    assert faults(made) == []
    book = openpyxl.load_workbook(made)
    assert book.sheetnames[:3] == ["问题清单", "识别结果", "本期数据"]
    assert book["小区明细"]["N2"].comment
    assert not (tmp_path / "root" / "data").exists(), "nothing is stored"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "坏.xlsx"
    path.write_bytes(b"%PDF-1.4")
    done = check(tmp_path, path, "--receipt", tmp_path / "回执")
    assert done.exit_code == 1
    assert "如果现在报送，会被退回" in done.stdout
    [made] = (tmp_path / "回执").glob("*.xlsx")
    assert openpyxl.load_workbook(made).sheetnames[0] == "问题清单"
