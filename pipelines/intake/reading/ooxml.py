"""What xlsx and xlsb share: a package whose parts refer to one another, and number formats."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from pipelines.intake.reading.archive import Archive
from pipelines.intake.reading.xml import local, tree

_BUILT_IN_PERCENT = {9, 10}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def is_percent_format(code: str) -> bool:
    """Whether a number format shows a percent sign that multiplies: not one that is quoted or escaped."""
    return "%" in code and "%" in _LITERAL.sub("", code)


def percent_formats(codes: dict[int, str]) -> set[int]:
    """The numbers of the formats that show a percent sign; ``codes`` are those the workbook defines."""
    return {number for number in _BUILT_IN_PERCENT if number not in codes} | {
        number for number, code in codes.items() if is_percent_format(code)
    }


@dataclass(frozen=True, slots=True)
class Relation:
    """A part that another one refers to. ``kind`` is the last word of its type: worksheet, styles …"""

    kind: str
    part: str


def relations(archive: Archive, part: str) -> dict[str, Relation]:
    """What a part refers to, by the ids it uses."""
    folder, _, name = part.rpartition("/")
    listed = archive.read(f"{folder}/_rels/{name}.rels".lstrip("/"))
    if not listed:
        return {}
    return {
        node.get("Id") or "": Relation(
            (node.get("Type") or "").rpartition("/")[2], _resolved(folder, node.get("Target") or "")
        )
        for node in tree(listed)
        if local(node.tag) == "Relationship" and node.get("TargetMode") != "External"
    }


def _resolved(folder: str, target: str) -> str:
    """A part's name. Targets are relative to the folder of the part that names them, or absolute."""
    target = target.replace("\\", "/")
    return posixpath.normpath(target if target.startswith("/") else f"/{folder}/{target}").lstrip("/")


def workbook_part(archive: Archive, usual: str) -> str:
    """The name of the workbook part: the usual one, or what the package says."""
    if usual in archive:
        return usual
    found = (relation.part for relation in relations(archive, "").values() if relation.kind == "officeDocument")
    return next(found, usual)
