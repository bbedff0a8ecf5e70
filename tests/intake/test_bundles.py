"""Zips of workbooks: each workbook a submission of its own, everything else a reason, nothing outside the archive."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake import bundle, receive
from pipelines.intake.bundle import LEFT, Member
from pipelines.intake.filing import unrecorded
from pipelines.intake.issues import Refusal
from pipelines.intake.receive import Received
from pipelines.intake.service import Outcome, process_inbox
from pipelines.settings import Limits, Workspace
from tests.intake.books import PLAN, Book, communities, plans
from tests.intake.test_inbox import killed_when, ledger, read, snapshot

NOW = datetime(2025, 12, 5, 9)
FIRST, SECOND = ledger(2, "2024-11"), ledger(3, "2024-11", "五原县")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace").prepare()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files; the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as new:
        for name, data in files.items():
            new.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def drop(ws: Workspace, name: str, content: bytes) -> Path:
    path = ws.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def run(ws: Workspace, **options: object) -> list[Outcome]:
    return process_inbox(ws, plans(), NOW, **options)  # type: ignore[arg-type]


def unpacked(tmp_path: Path, content: bytes, limits: Limits | None = None) -> list[Member] | None:
    archive = tmp_path / "archive"
    archive.mkdir(exist_ok=True)
    home = tmp_path / "包.zip"
    home.write_bytes(content)
    came = Received("0" * 64, "包.zip", "甲/包.zip", len(content), NOW, "first_seen")
    return bundle.unpack(home, archive, came, "甲/包.zip", limits or Limits())


def left(tmp_path: Path, content: bytes, limits: Limits | None = None) -> dict[str, str | None]:
    return {m.path: m.reason for m in unpacked(tmp_path, content, limits) or [] if m.became == LEFT}


# ── the whole way ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_workbook_is_a_submission_of_its_own(ws: Workspace) -> None:
    content = zipped(
        {"临河/台账.xlsx": FIRST, "五原.xlsx": SECOND, "说明.docx": b"PK", "~$台账.xlsx": b"x", "临河/": b""}
    )
    drop(ws, "报送/包.zip", content)
    outcomes = {outcome.file_name: outcome for outcome in run(ws)}
    assert {name: (o.kind, o.is_new) for name, o in outcomes.items()} == {
        "包.zip": ("bundle", True),
        "包.zip/临河/台账.xlsx": ("workbook", True),
        "包.zip/五原.xlsx": ("workbook", True),
    }
    submissions = read(ws, "submission").sort("file_name")
    assert submissions["drop_path"].to_list() == ["报送/包.zip/临河/台账.xlsx", "报送/包.zip/五原.xlsx"]
    assert set(submissions["district_code"]) == {"150802", "150821"}
    for row, data in zip(submissions.iter_rows(named=True), (FIRST, SECOND), strict=True):
        assert (ws.archive / row["archive_path"]).read_bytes() == data
    whole = outcomes["包.zip"]
    assert whole.note == "填报表 2 个、没有采用的文件 1 个"
    assert [path for path in ws.archive.glob("??/*") if not path.suffix and path.read_bytes() == content]
    assert whole.receipt
    assert whole.receipt.exists()
    listed = json.loads(whole.receipt.with_suffix(".json").read_text())["members"]
    assert {m["path"]: (m["became"], m["reason"]) for m in listed} == {
        "临河/台账.xlsx": ("workbook", None),
        "五原.xlsx": ("workbook", None),
        "说明.docx": ("left", "不是表格文件"),
    }
    assert read(ws, "bundle").height == 3
    assert not [path for path in ws.inbox.rglob("*") if path.is_file()]
    before = snapshot(ws.raw)
    assert run(ws) == []
    assert snapshot(ws.raw) == before


def test_the_same_workbook_in_a_zip_and_as_a_file(ws: Workspace) -> None:
    drop(ws, "台账.xlsx", FIRST)
    run(ws)
    before = snapshot(ws.records / "submission") | snapshot(ws.records / "community")
    drop(ws, "包.zip", zipped({"改名.xlsx": FIRST}))
    outcomes = run(ws)
    assert [(o.kind, o.is_new) for o in outcomes] == [("bundle", True), ("workbook", False)]
    assert snapshot(ws.records / "submission") | snapshot(ws.records / "community") == before
    [receipt] = ws.receipts.rglob("台账*.json")
    assert [n["drop_path"] for n in json.loads(receipt.read_text())["received_again"]] == ["包.zip/改名.xlsx"]
    drop(ws, "再来.zip", zipped({"改名.xlsx": FIRST}))
    assert [(o.kind, o.is_new) for o in run(ws)] == [("bundle", False)]
    assert not list(ws.inbox.iterdir())


def test_a_zip_with_nothing_to_take_is_returned(ws: Workspace) -> None:
    drop(ws, "包.zip", zipped({"照片.jpg": b"\xff\xd8\xff", "空.docx": b""}))
    [outcome] = run(ws)
    assert (outcome.kind, outcome.status, outcome.file_name) == ("workbook", "returned", "包.zip")
    assert read(ws, "issue")["rule_id"].to_list() == ["zip_of_files"]
    assert outcome.receipt
    notes = json.loads(outcome.receipt.with_suffix(".json").read_text())["notes"]
    assert notes == ["压缩包内：照片.jpg，不是表格文件", "压缩包内：空.docx，文件是空的"]
    assert not list(ws.inbox.iterdir())
    assert run(ws) == []


def test_a_run_for_one_period_leaves_the_zip_until_all_of_it_is_taken_in(ws: Workspace) -> None:
    files = {"甲/2023.xlsx": ledger(2, "2023-11"), "甲/evidence/a.pdf": b"a", "2024.xlsx": FIRST}
    drop(ws, "包.zip", zipped(files))
    assert [o.file_name for o in run(ws, only_plan=PLAN, only_period="2024-11")] == ["包.zip/2024.xlsx"]
    assert [path.name for path in ws.inbox.iterdir()] == ["包.zip"]
    assert unrecorded(ws) == []
    assert {o.file_name: o.is_new for o in run(ws)} == {
        "包.zip": True,
        "包.zip/甲/2023.xlsx": True,
        "包.zip/2024.xlsx": False,
        "佐证材料": True,
    }
    assert not list(ws.inbox.iterdir())
    assert unrecorded(ws) == []


def test_the_inbox_path_of_a_zip_holds_for_what_is_in_it(ws: Workspace) -> None:
    data = Book(communities(2), cover=None).bytes()
    drop(ws, f"{PLAN}/2024-11/150802/包.zip", zipped({"台账.xlsx": data}))
    run(ws)
    assert read(ws, "submission").select("district_code", "period_id").row(0) == ("150802", "2024-11")


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["archive", "verdict", "receipt"])
def test_a_kill_leaves_work_that_the_next_run_finishes(ws: Workspace, stage: str) -> None:
    files = {f"{n}.xlsx": ledger(n, "2024-11", 填报日期=f"2024-11-{n:02}") for n in (1, 2, 3)}
    drop(ws, "包.zip", zipped(files))
    appears = {
        "archive": lambda: ws.archive.glob("??/*.json"),
        "verdict": lambda: (ws.records / "submission").glob("*.parquet"),
        "receipt": lambda: ws.receipts.rglob("*.json"),
    }
    killed_when(ws, appears[stage], 2)
    run(ws)
    assert not list(ws.inbox.iterdir())
    assert read(ws, "submission").height == 3
    assert read(ws, "bundle")["became"].to_list() == ["workbook"] * 3
    assert len(list(ws.receipts.rglob("*-回执-*.json"))) == 3
    assert run(ws) == []


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def raw_names(raw: Mapping[bytes, bytes]) -> bytes:
    """A zip whose names are these bytes and not marked as UTF-8, as Chinese Windows writes it."""
    local, central = b"", b""
    for name, data in raw.items():
        size = len(data)
        common = struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 33, zlib.crc32(data), size, size, len(name), 0)
        central += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHLL", 0, 0, 0, 0, len(local)) + name
        local += b"PK\3\4" + common + name + data
    end = struct.pack("<HHHHLLH", 0, 0, len(raw), len(raw), len(central), len(local), 0)
    return local + central + b"PK\5\6" + end


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8"])
def test_chinese_names_of_any_make(tmp_path: Path, encoding: str) -> None:
    names = ["目录/临河区台账.xlsx", "联通.xlsx", "plain.xlsx"]
    members = unpacked(tmp_path, raw_names({name.encode(encoding): b"x%d" % n for n, name in enumerate(names)}))
    assert members
    assert [member.path for member in members] == names


def test_folders_of_old_windows_programs(tmp_path: Path) -> None:
    members = unpacked(tmp_path, raw_names({"临河\\台账.xlsx".encode("gbk"): b"x", "临河\\".encode("gbk"): b""}))
    assert members
    assert [(m.path, m.drop_path) for m in members] == [("临河/台账.xlsx", "甲/包.zip/临河/台账.xlsx")]


def test_a_name_beside_the_name(tmp_path: Path) -> None:
    """Info-ZIP keeps the real name in an extra field."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as new:
        info = zipfile.ZipInfo("____.xlsx")
        field = b"\1" + struct.pack("<L", zlib.crc32(b"____.xlsx")) + "台账.xlsx".encode()
        info.extra = struct.pack("<HH", 0x7075, len(field)) + field
        new.writestr(info, b"x")
    assert [m.path for m in unpacked(tmp_path, content.getvalue()) or []] == ["台账.xlsx"]


