"""Sending: HTTP and SMTP with a time limit, a few attempts, and the channel's own verdict read from its answer.

What goes wrong is told without the address, which holds a key.
"""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from pipelines.alerts import formats
from pipelines.alerts.config import Channel, Mail, SignedRobot, Unset, Webhook, secret
from pipelines.alerts.messages import Message
from pipelines.forms.personal import mask

PAUSES = (1.0, 4.0)
"""Seconds between one attempt and the next; one attempt more than there are pauses."""
ANSWER_BYTES = 64 * 1024
_PORTS = {"starttls": 587, "ssl": 465, "none": 25}


class SendError(Exception):
    """A message that did not arrive, and why. ``again``: it may at the next attempt."""

    def __init__(self, why: str, *, again: bool = False) -> None:
        super().__init__(why)
        self.again = again


def send(
    channel: Channel,
    piece: Message,
    *,
    pauses: Sequence[float] = PAUSES,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> str:
    """Send one piece; a remark where it did not reach everybody.

    Raises SendError when it did not arrive, after a few attempts where those could help.
    """
    for pause in (*pauses, None):
        try:
            return _send_once(channel, piece, clock())
        except Unset as unset:
            raise SendError(str(unset)) from None
        except SendError as error:
            if not error.again or pause is None:
                raise
            sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _send_once(channel: Channel, piece: Message, at: float) -> str:
    if isinstance(channel, Mail):
        return _mail(channel, piece, at)
    url = secret(channel.url_from)  # type: ignore[attr-defined]
    content, headers = formats.body(channel, piece), {"Content-Type": "application/json; charset=utf-8"}
    if isinstance(channel, SignedRobot) and channel.secret_from:
        url, content = formats.signed(channel, url, content, secret(channel.secret_from), at)
    if isinstance(channel, Webhook) and channel.bearer_from:
        headers["Authorization"] = f"Bearer {secret(channel.bearer_from)}"
    answer = _post(url, formats.encoded(content), headers, channel.timeout_seconds)
    if not isinstance(channel, Webhook):
        _judge(answer)
    return ""


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A robot that moved would be asked without the message, and its answer taken for a success."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _post(url: str, content: bytes, headers: dict[str, str], timeout: float) -> bytes:
    """The body of the answer. Raises SendError for anything but success within the time."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
        request = urllib.request.Request(url, content, headers, method="POST")
    except ValueError:
        raise SendError("环境变量中的地址不是网址，应以 https:// 开头") from None
    ends = time.monotonic() + timeout
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            return _within(answer, ends)
    except urllib.error.HTTPError as error:
        with error:
            again = error.code == 429 or error.code >= 500
            raise SendError(f"对方返回 HTTP {error.code}", again=again) from None
    except TimeoutError:
        raise SendError(f"{timeout:g} 秒内没有应答", again=True) from None
    except (OSError, HTTPException) as error:
        raise _unreachable(error, timeout) from None


def _within(answer: Any, ends: float) -> bytes:
    """An answer that trickles in is waited for no longer than one that does not come."""
    read = b""
    while len(read) < ANSWER_BYTES and (more := answer.read1(ANSWER_BYTES - len(read))):
        read += more
        if time.monotonic() > ends:
            raise TimeoutError
    return read


def _unreachable(error: BaseException, timeout: float) -> SendError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return SendError(f"{timeout:g} 秒内没有应答", again=True)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return SendError(f"对方的证书不可信：{reason.verify_message}")
    if isinstance(reason, ssl.SSLError):
        return SendError("无法建立加密连接（TLS）", again=True)
    if isinstance(reason, socket.gaierror):
        return SendError("找不到主机：请检查地址和网络", again=True)
    if isinstance(reason, ConnectionRefusedError):
        return SendError("对方拒绝连接", again=True)
    return SendError(f"连接中断（{type(reason).__name__}）", again=True)


_CODES = {
    93000: "机器人地址无效，请核对环境变量中的地址",
    45009: "发送过于频繁，稍后再发",
    40058: "消息格式或长度不符",
    310000: "安全设置不符：请核对关键词、加签密钥或地址白名单",
    130101: "发送过于频繁，稍后再发",
    300001: "机器人地址无效，请核对环境变量中的地址",
    400101: "机器人地址无效，请核对环境变量中的地址",
    400013: "群已解散，请换一个机器人",
    460101: "消息过长",
    19001: "机器人地址无效，请核对环境变量中的地址",
    19021: "签名不符：请核对密钥和本机时间",
    19022: "本机地址不在白名单内",
    19024: "消息中没有机器人要求的关键词",
    11232: "发送过于频繁，稍后再发",
    9499: "消息格式不符或请求过于频繁",
}
"""What the robots' codes mean, and what to do."""
_BUSY = {-1, 11232}
"""Codes of a passing trouble: the next attempt may succeed. 企业微信 and 钉钉 shut a robot that is too fast out for
minutes; it is asked again at the next occasion.
"""


def _judge(answer: bytes) -> None:
    """A robot answers 200 to everything; whether it took the message stands in its JSON."""
    try:
        told = json.loads(answer)
        code = int(next(told[key] for key in ("errcode", "code", "StatusCode") if key in told))
    except (ValueError, TypeError, StopIteration):
        raise SendError("应答不是机器人的应答，请核对地址") from None
    if code:
        words = mask(str(told.get("errmsg") or told.get("msg") or "")[:120])
        raise SendError(f"对方没有接收：{_CODES.get(code, words)}（代码 {code}）", again=code in _BUSY)


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _mail(channel: Mail, piece: Message, at: float) -> str:
    port = channel.port or _PORTS[channel.security]
    try:
        with _server(channel, port) as server:
            if channel.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if channel.username_from and channel.password_from:
                server.login(secret(channel.username_from), secret(channel.password_from))
            refused = server.send_message(formats.mail(channel, piece, at))
    except smtplib.SMTPNotSupportedError:
        raise SendError("邮件服务器不支持所选的加密（STARTTLS）或登录方式") from None
    except smtplib.SMTPAuthenticationError:
        raise SendError("邮件服务器不接受用户名或口令") from None
    except smtplib.SMTPRecipientsRefused:
        raise SendError("邮件服务器不接受任何收件人") from None
    except smtplib.SMTPResponseException as error:
        raise SendError(f"邮件服务器返回 {error.smtp_code}", again=400 <= error.smtp_code < 500) from None
    except (smtplib.SMTPException, OSError) as error:
        raise _unreachable(error, channel.timeout_seconds) from None
    return f"邮件服务器不接受 {len(refused)} 个收件人，其余已送达" if refused else ""


def _server(channel: Mail, port: int) -> smtplib.SMTP:
    """Greeted in the sender's name: to ask for this machine's own takes long where no name server answers."""
    options: dict[str, Any] = {
        "timeout": channel.timeout_seconds,
        "local_hostname": channel.sender.rpartition("@")[2],
    }
    if channel.security == "ssl":
        return smtplib.SMTP_SSL(channel.host, port, context=ssl.create_default_context(), **options)
    return smtplib.SMTP(channel.host, port, **options)
