"""XML of strangers: no entities of its own, no second encoding, one place for the errors of the parser."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree
from xml.parsers import expat

from pipelines.intake.issues import Refusal
from pipelines.intake.reading.refusals import SEND_XLSX, unreadable

_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?>(?:<\?.*?\?>|<!--.*?-->)\s*)*+<!DOCTYPE", re.S)
_DECLARED = re.compile(r"(<\?xml[^>]*?)\s+encoding=(?:\"[^\"]*\"|'[^']*')")


def entities() -> Refusal:
    """The refusal of XML that defines entities of its own: no office program writes such."""
    return Refusal("unreadable", "文件的 XML 里带有文档类型或实体定义，可能是恶意构造的文件，没有读取。", SEND_XLSX)


def checked(part: bytes) -> bytes:
    """A part as UTF-8. Raises Refusal when it declares a document type: packages of Office have none."""
    if part[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            part = _DECLARED.sub(r"\1", part.decode("utf-16"), count=1).encode()
        except UnicodeError:
            raise unreadable("XML") from None
    if _PROLOG.match(part):
        raise entities()
    return part


def tree(part: bytes) -> ElementTree.Element:
    """The tree of a small part."""
    try:
        return ElementTree.fromstring(checked(part))
    except (ElementTree.ParseError, ValueError, LookupError):
        raise unreadable("XML") from None


def local(name: str) -> str:
    """A name without its namespace or prefix."""
    return name.rpartition("}")[2].rpartition(":")[2]


def _refuse_entity(*_: object) -> None:
    raise entities()


def walk(
    data: bytes | str,
    start: Callable[[str, dict[str, str]], object],
    end: Callable[[str], object],
    text: Callable[[str], object] | None = None,
) -> None:
    """Call the handlers for each element, its text and its end. Names keep their prefixes.

    Raises Refusal when the XML is broken or declares entities.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise unreadable("XML") from None
