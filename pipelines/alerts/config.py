"""``alerts.yaml``: whom to tell what, and by which channel. Addresses that hold a key, and passwords, stand in
environment variables; the file names them.

::

    quiet_hours: 21:00-07:30        # held back until these are over
    reminders: [30, 7, 1, 0, -1]    # so many days before a due date; -1: the day after
    channels:
      - {id: 业务群, kind: wecom, url_from: ACTIONPLAN_WECOM_URL}
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from pipelines.plans import source

Kind = Literal["digest", "reminders", "failures"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class AlertsError(ValueError):
    """An ``alerts.yaml`` that can't be used, with every mistake found in it: file, line, field, remedy."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class Unset(Exception):
    """An environment variable that the file names is not set."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"环境变量 {name} 没有设置")


def _variable(value: Any) -> Any:
    """The message says nothing of the value: it may be the secret itself."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return value
    raise PydanticCustomError(
        "variable", "这里写环境变量的名字，如 ACTIONPLAN_WECOM_URL；地址、密钥和口令本身不要写在文件里"
    )


Variable = Annotated[str, BeforeValidator(_variable)]


def _hours(value: Any) -> Any:
    found = re.fullmatch(r"(\d\d?):(\d\d)-(\d\d?):(\d\d)", str(value).replace(" ", "").replace("：", ":"))
    try:
        if found:
            hour, minute, until_hour, until_minute = map(int, found.groups())
            return time(hour, minute), time(until_hour, until_minute)
    except ValueError:
        pass
    raise PydanticCustomError("hours", "写成起止时间，如 21:00-07:30")


