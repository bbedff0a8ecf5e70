"""佐证材料清单: by itself, and against the files that came along."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake.evidence import File, Neighbours, in_force, split
from pipelines.intake.rules.papers import Line, Remark, communities_named, compare, look_over, serving

HERE, THERE, BEFORE = ("p", "d1", "2024"), ("p", "d2", "2024"), ("p", "d1", "2023")
NAMES = {HERE: "甲区2024年", THERE: "乙区2024年", BEFORE: "甲区2023年"}


def line(number: str = "Z2024-001", **values: object) -> Line:
    return Line("佐证材料清单", 2, number, **values)  # type: ignore[arg-type]


def file(path: str, content: str = "", place: tuple[str, str, str] = HERE, size: int = 9, day: int = 1) -> File:
    sha256 = (content or path).encode().hex().ljust(64, "0")[:64]
    when = datetime(2024, 11, day)
    return File(*place, path, sha256, size, "pdf", when, "first_seen", f"x/evidence/{path}", "00/00")


def found(lines: list[Line], files: list[File], *others: File) -> list[str]:
    elsewhere: dict[str, list[File]] = {}
    for other in others:
        elsewhere.setdefault(other.sha256, []).append(other)
    return [remark.rule.id for remark in compare(lines, files, elsewhere, NAMES)]


@pytest.mark.parametrize(
    ("listed", "path"),
    [
        (line("Z2024-001"), "Z2024-001 会议纪要.pdf"),
        (line("Z2024-001"), "第一批/z2024-001_1.JPG"),
        (line("Z2024-001"), "Z2024-001/封面.jpg"),
        (line("Z2024-001"), "Ｚ２０２４-００１.pdf"),
        (line("佐证1"), "佐证1.pdf"),
        (line("3"), "3.pdf"),
        (line("3"), "03、合同.pdf"),
        (line("03"), "3 合同.pdf"),
        (line("甲", location="evidence/合同/一.pdf"), "合同/一.pdf"),
        (line("甲", location="佐证材料\\合同\\一.pdf"), "合同/一.pdf"),
        (line("甲", location="一.pdf"), "合同/一.pdf"),
        (line("甲", location="合同/"), "合同/一.pdf"),
        (line("甲", name="联席会议制度"), "联席会议制度.docx"),
        (line("甲", sha256=file("x").sha256.upper()), "x"),
    ],
)
def test_a_file_serves_a_line(listed: Line, path: str) -> None:
    assert serving([listed], [file(path)]) == {0: [0]}


@pytest.mark.parametrize(
    ("listed", "path"),
    [
        (line("Z2024-001"), "Z2024-0011.pdf"),
        (line("Z2024-001"), "AZ2024-001.pdf"),
        (line("3"), "2024年3月.pdf"),
        (line("3"), "3月报表.pdf"),
        (line("2024"), "2024年度总结.pdf"),
        (line("甲", location="档案盒3号"), "3号.pdf"),
        (line("甲", location="住建局档案室"), "合同.pdf"),
        (line("甲", name="制度"), "联席会议制度.docx"),
    ],
)
def test_a_file_does_not_serve_a_line(listed: Line, path: str) -> None:
    assert serving([listed], [file(path)]) == {}


def test_the_longest_number_is_meant() -> None:
    lines = [line("Z1"), line("Z1-2")]
    assert serving(lines, [file("Z1-2.pdf"), file("Z1-3.pdf")]) == {0: [1], 1: [0]}


def test_without_files_presence_is_not_judged() -> None:
    assert found([line()], []) == []


def test_lines_and_files_are_compared() -> None:
    lines = [line("A1"), line("A2"), line("A3", kind="link"), line("A4", location="https://example.cn/a")]
    assert found(lines, [file("A1.pdf")]) == ["evidence_file_missing"]
    assert found(lines[:1], [file("A1.pdf"), file("其他.pdf")]) == ["evidence_unlisted"]
    assert found(lines[:1], [file("A1.pdf", size=0)]) == ["evidence_file_empty"]
    assert found([line("A1", sha256="ab" * 32)], [file("A1.pdf")]) == ["evidence_hash_mismatch"]
    assert found([line("A1", sha256=file("A1.pdf").sha256)], [file("A1.pdf"), file("A1-2.pdf")]) == []


def test_one_file_in_several_places() -> None:
    here = file("A1.jpg", "same")
    there, before, later = (
        replace(here, district_code="d2"),
        replace(here, period_id="2023"),
        replace(here, district_code="d2", received_at=datetime(2024, 12, 1)),
    )
    assert found([line("A1", kind="photo")], [here], there) == ["evidence_used_elsewhere"]
    assert found([line("A1", kind="photo")], [here], before) == ["evidence_used_elsewhere"]
    assert found([line("A1", kind="photo")], [here], later) == []
    assert found([line("A1", kind="contract")], [here], before) == []
    assert found([line("A1", kind="contract")], [here], there) == ["evidence_used_elsewhere"]
    assert found([line("A1")], [replace(here, size_bytes=0)], replace(there, size_bytes=0)) == ["evidence_file_empty"]
    [remark] = compare([line("A1")], [here], {here.sha256: [there, before]}, NAMES)
    assert remark.values["places"] == "甲区2023年、乙区2024年"
    assert remark.values["count"] == 3


def test_one_photo_for_many_communities() -> None:
    photos = [file(f"A1/小区{n}.jpg", "same") for n in range(5)]
    assert found([line("A1")], photos) == ["evidence_file_repeated"]
    assert found([line("A1")], photos[:4]) == []
    lines = [line(f"B{n}") for n in range(5)]
    assert found(lines, [file(f"B{n}.jpg", "same") for n in range(5)]) == ["evidence_file_repeated"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("阳光花园小区公示照片", ["阳光花园小区"]),
        ("临河区阳光花园小区、东风小区合同", ["阳光花园小区", "东风小区"]),
        ("老旧小区改造完成清单", []),
        ("临河区住宅小区物业管理覆盖率佐证台账", []),
        ("2024年度新建住宅小区前期物业合同", []),
        ("全区无物业小区兜底管理情况", []),
        ("红色物业示范小区名单", []),
        ("市场化物业小区收费公示", []),
        ("执法进小区佐证材料", []),
        ("承接老旧小区扶持、阳光花园小区照片", ["阳光花园小区"]),
        ("临河区物业服务小区信息公开公示台账", []),
        ("联席会议制度", []),
        (None, []),
    ],
)
def test_which_communities_a_text_names(text: str | None, named: list[str]) -> None:
    assert communities_named(text, ["临河区", "临河", "执法进小区", "承接老旧小区扶持"]) == named


def remarks(listed: Line) -> list[str]:
    period = date(2023, 11, 30), date(2024, 11, 30)
    communities = {"community_code": ["LH1"], "name_key": ["阳光花园", "东风三期"]}
    return [r.rule.id for r in look_over([listed], period, frozenset({"coverage"}), ["甲区"], communities)]


@pytest.mark.parametrize(
    ("listed", "rules"),
    [
        (line(date=date(2024, 11, 30), precision="day"), []),
        (line(date=date(2023, 12, 1), precision="day"), []),
        (line(date=date(2023, 11, 30), precision="day"), ["evidence_outside_period"]),
        (line(date=date(2023, 11, 1), precision="month"), ["evidence_outside_period"]),
        (line(date=date(2023, 1, 1), precision="year"), []),
        (line(date=date(2024, 12, 1), precision="day"), ["evidence_outside_period"]),
        (line(date=date(2020, 1, 1), precision="day", kind="contract"), []),
        (line(date=date(2024, 12, 1), precision="day", kind="contract"), ["evidence_outside_period"]),
        (line(date=date(2020, 1, 1), precision="day", name="历年会议记录"), []),
        (line(subjects="coverage、LH1"), []),
        (line(subjects="coverage、nothing"), ["evidence_subject_unknown"]),
        (line(name="团结街道阳光花园小区照片"), []),
        (line(name="东风小区照片"), []),
        (line(name="西山小区照片"), ["evidence_community_unknown"]),
    ],
)
def test_the_list_by_itself(listed: Line, rules: list[str]) -> None:
    assert remarks(listed) == rules


def test_what_is_evidence() -> None:
    assert split("p/2024/d/evidence/合同/一.pdf") == ("p/2024/d", "合同/一.pdf")
    assert split("Evidence/一.pdf") == ("", "一.pdf")
    assert split("包.zip/佐证材料/一.pdf") == ("包.zip", "一.pdf")
    assert split("甲/佐证材料/evidence/一.pdf") == ("甲", "evidence/一.pdf")
    assert split("evidence.xlsx") is None
    assert split("佐证材料") is None


def test_whose_evidence_it_is() -> None:
    neighbours = Neighbours()
    neighbours.add("甲/台账.xlsx", HERE)
    neighbours.add("甲/表/别的.xlsx", THERE)
    neighbours.add("乙/表/台账.xlsx", BEFORE)
    neighbours.add("台账.xlsx", THERE)
    neighbours.add("丙/认不出.xlsx", None)
    assert neighbours.of("甲") == [HERE]
    assert neighbours.of("乙") == [BEFORE]
    assert neighbours.of("丙") == []
    assert neighbours.of("") == [THERE]


def test_a_file_sent_anew_replaces_the_old_one() -> None:
    old, new = file("A1.pdf", "old"), file("A1.pdf", "new", day=2)
    assert in_force([new, old, file("A1.pdf", "old", THERE)]) == [new, file("A1.pdf", "old", THERE)]


@given(st.lists(st.text(max_size=12), max_size=6), st.lists(st.text(min_size=1, max_size=20), max_size=6))
def test_any_names_are_borne(numbers: list[str], paths: list[str]) -> None:
    lines = [line(number, name=number, location=number) for number in numbers]
    files = [file(path) for path in paths]
    served = serving(lines, files)
    assert all(0 <= place < len(lines) for places in served.values() for place in places)
    assert all(isinstance(remark, Remark) for remark in compare(lines, files, {}, NAMES))
