"""佐证材料清单 by itself, and against the files that came along.

A file serves a line of the list when its hash is the typed one, its name or folder has the line's number, it lies where
the line says, or it is called what the line is called. No file's content is looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipelines.forms.dates import last_day
from pipelines.forms.keys import name_key
from pipelines.intake.evidence import FOLDERS, File, Place
from pipelines.intake.rules.base import WARNING, Rule, listed

OUTSIDE_PERIOD = listed(
    "evidence_outside_period",
    WARNING,
    "evidence",
    "date",
    "形成日期（{date}）不在本期之内（{since}至{as_of}）",
    "换成本期形成的材料；确需沿用或累计使用的，请在说明栏注明",
    "file",
)
SUBJECT_UNKNOWN = listed(
    "evidence_subject_unknown",
    WARNING,
    "evidence",
    "subject_ids",
    "{unknown}不是本方案的指标或考核项编号，也不是「小区明细」中的小区编码",
    "填写方案中的指标编号；为某个小区佐证的，填写该小区的编码",
    "file",
)
COMMUNITY_UNKNOWN = listed(
    "evidence_community_unknown",
    WARNING,
    "evidence",
    "name",
    "材料写的是“{name}”，而「小区明细」中没有这个小区",
    "核对小区名称，两处写法应当一致；不是本地区的材料请删去",
    "file",
)
FILE_MISSING = listed(
    "evidence_file_missing",
    WARNING,
    "evidence",
    "evidence_id",
    "没有收到这份材料的文件：收到的{count}个文件中，没有以编号{number}命名的，也没有与存放位置、材料名称或SHA-256相符的",
    "把文件放进 evidence 文件夹，文件名以材料编号开头，与工作簿一起报送或随后补送",
    "file",
)
HASH_DIFFERS = listed(
    "evidence_hash_mismatch",
    WARNING,
    "evidence",
    "sha256",
    "填写的SHA-256与收到的文件“{path}”不符，不能算作已附上",
    "核对是不是这个文件；文件改过的请重新计算，也可以留空",
    "file",
)
FILE_EMPTY = listed(
    "evidence_file_empty",
    WARNING,
    "evidence",
    "evidence_id",
    "收到的文件“{path}”是空的",
    "重新导出或扫描后补送",
    "file",
)
USED_ELSEWHERE = listed(
    "evidence_used_elsewhere",
    WARNING,
    "evidence",
    "evidence_id",
    "文件“{path}”与其他地方的佐证材料完全相同，共用于{count}处：{places}",
    "每项工作应当有自己的材料；确系共用的文件（如全市统一印发的），请在说明栏注明",
    "file",
)
FILE_REPEATED = listed(
    "evidence_file_repeated",
    WARNING,
    "evidence",
    "evidence_id",
    "同一个文件用了{count}次：{paths}",
    "每份材料、每个小区应当各有其文件；一份文件确实证明多项的，清单中合并为一行并列出全部指标编号",
    "file",
)
FILE_UNLISTED = listed(
    "evidence_unlisted",
    WARNING,
    "evidence",
    None,
    "收到的佐证材料中有{count}个文件在清单里没有对应的一行：{paths}",
    "在「佐证材料清单」中逐件列出，或在文件名前加上材料编号",
    "file",
)

STANDING = frozenset({"document", "contract", "filing"})
"""Kinds of material that stay in force beyond the period in which they were made."""
MANY_USES = 5
"""From so many names or lines on, one and the same file is worth a question."""
MOST_NAMED = 10


@dataclass(frozen=True)
class Line:
    """One row of 佐证材料清单, as far as rules look at it."""

    sheet: str
    row: int
    number: str
    subjects: str | None = None
    name: str | None = None
    kind: str | None = None
    date: date | None = None
    precision: str | None = None
    location: str | None = None
    sha256: str | None = None

    COLUMNS = (
        "source_sheet", "source_row", "evidence_id", "subject_ids", "name", "type", "date", "date_precision",
        "location", "sha256",
    )  # fmt: skip
    """The record's columns, in the order of the fields."""


@dataclass(frozen=True)
class Remark:
    """A rule that is broken, at a line or for the whole sheet; ``values`` fill the message."""

    rule: Rule
    line: Line | None = None
    values: Mapping[str, object] = field(default_factory=dict)


# ── the list by itself ────────────────────────────────────────────────────────────────────────────────────────────


