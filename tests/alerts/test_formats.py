"""How each channel is sent a message: its shape, limit and signature; nothing personal, no markup by accident."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from pipelines.alerts.config import AnyChannel, Channel, Mail, Robot, SignedRobot
from pipelines.alerts.formats import body, encoded, mail, parcels, signed
from pipelines.alerts.messages import PIECES, Message, Section

WECOM = Robot(id="a", kind="wecom", url_from="X")
TEXT = Robot(id="a", kind="wecom", url_from="X", style="text")
DINGTALK = SignedRobot(id="a", kind="dingtalk", url_from="X", secret_from="Y")
FEISHU = SignedRobot(id="a", kind="feishu", url_from="X", secret_from="Y")
ROBOTS = ["wecom", "wecom-text", "dingtalk", "feishu"]
MAIL = Mail(id="a", kind="smtp", host="h", sender="ledger@example.cn", to=("office@example.cn", "b@example.cn"))
SHORT = Message("digest", "报送情况", (Section("某市方案", ("未报 1 个：磴口县",)),), "warning")


def long(lines: int) -> Message:
    names = "、".join(["乌拉特后旗"] * 20)
    return Message("digest", "报送情况", tuple(Section(f"方案{n}", (f"{n} {names}",) * 10) for n in range(lines // 10)))


def contents(channel: AnyChannel, message: Message) -> list[str]:
    """What people read, piece by piece."""
    told = []
    for piece in parcels(channel, message, "某市"):
        content: Any = body(channel, piece)
        if channel.kind == "feishu":
            told.append(content["card"]["elements"][0]["content"])
        else:
            inner = content[content["msgtype"]]
            told.append(inner.get("content") or inner["text"])
    return told


def test_what_each_robot_shows() -> None:
    assert contents(WECOM, SHORT) == ["### 【某市】报送情况\n**某市方案**\n未报 1 个：磴口县"]
    assert contents(TEXT, SHORT) == ["【某市】报送情况\n\n某市方案\n未报 1 个：磴口县"]
    assert contents(DINGTALK, SHORT) == ["### 【某市】报送情况\n\n**某市方案**  \n未报 1 个：磴口县"]
    assert contents(FEISHU, SHORT) == ["**某市方案**\n未报 1 个：磴口县"]
    [piece] = parcels(FEISHU, SHORT, "某市")
    card: Any = body(FEISHU, piece)["card"]
    assert card["header"] == {"title": {"tag": "plain_text", "content": "【某市】报送情况"}, "template": "orange"}


@pytest.mark.parametrize(
    ("channel", "limit"), [(WECOM, 4096), (TEXT, 2048), (DINGTALK, 20_000), (FEISHU, 20 * 1024)], ids=ROBOTS
)
@pytest.mark.parametrize("lines", [10, 40, 300])
def test_no_piece_is_larger_than_the_channel_takes(channel: AnyChannel, limit: int, lines: int) -> None:
    message = long(lines)
    pieces = parcels(channel, message, "某市")
    assert len(pieces) <= PIECES
    for piece in pieces:
        content: Any = body(channel, piece)
        if isinstance(channel, Robot):
            assert len(content[channel.style]["content"].encode()) <= limit
        elif isinstance(channel, SignedRobot):
            assert len(encoded(signed(channel, "https://x", content, "secret", 1.0)[1])) <= limit
    told = [line for piece in pieces for section in piece.sections for line in section.lines]
    wanted = [line for section in message.sections for line in section.lines]
    left = len(wanted) - len(told)
    if left:
        assert told[:-1] == wanted[: len(told) - 1]
        assert f"还有 {left + 1} 行" in told[-1]
    else:
        assert told == wanted


def test_pieces_are_numbered() -> None:
    titles = [piece.title for piece in parcels(WECOM, long(20), "某市")]
    assert titles[0].endswith(f"（1/{len(titles)}）")
    assert titles[-1].endswith(f"（{len(titles)}/{len(titles)}）")


def test_one_line_longer_than_a_message_is_cut() -> None:
    message = Message("digest", "报送情况", (Section("某市方案", ("长" * 5000, "后面的一行")),))
    pieces = parcels(TEXT, message, "某市")
    assert pieces[0].sections[0].lines[0].endswith("长…")
    assert pieces[-1].sections[-1].lines[-1] == "后面的一行"


@pytest.mark.parametrize("channel", [WECOM, TEXT, DINGTALK, FEISHU], ids=ROBOTS)
def test_nothing_personal_leaves(channel: Channel) -> None:
    message = Message("digest", "电话 13812345678", (Section("11010519491231002X", ("a@example.cn",)),))
    [piece] = parcels(channel, message, "某市")
    sent = json.dumps(body(channel, piece), ensure_ascii=False)
    assert "138" not in sent
    assert "1949" not in sent
    assert "@" not in sent


def test_ids_and_paths_stay_readable() -> None:
    line = "回执在 data/raw/receipts/bayannur_2023_2025/2023-11/150821/，运行 1e8d5657"
    assert contents(WECOM, Message("digest", "报送", (Section("", (line,)),)))[0].endswith(line)


@pytest.mark.parametrize("channel", [WECOM, DINGTALK, FEISHU], ids=["wecom", "dingtalk", "feishu"])
def test_text_of_ours_is_no_markup(channel: AnyChannel) -> None:
    message = Message("failure", "失败", (Section("", ("<at id=all></at> **粗** [链接](http://x) `码`",)),))
    [content] = contents(channel, message)
    told = content.removeprefix("###")
    assert not set("<>*[]`") & set(told)


def test_signature_of_dingtalk() -> None:
    url, content = signed(DINGTALK, "https://x/send?access_token=t", {"a": 1}, "SECabc", 1_700_000_000.5)
    key = hmac.new(b"SECabc", b"1700000000500\nSECabc", hashlib.sha256).digest()
    escaped = base64.b64encode(key).decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    assert url == f"https://x/send?access_token=t&timestamp=1700000000500&sign={escaped}"
    assert content == {"a": 1}


def test_signature_of_feishu() -> None:
    url, content = signed(FEISHU, "https://x/hook", {"a": 1}, "abc", 1_700_000_000.4)
    key = hmac.new(b"1700000000\nabc", b"", hashlib.sha256).digest()
    assert url == "https://x/hook"
    assert content == {"timestamp": "1700000000", "sign": base64.b64encode(key).decode(), "a": 1}


def test_a_letter() -> None:
    [piece] = parcels(MAIL, long(300), "某市")
    letter = mail(MAIL, piece, 1_764_900_000.0)
    assert letter["Subject"] == "【某市】报送情况"
    assert letter["To"] == "office@example.cn, b@example.cn"
    assert letter["Date"].endswith("+0800")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "乌拉特后旗" in letter.get_content()
