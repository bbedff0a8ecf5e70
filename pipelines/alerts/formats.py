"""How each channel wants a message: its JSON, its limit in bytes, its signature.

Limits are those of the robots' manuals: 企业微信 4096 bytes of markdown or 2048 of text, 钉钉 20 000 and 飞书 20 KB for
the whole request; 20 messages a minute for the first two, 100 for the third.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any
from urllib.parse import quote_plus

from pipelines.alerts.config import Channel, Mail, Robot, SignedRobot
from pipelines.alerts.messages import Message, pieces
from pipelines.settings import TIME_ZONE

WECOM_MARKDOWN, WECOM_TEXT, DINGTALK, FEISHU = 4096, 2048, 20_000, 20_000
_SIGNATURE = 200
"""Bytes kept free for what is signed at the last moment."""
_COLOURS = {"calm": "blue", "warning": "orange", "alarm": "red", "good": "green"}
_PLAIN = str.maketrans({"*": "＊", "`": "｀", "<": "＜", ">": "＞", "[": "［", "]": "］", "#": "＃"})
"""What markdown, colours and mentions are made of, so that no text of ours becomes any of them."""


def parcels(channel: Channel, message: Message, site: str) -> list[Message]:
    """The message as this channel takes it: masked, headed by the site, in pieces within its limit."""
    whole = message.masked()
    whole = Message(whole.kind, f"【{site}】{whole.title}", whole.sections, whole.tone)
    return pieces(whole, lambda piece: _size(channel, piece) <= _limit(channel))


def _limit(channel: Channel) -> int:
    if isinstance(channel, Robot):
        return WECOM_MARKDOWN if channel.style == "markdown" else WECOM_TEXT
    if isinstance(channel, SignedRobot):
        return (DINGTALK if channel.kind == "dingtalk" else FEISHU) - _SIGNATURE
    return 1_000_000


def _size(channel: Channel, piece: Message) -> int:
    if isinstance(channel, Robot):
        return len(_wecom_content(channel, piece).encode())
    return len(encoded(body(channel, piece)))


def encoded(content: Mapping[str, Any]) -> bytes:
    """JSON as it is sent: Chinese as it is, three bytes a character instead of six."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def body(channel: Channel, piece: Message) -> dict[str, Any]:
    """The JSON of one piece, unsigned."""
    if isinstance(channel, Robot):
        return {"msgtype": channel.style, channel.style: {"content": _wecom_content(channel, piece)}}
    if isinstance(channel, SignedRobot) and channel.kind == "dingtalk":
        text = f"### {piece.title.translate(_PLAIN)}\n\n" + _markdown(piece, between="  \n")
        return {"msgtype": "markdown", "markdown": {"title": piece.title, "text": text}}
    if isinstance(channel, SignedRobot):
        header = {"title": {"tag": "plain_text", "content": piece.title}, "template": _COLOURS[piece.tone]}
        elements = [{"tag": "markdown", "content": _markdown(piece)}]
        card = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
        return {"msg_type": "interactive", "card": card}
    sections = [{"heading": section.heading, "lines": list(section.lines)} for section in piece.sections]
    return {
        "source": "actionplan",
        "kind": piece.kind,
        "title": piece.title,
        "text": piece.plain(),
        "sections": sections,
    }


def _wecom_content(channel: Robot, piece: Message) -> str:
    if channel.style == "text":
        return str(piece)
    return f"### {piece.title.translate(_PLAIN)}\n{_markdown(piece)}"


def _markdown(piece: Message, between: str = "\n") -> str:
    """What all three robots show: bold headings and lines. ``between`` ends a line that the next one follows."""
    sections = []
    for section in piece.sections:
        heading = f"**{section.heading.translate(_PLAIN)}**" if section.heading else ""
        sections.append(between.join(filter(None, (heading, *(line.translate(_PLAIN) for line in section.lines)))))
    return "\n\n".join(sections)


def signed(
    channel: SignedRobot, url: str, content: dict[str, Any], secret: str, at: float
) -> tuple[str, dict[str, Any]]:
    """Address and JSON with the robot's signature of this second.

    钉钉 wants it in the address, made with the secret over time (milliseconds) and secret; 飞书 in the JSON, made with
    time (seconds) and secret as the key over nothing.
    """
    if channel.kind == "dingtalk":
        stamp = str(round(at * 1000))
        made = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        mark = "&" if "?" in url else "?"
        return f"{url}{mark}timestamp={stamp}&sign={quote_plus(base64.b64encode(made))}", content
    stamp = str(round(at))
    made = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return url, {"timestamp": stamp, "sign": base64.b64encode(made).decode(), **content}


def mail(channel: Mail, piece: Message, at: float) -> EmailMessage:
    """A piece as a letter that no vacation notice answers."""
    letter = EmailMessage()
    letter["Subject"] = piece.title
    letter["From"] = channel.sender
    letter["To"] = ", ".join(channel.to)
    letter["Date"] = format_datetime(datetime.fromtimestamp(at, TIME_ZONE))
    letter["Message-ID"] = make_msgid(domain=channel.sender.rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(piece.plain() + "\n", charset="utf-8")
    return letter
