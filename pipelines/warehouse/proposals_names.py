"""How two names of communities are related: the same, sounding or looking the same, one within the other, or not.

A name is read as a *stem*, a *generic* word (花园, 家属楼) and *marks*: what numbers or divides (一期, A区, 2号, 东区).
Marks are significant: names whose marks differ are never related, whatever else agrees (``relation`` returns None).

The words are in ``proposals_words.yaml``. How characters sound is in ``proposals_sounds.txt``: a syllable without its
tone and the characters read so, the 6,763 of GB 2312 and some that names have beside; each character stands once, under
its usual reading in names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.forms.keys import name_key

_FOLDER = Path(__file__).parent
WORDS: dict[str, Any] = yaml.safe_load((_FOLDER / "proposals_words.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart. ``body``: stem and generic word; ``notes``: what brackets add; ``roads``: roads in them."""

    typed: str
    text: str
    body: str
    stem: str
    generic: str
    marks: tuple[str, ...]
    sounds: tuple[str, ...]
    notes: tuple[str, ...]
    roads: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """How far two names say the same: points as ``proposals_evidence`` adds them up, and why, in Chinese."""

    kind: str
    points: int
    words: str


POINTS: dict[str, int] = {
    "identical": 62,
    "place": 62,
    "generic_alike": 58,
    "sound": 56,
    "look": 50,
    "garden": 46,
    "staff": 50,
    "alias": 48,
    "brand": 48,
    "street_word": 46,
    "swap": 44,
    "near_sound": 44,
    "part": 42,
    "generic_added": 40,
    "ornament": 34,
    "street_type": 30,
    "tail": 24,
    "generic_differs": 22,
    "one_character": 12,
    "none": 0,
}
"""What a relation is worth by itself; see ``relation`` for the kinds. Longer stems add to what sounds alike."""
MOST = max(POINTS.values())
"""No relation is worth more."""
ONLY_RENAMES: dict[str, int] = {"tail": 1, "generic_differs": 1, "one_character": 2, "none": 2}
"""Kinds that say too little to take two estates that are listed side by side for one, and how many strong facts it
takes beside them to take one that came for one that is gone."""


# ── reading a name ───────────────────────────────────────────────────────────────────────────────────────────────────

_BRACKETS = re.compile(r"[(\[【〔{「]([^()\[\]【】〔〕{}「」]*)[)\]】〕}」]")
_ROMAN_SIGNS = {0x2160 + n: str(n + 1) for n in range(12)} | {0x2170 + n: str(n + 1) for n in range(12)}
_ROMAN = {"II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7", "VIII": "8", "IX": "9"}
_DIGITS = {
    c: str(n) for n, cs in enumerate(("零〇", "一壹", "二贰", "三叁", "四肆", "五", "六", "七", "八", "九")) for c in cs
}
_NUMERAL = re.compile(f"[{''.join(_DIGITS)}十]+")
_STREETS = ("大街", "大道", "街", "路", "巷", "道", "段")
_STREET = re.compile(r"(?:大街|大道|街|路|巷|道)(?=\d|$)|(?:大街|大道)")