def look_over(
    lines: Iterable[Line],
    period: tuple[date | None, date],
    subjects: frozenset[str],
    phrases: Sequence[str],
    communities: Mapping[str, Sequence[str | None]],
) -> Iterator[Remark]:
    """What is wrong with a list of evidence.

    ``period``: the as-of date before, and its own. ``subjects``: ids of indicators and rubric items. ``phrases``: the
    plan's own words, see ``communities_named``. ``communities``: the columns ``community_code`` and ``name_key`` of
    小区明细.
    """
    since, as_of = period
    for line in lines:
        if line.date and _is_outside(line, since, as_of):
            values = {"date": line.date, "since": since or "方案开始", "as_of": as_of}
            yield Remark(OUTSIDE_PERIOD, line, values)
        named = [part.strip() for part in (line.subjects or "").split("、")]
        unknown = [s for s in named if s and s not in subjects and s not in communities["community_code"]]
        if unknown:
            yield Remark(SUBJECT_UNKNOWN, line, {"unknown": "、".join(unknown[:MOST_NAMED])})
        for name in communities_named(line.name, phrases):
            if not _is_known(name, communities["name_key"]):
                yield Remark(COMMUNITY_UNKNOWN, line, {"name": name})


def _is_outside(line: Line, since: date | None, as_of: date) -> bool:
    """Made after the as-of date, or before the period and of a kind that does not outlast it."""
    assert line.date
    if line.date > as_of:
        return True
    if since is None or line.kind in STANDING or (line.name and _CUMULATIVE.search(line.name)):
        return False
    return last_day(line.date, line.precision or "day") <= since


_CUMULATIVE = re.compile("累计|历年|沿用|长期|有效期")
_COMMUNITY = re.compile(r"[\u4e00-\u9fff0-9A-Za-z]{1,24}?小区")
_GENERAL = re.compile(
    "全|各|本|我|辖|旗|县|区|市|镇|乡|街道|社|内|的|有|所|部|分|重点|住宅|老旧|新建|新|旧|建|成|已|未|既|无|物业|失管|弃管|封闭|开放|"
    "式|商品房|商品|保障性|保障|安置|回迁|拆迁|智慧|示范|美丽|红色|党建|引领|服务|管理|覆盖|实施|推进|完|改造|更新|城镇|城市|年|月|"
    "日|度|季|第|期|批|次|号|专业化|市场化|社会化|专业|化|业委会|物管会|业主|委员会|等|和|与|及|或|对|在|为|个|多|该|达标|优秀|星级|"
    "创建|评选|试点|典型|精品|文明|平安|绿色|宜居|完整|公示|公开|信息|落实|关于|加强|进一步|规范|情况|台账|家|电梯|加装|零|散|小|型|"
    r"\d+|[一二三四五六七八九十百两]"
)
"""What may stand before 小区 without being a name."""


def communities_named(text: str | None, phrases: Sequence[str] = ()) -> list[str]:
    """The communities that a text names with the word 小区: 「阳光花园小区公示照片」, not 「老旧小区改造清单」.

    ``phrases``: what names no community though it contains the word or stands before it: districts, and the plan's own
    indicators and rubric items (执法进小区).
    """
    if not text or "小区" not in text:
        return []
    for phrase in sorted(phrases, key=len, reverse=True):
        text = text.replace(phrase, "|")
    hits = _COMMUNITY.findall(text)
    return [hit for hit in hits if len(_GENERAL.sub("", hit.removesuffix("小区"))) >= 2]


def _is_known(name: str, keys: Sequence[str | None]) -> bool:
    """Whether a community of the ledger is meant; words may stand before its name."""
    key = name_key(name) or ""
    return any(known and (known in key or key in known) for known in keys)


# ── the list against the files ────────────────────────────────────────────────────────────────────────────────────


def serving(lines: Sequence[Line], files: Sequence[File]) -> dict[int, list[int]]:
    """Which lines each file serves: position of the file → positions of the lines. Files that serve none are absent."""
    finder = _Finder(lines)
    found = {number: finder.lines_of(file) for number, file in enumerate(files)}
    return {number: served for number, served in found.items() if served}


def proven(line: Line, files: Iterable[File]) -> bool:
    """Whether the files that serve a line prove it came: one that is not empty and has the hash, if one was typed."""
    typed = (line.sha256 or "").lower()
    return any(file.size_bytes and typed in ("", file.sha256) for file in files)


def needs_file(line: Line) -> bool:
    """Whether a line speaks of something that can come along: a web address can't."""
    return line.kind != "link" and not re.search(r"https?://|www\.", line.location or "", re.I)


class _Finder:
    def __init__(self, lines: Sequence[Line]) -> None:
        self.by_hash: dict[str, list[int]] = {}
        self.by_name: dict[str, list[int]] = {}
        self.by_number: dict[str, list[int]] = {}
        self.by_location: list[tuple[str, int]] = []
        for place, line in enumerate(lines):
            self.by_hash.setdefault((line.sha256 or "").lower(), []).append(place)
            self.by_name.setdefault(_folded(line.name), []).append(place)
            self.by_number.setdefault(_folded(line.number), []).append(place)
            if location := _location(line.location):
                self.by_location.append((location, place))
        for known in (self.by_hash, self.by_name, self.by_number):
            known.pop("", None)
        self.numbers = _numbers(self.by_number)

    def lines_of(self, file: File) -> list[int]:
        path = _folded(file.path)
        stem = re.sub(r"\.[0-9A-Z]{1,5}$", "", path.rpartition("/")[2])
        found = {*self.by_hash.get(file.sha256, ()), *self.by_name.get(stem, ())}
        for number in self.numbers(path):
            found |= set(self.by_number[number])
        for location, place in self.by_location:
            if path == location or path.endswith(f"/{location}") or path.startswith(f"{location}/"):
                found.add(place)
        return sorted(found)


