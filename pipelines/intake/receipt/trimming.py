"""What stands on a sheet beside its cells (XML text before and after ``sheetData``), without what may not be shown.

Gone are: what leads to parts that are left out or to other files, lists and prompts with personal data, the headers of
printed pages where they name people, other people's views of the sheet, and the users who may edit parts of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

Judge = Callable[[str], bool]

_NAMES_PEOPLE = re.compile(r"[填制]表|[经审]办?核?人|负责人|联系|电话|手机|主任|经理|书记|作者|签[名字章]")
"""Words of a printed header or footer after which a name follows."""
_DROPPED = (
    "oleObjects",
    "controls",
    "customProperties",
    "webPublishItems",
    "customSheetViews",
    "scenarios",
    "protectedRanges",
    "smartTags",
    "cellWatches",
    "dataConsolidate",
)
_ON_PIVOT = re.compile(r'<conditionalFormatting\b[^>]* pivot="(?:1|true)"')
_KEPT_EXTENSIONS = ("{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}", "{78C0D931-6437-407d-A8EE-F0AAD7539E65}")
"""Drop-downs and conditional formats as newer programs write them."""


def trimmed_before(before: str) -> str:
    """What stands before the cells; of several windows on the sheet the first stays, and none is in front."""
    before = re.sub(r' tabSelected="(?:1|true)"', "", before)
    before = re.sub(r"<pivotSelection\b[^>]*?(?:/>|>.*?</pivotSelection>)", "", before, flags=re.S)
    found = re.search(r"<sheetViews\b[^>]*>(.*?)</sheetViews>", before, re.S)
    if found is None:
        return before
    views = re.findall(r"<sheetView\b[^>]*?/>|<sheetView\b[^>]*>.*?</sheetView>", found[1], re.S)
    first = next((view for view in views if re.match(r'<sheetView\b[^>]*workbookViewId="0"', view)), None)
    return before.replace(found[0], f"<sheetViews>{first}</sheetViews>" if first else "")


def trimmed_after(after: str, kept: set[str], looks_elsewhere: Judge, is_personal: Judge) -> str:
    """What stands after the cells. ``kept``: the ids of relations that still lead somewhere."""
    for tag in ("legacyDrawing", "legacyDrawingHF", "drawingHF", "picture"):
        after = re.sub(rf"<{tag}\b[^>]*/>", "", after)
    for tag in _DROPPED:
        after = re.sub(rf"<{tag}\b[^>]*?(?:/>|>.*?</{tag}>)", "", after, flags=re.S)
    after = re.sub(r"<mc:AlternateContent\b.*?</mc:AlternateContent>", "", after, flags=re.S)
    after = re.sub(r'(<pageSetup\b[^>]*?) r:id="[^"]*"', r"\1", after)
    after = _without_extensions(after, looks_elsewhere, is_personal)
    after = _without_items(after, "dataValidation", ("formula1", "formula2"), looks_elsewhere, is_personal)
    after = _without_items(after, "conditionalFormatting", ("formula",), looks_elsewhere, is_personal)
    after = _without(after, "hyperlink", lambda link: 'r:id="' in link or is_personal(_shown(link)))
    after = re.sub(r"<hyperlinks\b[^>]*>\s*</hyperlinks>", "", after)
    after = _without(
        after, "headerFooter", lambda printed: bool(is_personal(_shown(printed)) or _NAMES_PEOPLE.search(printed))
    )
    for tag in ("drawing", "tablePart"):
        after = re.sub(rf"<{tag}\b[^>]*/>", lambda found: found[0] if _relation(found[0]) in kept else "", after)
    parts = after.count("<tablePart ")
    after = re.sub(r'(<tableParts\b[^>]*?) count="\d+"', rf'\1 count="{parts}"', after)
    return re.sub(r"<tableParts\b[^>]*>\s*</tableParts>", "", after)


_TAG = re.compile(r"<(/?)([\w:]+)(?:[^>\"']|\"[^\"]*\"|'[^']*')*?(/?)>")
_AFTER_NOTES = {
    "legacyDrawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
    "worksheet",
}


def place_of_notes(after: str) -> int | None:
    """Where the drawing of the notes has to be named: before what the schema puts behind it. Elements inside others
    may have the same names (WPS writes an empty ``extLst`` into each filter).
    """
    depth = 0
    for found in _TAG.finditer(after, after.index("</sheetData>") + len("</sheetData>")):
        closes, name, is_empty = found.groups()
        if depth == 0 and name in _AFTER_NOTES:
            return found.start()
        depth += -1 if closes else 0 if is_empty else 1
    return None


def _without_items(after: str, tag: str, formulas: tuple[str, ...], looks_elsewhere: Judge, is_personal: Judge) -> str:
    """Without the drop-downs or formats that look into what is left out (Excel would complain) or are personal."""
    in_formula = re.compile(rf"<(?:{'|'.join(formulas)})\b[^>]*>([^<]*)<")

    def is_bad(item: str) -> bool:
        said = in_formula.findall(item)
        return any(map(looks_elsewhere, said)) or is_personal(_shown(item)) or bool(_ON_PIVOT.match(item))

    after = _without(after, tag, is_bad)
    plural = f"{tag}s"
    after = re.sub(rf'(<{plural}\b[^>]*?) count="\d+"', rf'\1 count="{after.count(f"<{tag} ")}"', after)
    return re.sub(rf"<{plural}\b[^>]*>\s*</{plural}>", "", after)


def _without(after: str, tag: str, is_bad: Judge) -> str:
    """Without the elements of this name that are bad, in one go: there may be very many."""
    pattern = rf"<{tag}\b[^>]*?(?:/>|>.*?</{tag}>)"
    return re.sub(pattern, lambda found: "" if is_bad(found[0]) else found[0], after, flags=re.S)


def _relation(tag: str) -> str | None:
    found = re.search(r'r:id="([^"]*)"', tag)
    return found[1] if found else None


def _without_extensions(after: str, looks_elsewhere: Judge, is_personal: Judge) -> str:
    found = re.search(r"<extLst\b[^>]*>((?:(?!<extLst\b).)*)</extLst>(?=\s*</worksheet>)", after, re.S)
    if found is None:
        return after
    kept = [
        item
        for item in re.findall(r"<ext\b[^>]*?(?:/>|>.*?</ext>)", found[1], re.S)
        if any(uri.lower() in item[:400].lower() for uri in _KEPT_EXTENSIONS)
        and not any(map(looks_elsewhere, re.findall(r"<xm:f\b[^>]*>([^<]*)<", item)))
        and not is_personal(_shown(item))
    ]
    return after.replace(found[0], f"<extLst>{''.join(kept)}</extLst>" if kept else "")


def _shown(xml: str) -> str:
    """The texts of a piece of XML, those of its attributes too."""
    texts = re.findall(r'="([^"]*)"', xml)
    return unescape("\n".join([*texts, re.sub(r"<[^>]*>", "\n", xml)]))