def _alternatives(words: Collection[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_UNITS = {word: unit for unit, words in WORDS["units"].items() for word in words}
_AREAS = "区|苑|园|院|庭|座|期|组团|门|村|里|塔|楼|栋|幢"
_MARK = re.compile(
    rf"(?P<number>\d+)(?P<number_unit>{_alternatives(_UNITS)})?"
    rf"|(?P<letter>[A-Z]+)(?P<letter_unit>{_alternatives(_UNITS)}|园|苑)?"
    rf"|(?P<stem>[甲乙丙丁戊])(?P<stem_unit>{_alternatives(set(_UNITS) - {'团'})})"
    rf"|(?P<side>东南|东北|西南|西北|[东西南北中上下前后])(?:(?P<area>{_AREAS})|(?P<street>{'|'.join(_STREETS)}))"
)
_VOID = re.compile(f"(?:{_alternatives(WORDS['void'])})+$")
_FAMILY = {word: family for family, words in WORDS["generic"].items() for word in words}
_GENERIC = re.compile(f"(?:{_alternatives(_FAMILY)})$")
_ROAD_NOTE = re.compile(r"(?:路|街|巷|大道|线|省道|县道|国道)(?:\d+号.*)?$")
_PLACE_END = re.compile(r"(?:(?<!小)区|县|市|旗|镇|乡|村|街道|苏木|嘎查)$")


def _numeral(found: re.Match[str]) -> str:
    """Chinese digits as Arabic ones: 二十三 is 23, 五一 is 51."""
    text = found[0]
    if "十" not in text:
        return "".join(_DIGITS[c] for c in text)
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return text
    return str(int(_DIGITS.get(tens, "1")) * 10 + int(_DIGITS.get(ones, "0")))


def plain(text: str) -> str:
    """Without brackets' signs, spaces and punctuation; numerals as digits, 第一期 as 1期."""
    folded = name_key(text) or ""
    folded = _NUMERAL.sub(_numeral, folded)
    folded = re.sub(r"第(?=\d)", "", folded)
    folded = re.sub(r"(?<![A-Z])[IVX]+(?![A-Z])", lambda m: _ROMAN.get(m[0], m[0]), folded)
    folded = re.sub(r"(?<![A-Z])I(?=期|区)", "1", folded)
    return re.sub(r"(?<!\d)0+(?=\d)", "", folded)


def _mark(found: re.Match[str]) -> str:
    """A mark as it is compared: what is numbered (phase, zone, building, or nothing said) and the value."""
    if found["number"]:
        return f"{_UNITS.get(found['number_unit'] or '', 'plain')}:{found['number']}"
    if found["letter"]:
        unit = _UNITS.get(found["letter_unit"] or "", "zone")
        return f"{'zone' if unit in ('group', 'plain') else unit}:{found['letter']}"
    if found["stem"]:
        return f"{_UNITS[found['stem_unit']]}:{found['stem']}"
    return f"{'side' if found['area'] else 'street'}:{found['side']}"


@lru_cache(maxsize=400_000)
def parse(typed: str) -> Name:
    """The name taken apart."""
    text = unicodedata.normalize("NFKC", typed.translate(_ROMAN_SIGNS)).upper()
    outside, behind = _BRACKETS.sub(" ", text), ""
    notes: list[str] = []
    roads: list[str] = []
    if not plain(outside):
        outside = text
    else:
        for note in map(plain, _BRACKETS.findall(text)):
            if note and not _MARK.sub("", note):
                behind += note
            elif note:
                (roads if _ROAD_NOTE.search(note) else notes).append(note)
    folded = plain(outside) + behind
    body, tail = _without_marks(folded)
    body = _VOID.sub("", body) or body
    generic = found[0] if (found := _GENERIC.search(body)) and found.start() > 0 else ""
    stem = body.removesuffix(generic) if generic else body
    if generic and _VOID.search(stem):
        stem = _VOID.sub("", stem) or stem
    return Name(
        typed=typed,
        text=stem + generic + tail,
        body=stem + generic,
        stem=stem,
        generic=generic,
        marks=tuple(sorted(map(_mark, _MARK.finditer(folded + " ".join(("", *notes)))))),
        sounds=tuple(map(sound, stem)),
        notes=tuple(notes),
        roads=tuple(roads),
        parts=tuple(filter(None, (plain(part) for part in re.split(r"[·•・.]", outside)))),
    )


def _without_marks(text: str) -> tuple[str, str]:
    """The text before the marks at its end, and those; at least two characters stay before them."""
    end = len(text)
    for found in reversed(list(_MARK.finditer(text))):
        if found.end() != end or found.start() < 2 or found["street"]:
            break
        end = found.start()
    return text[:end], text[end:]


# ── how characters sound and look ────────────────────────────────────────────────────────────────────────────────────


@cache
def _sounds() -> dict[str, str]:
    lines = (line.split() for line in (_FOLDER / "proposals_sounds.txt").read_text(encoding="utf-8").splitlines())
    return {character: syllable for syllable, characters in lines for character in characters}


_LOOKS = {character: group[0] for group in WORDS["look_alike"] for character in group}


def sound(character: str) -> str:
    """The syllable of a character; the character itself where it is none."""
    return _sounds().get(character, character)


@lru_cache(maxsize=1024)
def near(syllable: str) -> str:
    """The syllable as those say it who don't tell zh from z and ing from in."""
    syllable = re.sub(r"^(z|c|s)h", r"\1", syllable)
    return re.sub(r"(?<=[ie])ng$", "n", syllable)


@cache
def near_sound(character: str) -> str:
    """The syllable of a character as ``near`` has it."""
    return near(sound(character))


def alike(one: str, other: str) -> bool:
    """Two characters that sound or look the same."""
    return one == other or sound(one) == sound(other) or look(one) == look(other)


def look(character: str) -> str:
    """One character for all that look like it."""
    return _LOOKS.get(character, character)


# ── two names ────────────────────────────────────────────────────────────────────────────────────────────────────────


def relation(one: Name, other: Name, places: Collection[str] = (), brands: Collection[str] = ()) -> Relation | None:
    """The closest way in which two names are related; None where their marks differ, so that they can't be one.

    ``places``: names of the city, its districts and subdistricts, which may stand before a name. ``brands``: beginnings
    that many names share. Kinds: identical; place, brand, part (one has something before the other); sound, near_sound,
    look (each differing character sounds or looks like its counterpart); generic_alike, garden, staff, generic_added,
    generic_differs (only the generic word differs); alias (said in brackets); street_word, street_type (街, 路 added or
    exchanged); swap (neighbours exchanged); ornament, tail (one has something behind); one_character; none.
    """
    if one.marks != other.marks or (one.roads and other.roads and _doors(one) != _doors(other)):
        return None
    if one.text == other.text or (one.stem == other.stem and one.generic == other.generic):
        return Relation("identical", POINTS["identical"], "名称一致")
    if one.stem == other.stem:
        return _by_generic(one, other)
    for found in (_by_character(one, other), _by_beginning(one, other, places, brands), _by_note(one, other)):
        if found:
            return found
    return _by_rest(one, other)


def _doors(name: Name) -> set[str]:
    return {number for road in name.roads for number in re.findall(r"\d+", road)}


def _by_generic(one: Name, other: Name) -> Relation:
    words = f"名称主干一致，只是通用词不同（{_quoted(one.generic)}、{_quoted(other.generic)}）"
    families = {_FAMILY.get(one.generic), _FAMILY.get(other.generic)}
    if one.generic and other.generic:
        if [*map(sound, one.generic)] == [*map(sound, other.generic)]:
            return Relation("generic_alike", POINTS["generic_alike"], words)
        kind = "staff" if families == {"staff"} else "generic_differs"
    else:
        kind = "garden" if "garden" in families else "generic_added"
    few = 6 if kind == "garden" and len(one.stem) < 3 else 0
    return Relation(kind, POINTS[kind] - few, words)


def _quoted(word: str) -> str:
    return f"“{word}”" if word else "无"


def _generics_agree(one: Name, other: Name) -> bool:
    return [*map(sound, one.generic)] == [*map(sound, other.generic)]


def _by_character(one: Name, other: Name) -> Relation | None:
    """Stems of one length, each of whose differing characters sounds or looks like the other."""
    if len(one.stem) != len(other.stem):
        return None
    worst, pairs = 0, []
    for a, b, sa, sb in zip(one.stem, other.stem, one.sounds, other.sounds, strict=True):
        if a != b:
            step = 1 if sa == sb else 2 if look(a) == look(b) else 3 if near(sa) == near(sb) else 4
            worst = max(worst, step)
            pairs.append(f"“{a}”与“{b}”")
    if worst == 4 or not (_generics_agree(one, other) or "" in (one.generic, other.generic)):
        return None
    kind, what = {1: ("sound", "读音相同"), 2: ("look", "字形相近"), 3: ("near_sound", "读音相近")}[worst]
    length = {1: -22, 2: -10, 3: 0}.get(len(one.stem), 4)
    fewer = 6 * (len(pairs) - 1) + (0 if _generics_agree(one, other) else 10)
    return Relation(kind, POINTS[kind] + length - fewer, f"名称{what}：{'、'.join(pairs)}")


def _by_beginning(one: Name, other: Name, places: Collection[str], brands: Collection[str]) -> Relation | None:
    """One name is the other with something before it: a place, a developer, something else."""
    short, long = sorted((one, other), key=lambda name: len(name.stem))
    before = len(long.stem) - len(short.stem)
    if before == 0 or len(short.stem) < 2:
        return None
    if [*map(near, long.sounds[before:])] != [*map(near, short.sounds)]:
        return None
    if not (_generics_agree(one, other) or "" in (one.generic, other.generic)):
        return None
    prefix = long.stem[:before]
    changed = 0 if long.stem[before:] == short.stem else 8
    changed += 0 if _generics_agree(one, other) else 8
    if prefix in places or _PLACE_END.search(prefix):
        kind, what = "place", "地名"
    elif prefix in brands or prefix in long.parts[:1]:
        kind, what = "brand", "品牌或开发商名"
    elif before == 1 or len(short.body) < 3:
        return None
    else:
        kind, what = "part", "词语"
    few = 8 if kind == "part" and len(short.body) < 4 else 0
    return Relation(
        kind, POINTS[kind] - changed - few, f"名称前多出{what}“{prefix}”，其余{'一致' if not changed else '读音相近'}"
    )


def _by_note(one: Name, other: Name) -> Relation | None:
    """What one says in brackets is the other's name."""
    for this, that in ((one, other), (other, one)):
        if any(len(note) > 2 and note in (that.body, that.stem) for note in this.notes):
            return Relation("alias", POINTS["alias"], f"“{this.typed}”的括注就是“{that.typed}”")
    return None


def _by_rest(one: Name, other: Name) -> Relation:
    bare = without_streets(one.stem)
    if bare == without_streets(other.stem) and len(bare) > 1 and _generics_agree(one, other):
        if len(one.stem) == len(other.stem):
            return Relation("street_type", POINTS["street_type"], "名称只是“街”“路”“巷”之别")
        return Relation("street_word", POINTS["street_word"], "名称只是“街”“路”等字有无之别")
    if swapped(one.stem, other.stem) and _generics_agree(one, other):
        return Relation("swap", POINTS["swap"], "名称只是相邻两字颠倒")
    short, long = sorted((one, other), key=lambda name: len(name.body))
    if len(short.body) > 1 and long.body.startswith(short.body):
        tail = long.body[len(short.body) :]
        kind = "ornament" if tail in WORDS["ornament"] else "tail"
        return Relation(kind, POINTS[kind], f"名称后多出“{tail}”")
    differing = [(a, b) for a, b in zip(one.stem, other.stem, strict=False) if a != b]
    if len(one.stem) == len(other.stem) > 2 and len(differing) == 1 and _generics_agree(one, other):
        (a, b) = differing[0]
        return Relation("one_character", POINTS["one_character"], f"名称差一字：“{a}”与“{b}”")
    return Relation("none", POINTS["none"], "名称不同")


def without_streets(stem: str) -> str:
    """The stem without 街, 路, 巷 and the like, unless nothing else is left."""
    return _STREET.sub("", stem) or stem


def swapped(one: str, other: str) -> bool:
    """The same but for two neighbouring characters exchanged."""
    where = [at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    if len(one) != len(other) or len(where) != 2 or where[1] != where[0] + 1:
        return False
    first, second = where
    return one[first] == other[second] and one[second] == other[first]
