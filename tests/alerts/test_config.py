"""Mistakes in alerts.yaml are all told, each with its line and what to write instead; secrets are never repeated."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from pipelines.alerts.config import AlertsError, load, parse

PLANS = {"bayannur_2023_2025": None}


def mistakes(text: str) -> list[str]:
    with pytest.raises(AlertsError) as error:
        parse(text, PLANS)
    return error.value.mistakes


def test_no_file_no_alerts(tmp_path: Path) -> None:
    assert load(tmp_path / "alerts.yaml", PLANS) is None


def test_a_file_that_says_everything() -> None:
    config = parse(
        """
        site: 巴彦淖尔物业
        quiet_hours: 21:00-07:30
        reminders: [14, 0]
        digest: {at_most_every_hours: 24, repeat_days: 7}
        channels:
          - {id: 业务群, kind: wecom, url_from: WECOM, style: text, tell: [digest, reminders]}
          - {id: 钉钉群, kind: dingtalk, url_from: DING, secret_from: DING_SECRET, plans: [bayannur_2023_2025]}
          - {id: 飞书群, kind: feishu, url_from: LARK}
          - {id: 平台, kind: json, url_from: HOOK, bearer_from: TOKEN, timeout_seconds: 5}
          - id: 邮件
            kind: smtp
            host: mail.example.cn
            sender: ledger@example.cn
            to: [office@example.cn]
            username_from: MAIL_USER
            password_from: MAIL_PASSWORD
        """,
        PLANS,
    )
    assert [channel.id for channel in config.channels] == ["业务群", "钉钉群", "飞书群", "平台", "邮件"]
    assert [list(channel.variables) for channel in config.channels][1] == ["DING", "DING_SECRET"]


def test_quiet_hours_over_midnight() -> None:
    config = parse("quiet_hours: 21:00-07:30\nchannels: [{id: a, kind: wecom, url_from: X}]", PLANS)
    quiet = [hour for hour in range(24) if config.is_quiet(time(hour, 15))]
    assert quiet == [0, 1, 2, 3, 4, 5, 6, 7, 21, 22, 23]
    assert not config.is_quiet(time(7, 30))


def test_every_mistake_is_told_with_its_line() -> None:
    told = mistakes(
        """quiet_hours: late
remindrs: [1]
reminders: [x, 999]
digest: {every: 3}
channels:
  - id: a
    kind: wecom
    url_from: X
    style: fancy
  - {id: b}
  - {id: c, kind: telegram}
  - {id: d, kind: smtp, host: h, sender: a@b.cn, to: [x], port: 0}
  - hello
"""
    )
    lines = [":".join(one.split(":")[1:3]) for one in told]
    assert lines == [
        "1: quiet_hours",
        "2: remindrs",
        "3: reminders[1]",
        "3: reminders[2]",
        "4: digest.every",
        "9: channels[1].style",
        "10: channels[2]",
        "11: channels[3]",
        "12: channels[4].port",
        "12: channels[4].to[1]",
        "13: channels[5]",
    ]
    assert all(one.startswith("alerts.yaml:") for one in told)
    assert "21:00-07:30" in told[0]
    assert "reminders" in told[1]
    assert "at_most_every_hours" in told[4]
    assert "markdown" in told[5]
    assert "企业微信" in told[6]


@pytest.mark.parametrize(
    "line",
    [
        "url: https://qyapi.example.cn/send?key=OPEN-SESAME",
        "url_from: https://qyapi.example.cn/send?key=OPEN-SESAME",
        "secret: OPEN-SESAME",
        "secret_from: SEC-OPEN-SESAME",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(line: str) -> None:
    [told] = [
        one
        for one in mistakes(f"channels:\n  - id: a\n    kind: dingtalk\n    {line}\n    tell: [digest]")
        if "必须填写" not in one
    ]
    assert "环境变量" in told
    assert "SESAME" not in told
    assert ":4:" in told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "channels: 必须填写"),
        ("- a", "应为若干"),
        ("channels: [", "not valid YAML"),
        ("channels: []", "至少写一项"),
        ("channels:\n  - {id: a, kind: wecom, url_from: X}\n  - {id: a, kind: wecom, url_from: X}", "另一个渠道"),
        ("channels:\n  - {id: a, kind: wecom, url_from: X, plans: [bayannur_2023]}", "bayannur_2023_2025"),
        ("channels:\n  - {id: a, kind: wecom, url_from: X}\nsite: a\nsite: b", "写了两次"),
        (
            "channels: [{id: a, kind: smtp, host: h, sender: a@b.cn, to: [a@b.cn], username_from: U}]",
            "要么都写",
        ),
        (
            "channels: [{id: a, kind: smtp, host: h, sender: a@b.cn, to: [a@b.cn], security: none, "
            "username_from: U, password_from: P}]",
            "明文",
        ),
    ],
)
def test_other_mistakes(text: str, says: str) -> None:
    assert any(says in one for one in mistakes(text))


def test_a_file_of_another_encoding(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_bytes("site: 巴彦淖尔".encode("gb18030"))
    with pytest.raises(AlertsError, match="UTF-8"):
        load(file, PLANS)