Hours = Annotated[tuple[time, time], BeforeValidator(_hours)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Channel(_Model):
    """Where messages go, and which."""

    id: str = Field(min_length=1, max_length=40)
    tell: tuple[Kind, ...] = Field(default=KINDS, min_length=1)
    plans: tuple[str, ...] = ()
    """Of these plans alone; all where none is named."""
    timeout_seconds: int = Field(default=10, ge=1, le=60)

    @property
    def variables(self) -> Iterator[str]:
        """The environment variables it needs."""
        for name in type(self).model_fields:
            if name.endswith("_from") and (variable := getattr(self, name)):
                yield variable


class Robot(Channel):
    """A group robot of 企业微信."""

    kind: Literal["wecom"]
    url_from: Variable
    style: Literal["markdown", "text"] = "markdown"
    """text: also readable in WeChat itself, which shows no markdown."""


class SignedRobot(Channel):
    """A group robot of 钉钉 or 飞书, which may ask for a signature."""

    kind: Literal["dingtalk", "feishu"]
    url_from: Variable
    secret_from: Variable | None = None
    """What 加签 / 签名校验 gave; without it the robot must be bound by a key word or addresses."""


class Webhook(Channel):
    """Any program that takes JSON."""

    kind: Literal["json"]
    url_from: Variable
    bearer_from: Variable | None = None
    """A token sent as ``Authorization: Bearer …``."""


class Mail(Channel):
    """A mail server."""

    kind: Literal["smtp"]
    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    """Where not given: 587, 465 or 25, after ``security``."""
    security: Literal["starttls", "ssl", "none"] = "starttls"
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    to: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = Field(min_length=1)
    username_from: Variable | None = None
    password_from: Variable | None = None

    @model_validator(mode="after")
    def _credentials(self) -> Mail:
        if (self.username_from is None) != (self.password_from is None):
            raise PydanticCustomError("login", "username_from 和 password_from 要么都写，要么都不写")
        if self.username_from and self.security == "none":
            raise PydanticCustomError("login", "security 为 none 时口令会明文传送；请改用 starttls 或 ssl")
        return self


AnyChannel = Annotated[Union[Robot, SignedRobot, Webhook, Mail], Field(discriminator="kind")]  # noqa: UP007
CHANNELS: tuple[type[Channel], ...] = (Robot, SignedRobot, Webhook, Mail)


class Digest(_Model):
    """How often the state of things is told."""

    at_most_every_hours: int = Field(default=4, ge=0, le=24 * 31)
    repeat_days: int | None = Field(default=None, ge=1, le=366)
    """Tell again after so many days what is still overdue; where not given, only what changed is told."""


class Config(_Model):
    """The whole file."""

    site: str = Field(default="三年行动计划", min_length=1, max_length=40)
    """Stands in brackets before every title: a robot may be bound to a key word in it."""
    quiet_hours: Hours | None = None
    reminders: tuple[Annotated[int, Field(ge=-30, le=366)], ...] = (30, 7, 1, 0, -1)
    digest: Digest = Digest()
    channels: tuple[AnyChannel, ...] = Field(min_length=1)

    def is_quiet(self, moment: time) -> bool:
        if self.quiet_hours is None:
            return False
        start, end = self.quiet_hours
        return start <= moment < end if start <= end else moment >= start or moment < end


def secret(variable: str) -> str:
    """What an environment variable holds. Raises Unset."""
    if value := os.environ.get(variable, "").strip():
        return value
    raise Unset(variable)


def load(path: Path, plans: Mapping[str, object]) -> Config | None:
    """What the file says; None where there is none. Raises AlertsError with every mistake in it.

    ``plans``: those that channels may name; empty where they can't be read just now.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AlertsError([f"{path.name}:1: 无法读取：{error.strerror}"]) from None
    except UnicodeDecodeError:
        raise AlertsError([f"{path.name}:1: 不是UTF-8编码的文本"]) from None
    return parse(text, plans, path.name)


def parse(text: str, plans: Mapping[str, object], name: str = "alerts.yaml") -> Config:
    """The same of a text; ``name`` is what its mistakes call it."""
    try:
        read = source.parse(text)
    except source.SourceError as error:
        raise AlertsError([f"{name}:{error.line}: {error}"]) from None

    def mistake(where: source.Path, message: str) -> tuple[int, str]:
        place = read.written(where)
        field = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".")
        return read.line(place), f"{name}:{read.line(place)}: {field + ': ' if field else ''}{message}"

    found = [mistake(where, "写了两次，请留一处") for where in read.repeated]
    try:
        config = Config.model_validate(read.value if read.value is not None else {})
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        found += [mistake(_place(e["loc"]), _said(e)) for e in errors if not _is_echo(e, errors)]
    else:
        found += [mistake(where, message) for where, message in _check(config, plans)]
    if found:
        raise AlertsError([message for _, message in sorted(set(found))])
    return config


def _check(config: Config, plans: Mapping[str, object]) -> Iterator[tuple[source.Path, str]]:
    """What only several parts together show."""
    seen: set[str] = set()
    for number, channel in enumerate(config.channels):
        if channel.id in seen:
            yield ("channels", number, "id"), f"{channel.id} 已用于另一个渠道，请换一个名字"
        seen.add(channel.id)
        for place, plan in enumerate(channel.plans):
            if plans and plan not in plans:
                yield ("channels", number, "plans", place), f"没有方案 {plan}" + _hint(plan, plans)


def _is_echo(error: Any, errors: list[Any]) -> bool:
    """A list whose entries are wrong counts as too short as well."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(e["loc"][: len(loc)] == loc and e["loc"] != loc for e in errors)


def _place(loc: tuple[int | str, ...]) -> source.Path:
    """Where pydantic found something, as a path in the file: the kind it took a channel for is no step of it."""
    return loc[:2] + loc[3:] if len(loc) > 2 and loc[0] == "channels" else loc


_WRONG = {
    "missing": "必须填写",
    "union_tag_not_found": "必须写明 kind：wecom（企业微信）、dingtalk（钉钉）、feishu（飞书）、json 或 smtp（邮件）",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "string_type": "应为文字",
    "too_short": "至少写一项",
    "string_too_short": "不能为空",
    "string_pattern_mismatch": "应为邮箱地址",
    "tuple_type": "应为若干项，写成 [甲, 乙] 或以“-”开头的若干行",
    "model_type": "应为若干“名称: 值”",
    "model_attributes_type": "应为若干“名称: 值”",
}
"""What pydantic finds → what to do about it."""
_SECRET = {"url": "url_from", "webhook": "url_from", "secret": "secret_from", "password": "password_from"}
_SECRET |= {"token": "bearer_from", "bearer": "bearer_from", "username": "username_from", "key": "url_from"}


def _said(error: Any) -> str:
    kind, context, key = error["type"], error.get("ctx", {}), str((error["loc"] or ("",))[-1])
    if kind == "extra_forbidden":
        if key in _SECRET:
            return f"不要写在文件里：放进环境变量，这里写 {_SECRET[key]}: 变量名"
        return "没有这一项" + _hint(key, _keys(error["loc"]))
    if kind == "literal_error":
        words = re.findall(r"'([^']+)'", str(context["expected"]))
        return f"只能是 {'、'.join(words)}"
    if kind == "union_tag_invalid":
        return "kind 只能是 wecom（企业微信）、dingtalk（钉钉）、feishu（飞书）、json 或 smtp（邮件）"
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"不能{'小于' if kind.startswith('g') else '大于'} {context.get('ge', context.get('le'))}"
    if kind == "string_too_long":
        return f"不能超过 {context['max_length']} 个字"
    return _WRONG.get(kind, error["msg"])


def _keys(loc: tuple[int | str, ...]) -> list[str]:
    """What may stand where an unknown key stands."""
    if loc[0] == "digest" and len(loc) > 1:
        return list(Digest.model_fields)
    if loc[0] == "channels" and len(loc) > 2:
        kinds = {kind: one for one in CHANNELS for kind in get_args(one.model_fields["kind"].annotation)}
        return list(kinds[str(loc[2])].model_fields)
    return list(Config.model_fields)


def _hint(word: str, known: Any) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"；是不是 {close[0]}？" if close else f"；可用：{'、'.join(known)}"