def test_personal_data_in_names_is_masked(tmp_path: Path) -> None:
    [member] = unpacked(tmp_path, zipped({"张三13812345678/台账.xlsx": b"x"})) or []
    assert "13812345678" not in f"{member.path}{member.drop_path}{member.received}"


# ── hostile ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_written_by_a_name_from_a_zip(ws: Workspace) -> None:
    names = ["../外.xlsx", "/绝对.xlsx", "C:\\盘.xlsx", "a/../../b.xlsx", "..\\外.xlsx", "好.xlsx"]
    drop(ws, "包.zip", zipped({name: FIRST + name.encode() if name != "好.xlsx" else FIRST for name in names}))
    everything = set(ws.root.parent.rglob("*"))
    run(ws)
    new = set(ws.root.parent.rglob("*")) - everything
    assert all(path.is_relative_to(ws.root) for path in new)
    assert read(ws, "submission")["file_name"].to_list() == ["包.zip/好.xlsx"]
    refused = read(ws, "bundle").filter(pl.col("became") == "left")
    assert refused.height == 5
    assert set(refused["reason"]) == {"路径不合规(绝对路径或含有“..”)"}


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as new:
        for name, kind in (("链接.xlsx", stat.S_IFLNK), ("设备.xlsx", stat.S_IFCHR), ("文件.xlsx", stat.S_IFREG)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o644) << 16
            new.writestr(info, b"/etc/passwd")
    assert set(left(tmp_path, content.getvalue())) == {"链接.xlsx", "设备.xlsx"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_no_choice(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as new:
        for name, data in (("A.xlsx", b"1"), ("A.xlsx", b"2"), ("a.XLSX", b"3"), ("b.xlsx", b"4")):
            new.writestr(name, data)
    assert set(left(tmp_path, content.getvalue())) == {"A.xlsx", "a.XLSX"}


def encrypted(content: bytes) -> bytes:
    """The zip with every entry marked as encrypted."""
    marked = bytearray(content)
    for magic, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = -1
        while (place := content.find(magic, place + 1)) >= 0:
            marked[place + offset] |= 1
    return bytes(marked)


def test_passwords(ws: Workspace, tmp_path: Path) -> None:
    content = encrypted(zipped({"a.xlsx": b"x", "b.jpg": b"y"}))
    assert left(tmp_path, content) == dict.fromkeys(("a.xlsx", "b.jpg"), bundle.PASSWORD)
    drop(ws, "包.zip", content)
    run(ws)
    assert read(ws, "issue")["rule_id"].to_list() == ["zip_encrypted"]


def test_zips_in_zips(tmp_path: Path) -> None:
    inner = zipped({"台账.xlsx": b"1"})
    twice = zipped({"里.zip": inner, "别的.xlsx": b"2"})
    members = unpacked(tmp_path, zipped({"临河.zip": inner, "五原.zip": twice})) or []
    assert {member.path: member.became for member in members} == {
        "临河.zip/台账.xlsx": "workbook",
        "五原.zip/里.zip": "left",
        "五原.zip/别的.xlsx": "workbook",
    }


@pytest.mark.parametrize(
    ("limits", "files"),
    [
        (replace(Limits(), bundle_files=10), {f"{n}.xlsx": b"x" for n in range(11)}),
        (replace(Limits(), bundle_bytes=1000), {"a.xlsx": b"0" * 600, "b.xlsx": b"0" * 600}),
        (replace(Limits(), bundle_bytes=1000), {"a.zip": zipped({"a.xlsx": b"0" * 2000})}),
    ],
)
def test_too_much_is_refused_whole(tmp_path: Path, limits: Limits, files: Mapping[str, bytes]) -> None:
    with pytest.raises(Refusal) as refusal:
        unpacked(tmp_path, zipped(files), limits)
    assert refusal.value.rule_id == "zip_too_large"


def test_a_bomb(ws: Workspace) -> None:
    """Ten GB of zeros in ten files, a few MB as sent: refused by what it says, before it is unpacked."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("0.xlsx", b"\0" * 4_000_000)
    whole = content.getvalue()
    sizes = struct.pack("<L", 4_000_000), struct.pack("<L", 4_290_000_000)
    drop(ws, "包.zip", whole.replace(*sizes))
    [outcome] = run(ws)
    assert outcome.status == "returned"
    assert sum(path.stat().st_size for path in ws.archive.rglob("*") if path.is_file()) < 100_000


def test_one_large_file_is_left(tmp_path: Path) -> None:
    limits = replace(Limits(), file_bytes=1024**2)
    assert left(tmp_path, zipped({"大.xlsx": b"0" * (1024**2 + 1), "小.xlsx": b"x"}), limits) == {
        "大.xlsx": "文件超过 1 MB"
    }


def test_thousands_of_files(tmp_path: Path) -> None:
    members = unpacked(tmp_path, zipped({f"{n}.txt": b"x" for n in range(4_999)} | {"台账.xlsx": b"x"})) or []
    assert len(members) == 5_000
    assert [m.path for m in members if m.became != LEFT] == ["台账.xlsx"]


def test_a_damaged_entry(tmp_path: Path) -> None:
    content = bytearray(zipped({"坏.xlsx": FIRST, "好.xlsx": SECOND}))
    content[200:260] = b"\xff" * 60
    assert left(tmp_path, bytes(content)) == {"坏.xlsx": "已损坏，无法解开"}
    assert not list((tmp_path / "archive").rglob("*.tmp"))


def test_spreadsheets_are_no_zips_of_files(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(FIRST)
    assert not bundle.may_be(path)
    assert unpacked(tmp_path, FIRST) is None
    assert unpacked(tmp_path, b"PK\3\4 broken") is None


def test_a_full_disk_is_no_fault_of_the_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receive.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        unpacked(tmp_path, zipped({"a.xlsx": b"x"}))


_WHOLE = zipped({"a.xlsx": b"123", "evidence/b.jpg": b"456", "c.txt": b"", "d.zip": zipped({"e.xls": b"7"})})


@given(st.data())
def test_any_bytes_get_an_answer(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A zip with some bytes changed, or cut: files kept or left, or a refusal; never another exception."""
    content = bytearray(_WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 40))
    folder = tmp_path_factory.mktemp("any")
    try:
        members = unpacked(folder, bytes(content[: len(content) - cut]))
    except Refusal:
        members = []
    kept = {path for path in folder.rglob("*") if path.is_file()} - {folder / "包.zip"}
    assert all(path.is_relative_to(folder / "archive") for path in kept)
    assert members is None or all(m.became != LEFT or m.reason for m in members)