def _folded(text: str | None) -> str:
    return unicodedata.normalize("NFKC", text or "").upper().strip()


def _location(text: str | None) -> str:
    """存放位置 as a path below ``evidence/``; a text that is no path matches nothing and does no harm."""
    parts = [part.strip() for part in _folded(text).replace("\\", "/").split("/")]
    parts = [part for part in parts if part not in ("", ".")]
    if parts and parts[0].lower() in FOLDERS:
        parts = parts[1:]
    return "/".join(parts)


def _numbers(known: Iterable[str]) -> Callable[[str], list[str]]:
    """A function that finds the numbers of lines in a path: each by itself, the longest that fits.

    A bare number of few digits counts only where a file or folder begins with it: 「3.pdf」, 「03 合同.pdf」.
    """
    numbers = sorted(known, key=lambda number: (-len(number), number))
    bare = {int(number): number for number in numbers if re.fullmatch(r"[0-9]{1,4}", number)}
    others = [re.escape(number) for number in numbers if number not in bare.values()]
    anywhere = re.compile(rf"(?<![0-9A-Z])(?:{'|'.join(others)})(?![0-9A-Z])") if others else None

    def find(path: str) -> list[str]:
        found = anywhere.findall(path) if anywhere else []
        if bare:
            begun = (re.match(r"[0-9]{1,4}(?![0-9年月日])", part) for part in path.split("/"))
            found += [bare[int(hit[0])] for hit in begun if hit and int(hit[0]) in bare]
        return found

    return find


def compare(
    lines: Sequence[Line], files: Sequence[File], elsewhere: Mapping[str, Sequence[File]], names: Mapping[Place, str]
) -> Iterator[Remark]:
    """What is wrong between a list and the files that came for it; nothing where none came.

    ``elsewhere``: the files in other places, by hash. ``names``: what a place is called.
    """
    if not files:
        return
    served = serving(lines, files)
    of_line: dict[int, list[File]] = {}
    for number, places in served.items():
        for place in places:
            of_line.setdefault(place, []).append(files[number])
    for place, line in enumerate(lines):
        mine = of_line.get(place, [])
        if not mine:
            if needs_file(line):
                yield Remark(FILE_MISSING, line, {"count": len(files), "number": line.number})
        elif not any(file.size_bytes for file in mine):
            yield Remark(FILE_EMPTY, line, {"path": mine[0].path})
        elif not proven(line, mine):
            yield Remark(HASH_DIFFERS, line, {"path": mine[0].path})
        for file in mine:
            if uses := _other_uses(line, file, elsewhere, names):
                values = {"path": file.path, "count": len(uses) + 1, "places": "、".join(uses[:MOST_NAMED])}
                yield Remark(USED_ELSEWHERE, line, values)
    yield from _repeated(lines, files, served)
    unlisted = [file.path for number, file in enumerate(files) if number not in served]
    if unlisted:
        more = "等" if len(unlisted) > MOST_NAMED else ""
        paths = "、".join(unlisted[:MOST_NAMED]) + more
        yield Remark(FILE_UNLISTED, None, {"count": len(unlisted), "paths": paths})


def _other_uses(
    line: Line, file: File, elsewhere: Mapping[str, Sequence[File]], names: Mapping[Place, str]
) -> list[str]:
    """Where else the same bytes serve as evidence. What stays in force may serve its own district again."""
    if not file.size_bytes:
        return []
    others = {
        other.place
        for other in elsewhere.get(file.sha256, ())
        if other.received_at <= file.received_at and not (line.kind in STANDING and other.place[:2] == file.place[:2])
    }
    return [names.get(place, "/".join(place)) for place in sorted(others)]


def _repeated(lines: Sequence[Line], files: Sequence[File], served: Mapping[int, Sequence[int]]) -> Iterator[Remark]:
    """The same bytes under many names, or for many lines; lines that type the hash have a rule of their own."""
    same: dict[str, list[int]] = {}
    for number in served:
        if files[number].size_bytes:
            same.setdefault(files[number].sha256, []).append(number)
    for numbers in same.values():
        backed = sorted({place for number in numbers for place in served[number] if not lines[place].sha256})
        count = max(len(numbers), len(backed))
        if backed and count >= MANY_USES:
            paths = "、".join(files[number].path for number in numbers[:MOST_NAMED])
            yield Remark(FILE_REPEATED, lines[backed[0]], {"count": count, "paths": paths})
