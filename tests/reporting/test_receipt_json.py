"""docs/receipt-json.md says what is in the JSON, all of it and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.intake.service import process_inbox
from pipelines.reporting.receipts import fill_receipts
from pipelines.settings import Workspace
from tests.conftest import CHECKOUT
from tests.intake.books import RECEIVED, Book, communities, plans
from tests.reporting.test_receipts import marts

PAGE = CHECKOUT / "docs" / "receipt-json.md"
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
SOMETIMES = {"received_again", "problem", "near"}
"""Keys that are there only where there is something to say."""


def described() -> dict[str, str]:
    """Key → its types."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([a-z, ]+) \|", PAGE.read_text(encoding="utf-8"), re.M))


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            place = f"{path}.{key}" if path else key
            yield place, inner
            yield from walk(inner, place)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, f"{path}[]")


@pytest.fixture(scope="module")
def receipts(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """A returned one, one that can't be read, a replaced one, one sent twice, and one with its figures."""
    ws = Workspace(tmp_path_factory.mktemp("receipts")).prepare()
    rows = communities(3)
    rows[1]["总户数"] = 0
    headers = [*rows[0], "楼管员"]
    total = {"小区名称": "合计", "总户数": 999}
    streets = [header for header in headers if header != "街道(乡镇)"]
    versions = {
        "退回.xlsx": Book(rows, headers=[h for h in headers if h != "物业管理方式"]).bytes(),
        "坏.xlsx": b"%PDF-1.4",
        "一.xlsx": Book(rows, headers=headers).bytes(),
        "二.xlsx": Book([{"序号": "团结街道"}, *rows[:2], total], headers=streets).bytes(),
    }
    for number, (name, data) in enumerate(versions.items()):
        (ws.inbox / name).write_bytes(data)
        process_inbox(ws, plans(), RECEIVED.replace(hour=number))
    (ws.inbox / "又.xlsx").write_bytes(versions["一.xlsx"])
    process_inbox(ws, plans(), RECEIVED.replace(hour=20))
    found = {path.name[0]: path for path in ws.receipts.rglob("*.json")}
    ids = [json.loads(found[name].read_text(encoding="utf-8"))["submission_id"] for name in "一二"]
    marts(ws.marts, versions=(ids[0], ids[1]), names=("一", "二"))
    assert fill_receipts(ws).written == 2
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(found.values())]


def test_every_key_is_described(receipts: list[dict[str, Any]]) -> None:
    known = described()
    assert {key for receipt in receipts for key, _ in walk(receipt)} - known.keys() == set()


def test_every_value_is_of_its_type(receipts: list[dict[str, Any]]) -> None:
    known = {key: tuple(TYPES[name] for name in types.split(", ")) for key, types in described().items()}
    for receipt in receipts:
        for key, value in walk(receipt):
            flat = [kind for kinds in known[key] for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
            assert isinstance(value, tuple(flat)), (key, value)
            assert not isinstance(value, bool) or bool in flat, key


def test_what_is_described_is_there(receipts: list[dict[str, Any]]) -> None:
    """In every receipt, down to where something is null or empty; and each key in one of them at least."""
    known = described()
    for receipt in receipts:
        places = dict(walk(receipt))
        for key in known:
            parent, _, name = key.rpartition(".")
            if name in SOMETIMES or "[]" in key or any(part in key for part in SOMETIMES):
                continue
            if not parent or places.get(parent) is not None:
                assert key in places, (key, receipt["file_name"])
    seen = {key for receipt in receipts for key, _ in walk(receipt)}
    assert known.keys() - seen == set()


def test_check_prints_the_same(receipts: list[dict[str, Any]], tmp_path: Path) -> None:
    from pipelines.commands.check import check_files

    file = tmp_path / "二.xlsx"
    rows = communities(3)
    file.write_bytes(Book(rows).bytes())
    with check_files(Workspace(tmp_path), [file], plans()) as [checked]:
        content = json.loads(json.dumps(checked.as_dict(), default=str))
    assert content.pop("file") == str(file)
    assert content.keys() == receipts[0].keys() - {"received_again"}
