"""What ``actionplan alerts`` says: the channels, what would be sent now, and whether a channel works."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.alerts.config import KINDS, Channel, Config
from pipelines.alerts.formats import parcels
from pipelines.alerts.service import Outlook
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.plans.model import Plan

NONE = """没有 alerts.yaml：不发送任何通知。需要时在工作区中写一份，例如：

channels:
  - {id: 业务群, kind: wecom, url_from: ACTIONPLAN_WECOM_URL}

写法见 docs/alerts.md。"""
KIND_NAMES = {"wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书", "json": "JSON", "smtp": "邮件"}
TELLS = {"digest": "报送情况", "reminders": "截止提醒", "failures": "运行失败与恢复"}


def overview(config: Config) -> Iterator[str]:
    """Every channel, what it is told, and what its environment lacks."""
    for channel in config.channels:
        kinds = "、".join(TELLS[kind] for kind in KINDS if kind in channel.tell)
        of = f"（只限 {'、'.join(channel.plans)}）" if channel.plans else ""
        yield f"{channel.id}（{_kind(channel)}）：{kinds}{of}"
        for variable in channel.variables:
            if not os.environ.get(variable):
                yield f"  环境变量 {variable} 没有设置：本渠道现在不能发送"
    if config.quiet_hours:
        start, end = config.quiet_hours
        yield f"免打扰：{start:%H:%M} 至 {end:%H:%M}，其间的通知过后再发"


def upcoming(found: Outlook, config: Config) -> Iterator[str]:
    """Every message that would be sent now, as the channel shows it."""
    if not found.pending:
        yield "现在没有需要发送的通知。"
    elif found.is_quiet:
        yield "现在是免打扰时段，以下通知过后再发。"
    for pending in found.pending:
        for piece in parcels(pending.channel, pending.message, config.site):
            yield ""
            yield f"── {pending.channel.id}（{_kind(pending.channel)}）──"
            yield str(piece)


def _kind(channel: Channel) -> str:
    return KIND_NAMES[channel.kind]  # type: ignore[attr-defined]


def read(ws: Workspace, plans: Mapping[str, Plan], now: datetime) -> tuple[Config, Outlook] | None:
    """The workspace's channels and what they would be sent; None without ``alerts.yaml``. Raises AlertsError."""
    from pipelines.alerts.config import load
    from pipelines.alerts.service import outlook

    config, found = load(ws.alerts, plans), outlook(ws, plans, now)
    return (config, found) if config and found else None
