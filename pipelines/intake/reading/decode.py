"""Bytes → text, in the encodings office programs write."""

from __future__ import annotations

import re

_ODD = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
_USUAL = re.compile(
    r"[\t\r\n -~\xa0-\xff\u2000-\u206f\u2100-\u22ff\u2460-\u27ff\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
)


def decoded(data: bytes, *, partial: bool = False) -> str | None:
    """Text in UTF-8, UTF-16, UTF-32 or GB18030; None when it is none. ``partial``: the end may be cut."""
    for encoding in _candidates(data):
        for cut in range(4 if partial else 1):
            try:
                text = data[: len(data) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return text if _is_text(text, marked=encoding in ("utf-16", "utf-32")) else None
    return None


def _candidates(data: bytes) -> tuple[str, ...]:
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return ("utf-32",)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ("utf-16",)
    head = data[:4096]
    if b"\0" in head:  # none of the other encodings has zero bytes
        if not any(head[3::4]) and not any(head[2::4]):
            return ("utf-32-le",)
        if not any(head[::4]) and not any(head[1::4]):
            return ("utf-32-be",)
        return ("utf-16-le",) if head[1::2].count(0) >= head[::2].count(0) else ("utf-16-be",)
    return "utf-8-sig", "gb18030"


def _is_text(text: str, *, marked: bool) -> bool:
    """Whether it looks like writing: hardly any control characters, and of UTF-16 without mark only usual ones."""
    head = text[:4096]
    if "\0" in text or len(_ODD.findall(head)) * 20 > len(head):
        return False
    return marked or len(_USUAL.findall(head)) * 10 >= len(head) * 8
