"""Sending, against servers on the loopback that refuse, fail, dawdle or can't be trusted."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from pipelines.alerts.config import Mail, Robot, SignedRobot, Webhook
from pipelines.alerts.messages import Message, Section
from pipelines.alerts.transport import SendError, send
from tests.alerts import world
from tests.alerts.world import OK, answers

MESSAGE = Message("digest", "【某市】报送情况", (Section("某市方案", ("未报 1 个：磴口县",)),))
WECOM = Robot(id="a", kind="wecom", url_from="ROBOT")
IMPATIENT = Robot(id="a", kind="wecom", url_from="ROBOT", timeout_seconds=1)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")


@pytest.fixture
def paused() -> list[float]:
    return []


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch, paused: list[float]) -> Any:
    """Send the message to an address; pauses are noted, not waited for."""

    def sending(url: str, channel: Any = WECOM) -> str:
        monkeypatch.setenv("ROBOT", url)
        return send(channel, MESSAGE, pauses=(1, 4), sleep=paused.append)

    return sending


def test_a_robot_that_takes_it(out: Any, paused: list[float]) -> None:
    with world.web() as web:
        out(web.url)
        [taken] = web.taken
    assert taken.path == "/send?key=SECRET"
    assert taken.headers["Content-Type"].startswith("application/json")
    assert taken.json["markdown"]["content"].startswith("### 【某市】报送情况")
    assert paused == []


def test_signed_anew_at_each_attempt(out: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGN", "SECabc")
    with world.web(answers(500), OK) as web:
        out(web.url, SignedRobot(id="a", kind="dingtalk", url_from="ROBOT", secret_from="SIGN"))
        assert [taken.path.count("timestamp=") for taken in web.taken] == [1, 1]
    with world.web(answers(200, {"code": 0})) as web:
        out(web.url, SignedRobot(id="a", kind="feishu", url_from="ROBOT", secret_from="SIGN"))
        assert web.taken[0].json.keys() == {"timestamp", "sign", "msg_type", "card"}


def test_any_program(out: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "abc")
    with world.web(answers(204)) as web:
        out(web.url, Webhook(id="a", kind="json", url_from="ROBOT", bearer_from="TOKEN"))
        [taken] = web.taken
    assert taken.headers["Authorization"] == "Bearer abc"
    assert taken.json["kind"] == "digest"
    assert taken.json["sections"] == [{"heading": "某市方案", "lines": ["未报 1 个：磴口县"]}]


@pytest.mark.parametrize("first", [answers(500), answers(502), answers(429), answers(200, {"code": 11232})])
def test_a_passing_trouble_is_tried_again(out: Any, paused: list[float], first: world.Answer) -> None:
    with world.web(first, OK) as web:
        out(web.url)
        assert len(web.taken) == 2
    assert paused == [1]


def test_not_for_ever(out: Any, paused: list[float]) -> None:
    with world.web(answers(503)) as web, pytest.raises(SendError, match="503"):
        out(web.url)
    assert len(web.taken) == 3
    assert paused == [1, 4]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (answers(404), "404"),
        (answers(302, {}), "302"),
        (answers(200, {"errcode": 93000, "errmsg": "invalid webhook url"}), "地址无效"),
        (answers(200, {"errcode": 45009, "errmsg": "api freq out of limit"}), "频繁"),
        (answers(200, {"errcode": 310000, "errmsg": "sign not match"}), "加签"),
        (answers(200, {"code": 19021, "msg": "sign match fail"}), "密钥和本机时间"),
        (answers(200, {"errcode": 4711, "errmsg": "call 13812345678"}), r"call \*\*\*（代码 4711）"),
        (answers(200, {"greeting": "hello"}), "不是机器人"),
        (answers(200), "不是机器人"),
    ],
)
def test_a_verdict_is_not_asked_for_twice(out: Any, paused: list[float], answer: world.Answer, says: str) -> None:
    """Also where it stands in an answer that says 200."""
    with world.web(answer) as web, pytest.raises(SendError, match=says) as error:
        out(web.url)
    assert len(web.taken) == 1
    assert paused == []
    assert "SECRET" not in str(error.value)


def test_a_slow_server(out: Any, paused: list[float]) -> None:
    over = threading.Event()
    with world.web(lambda _: over.wait(20)) as web:
        with pytest.raises(SendError, match="1 秒内没有应答"):
            out(web.url, IMPATIENT)
        over.set()
    assert paused == [1, 4]


def test_an_answer_that_trickles_in(out: Any) -> None:
    over = threading.Event()

    def trickle(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not over.wait(0.1):
            handler.wfile.write(b" ")

    with world.web(trickle) as web:
        with pytest.raises(SendError, match="秒内没有应答"):
            out(web.url, IMPATIENT)
        over.set()


def test_nobody_there(out: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SendError, match="拒绝连接"):
        out(f"http://127.0.0.1:{port}/send?key=SECRET")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "hello", "http://"])
def test_what_is_no_address(out: Any, url: str) -> None:
    with pytest.raises(SendError, match="不是网址"):
        out(url)


def test_a_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROBOT", raising=False)
    with pytest.raises(SendError, match="环境变量 ROBOT 没有设置"):
        send(WECOM, MESSAGE)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_has_to_be_trusted(
    out: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    with world.web(certificate=certificate) as web:
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            out(web.url)
        else:
            with pytest.raises(SendError, match="证书不可信"):
                out(web.url)
        assert len(web.taken) == trusted


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def mailbox(port: int, **options: Any) -> Mail:
    return Mail(
        **{
            "id": "m",
            "kind": "smtp",
            "host": "localhost",
            "port": port,
            "sender": "ledger@example.cn",
            "to": ("office@example.cn", "city@example.cn"),
            "timeout_seconds": 2,
            **options,
        }
    )


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("USER_OF_MAIL", "ledger")
    monkeypatch.setenv("PASSWORD_OF_MAIL", "right")
    return {"username_from": "USER_OF_MAIL", "password_from": "PASSWORD_OF_MAIL"}


def test_a_letter_in_the_clear() -> None:
    with world.post() as server:
        assert send(mailbox(server.port, security="none"), MESSAGE, pauses=()) == ""
    [letter] = server.letters
    assert "Auto-Submitted: auto-generated" in letter
    assert server.encrypted == [False]


def test_a_letter_over_starttls_with_login(
    certificate: Path, mail: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with world.post("STARTTLS", "AUTH PLAIN", certificate=certificate) as server:
        send(mailbox(server.port, **mail), MESSAGE, pauses=())
    assert server.logins == [("ledger", "right")]
    assert server.encrypted == [True]


def test_a_server_without_encryption_is_not_spoken_to(mail: dict[str, str]) -> None:
    with world.post("AUTH PLAIN") as server, pytest.raises(SendError, match="STARTTLS"):
        send(mailbox(server.port, **mail), MESSAGE, pauses=())
    assert server.logins == []
    assert server.letters == []


def test_a_mail_server_whose_certificate_is_not_trusted(certificate: Path, mail: dict[str, str]) -> None:
    with world.post("STARTTLS", "AUTH PLAIN", certificate=certificate) as server:
        with pytest.raises(SendError, match="证书不可信"):
            send(mailbox(server.port, **mail), MESSAGE, pauses=())
        assert server.logins == []


def test_a_wrong_password(certificate: Path, mail: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("PASSWORD_OF_MAIL", "wrong")
    with (
        world.post("STARTTLS", "AUTH PLAIN", certificate=certificate) as server,
        pytest.raises(SendError, match="用户名或口令") as error,
    ):
        send(mailbox(server.port, **mail), MESSAGE, pauses=())
    assert "wrong" not in str(error.value)


def test_recipients_that_are_not_taken() -> None:
    with world.post(refuses=("city@",)) as server:
        assert "1 个收件人" in send(mailbox(server.port, security="none"), MESSAGE, pauses=())
        assert len(server.letters) == 1
    with world.post(refuses=("@",)) as server, pytest.raises(SendError, match="任何收件人"):
        send(mailbox(server.port, security="none"), MESSAGE, pauses=())


def test_a_mail_server_that_is_busy_is_tried_again(paused: list[float]) -> None:
    with world.post(busy=(421,)) as server:
        send(mailbox(server.port, security="none"), MESSAGE, pauses=(1, 4), sleep=paused.append)
    assert paused == [1]
    assert len(server.letters) == 1
