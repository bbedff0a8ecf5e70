"""The order of things: what each channel has not been told yet, sent and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from pipelines.alerts import facts, news, transport
from pipelines.alerts.config import AlertsError, Channel, Config, load
from pipelines.alerts.facts import Facts
from pipelines.alerts.formats import parcels
from pipelines.alerts.memory import Failing, Memory, Told, failed, failing, memory, recall, succeeded
from pipelines.alerts.messages import Message
from pipelines.failures import explained
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.plans.model import Plan

Keep = Callable[[Told], Told]


@dataclass(frozen=True)
class Pending:
    """A message a channel is due, and what its memory becomes when it has arrived."""

    channel: Channel
    message: Message
    keep: Keep


@dataclass(frozen=True)
class Delivery:
    """What became of a message."""

    channel: str
    title: str
    trouble: str = ""
    """Why it did not arrive; it is tried again at the next occasion."""
    remark: str = ""
    """It arrived, but not everywhere."""
    is_down: bool = False
    """Nothing else would arrive by this channel just now."""

    def __str__(self) -> str:
        if self.trouble:
            return f"通知未送达：{self.channel}“{self.title}”：{self.trouble}；下次运行时再试"
        return f"已通知：{self.channel}“{self.title}”" + (f"（{self.remark}）" if self.remark else "")


@dataclass(frozen=True)
class Outlook:
    """What would be sent just now."""

    pending: list[Pending] = field(default_factory=list)
    is_quiet: bool = False


def tell(
    ws: Workspace, plans: Mapping[str, Plan], now: datetime, *, pauses: Sequence[float] = transport.PAUSES
) -> list[Delivery]:
    """Send every channel what it has not been told; nothing where there is no ``alerts.yaml`` or nothing to tell.

    Channels are served side by side, so that a dead one costs no more than its own attempts. Raises AlertsError for a
    file with mistakes and OSError where the workspace can't be written; a channel that fails raises nothing.
    """
    config = load(ws.alerts, plans)
    if config is None or config.is_quiet(now.time()):
        return []
    with memory(ws) as told:
        if told is None:
            return []
        waiting = _pending(ws, plans, config, told, now)
        writing = Lock()

        def serve(channel: Channel) -> list[Delivery]:
            done = []
            for one in waiting:
                if one.channel is channel:
                    delivery = _deliver(channel, one.message, config.site, pauses)
                    with writing:
                        arrived, remark = not delivery.trouble, delivery.trouble or delivery.remark
                        told.note(now, channel.id, one.message.kind, arrived=arrived, remark=remark)
                        if arrived:
                            told.keep(channel.id, one.keep(told.of(channel.id)))
                    done.append(delivery)
                    if delivery.is_down:
                        break
            return done

        served = list(dict.fromkeys(one.channel for one in waiting))
        if not served:
            return []
        with ThreadPoolExecutor(len(served)) as pool:
            return [delivery for deliveries in pool.map(serve, served) for delivery in deliveries]


def after_run(
    ws: Workspace,
    plans: Mapping[str, Plan],
    now: datetime,
    scope: str,
    failure: Failing | None = None,
    *,
    pauses: Sequence[float] = transport.PAUSES,
) -> list[Delivery]:
    """Note how a run over ``scope`` ended and tell what there is to tell; whatever goes wrong here is told, not raised.

    ``failure``: why it failed; None where it went well.
    """
    if not ws.alerts.exists():
        return []
    try:
        if failure:
            failed(ws, scope, failure)
        else:
            succeeded(ws, scope)
        return tell(ws, plans, now, pauses=pauses)
    except AlertsError as error:
        return [Delivery("alerts.yaml", "全部通知", trouble=f"文件有误：{error.mistakes[0]}")]
    except Exception as error:
        return [Delivery("alerts.yaml", "全部通知", trouble=explained(error).line)]


def outlook(ws: Workspace, plans: Mapping[str, Plan], now: datetime) -> Outlook | None:
    """What would be sent, without sending; None where there is no ``alerts.yaml``. Raises AlertsError."""
    config = load(ws.alerts, plans)
    if config is None:
        return None
    return Outlook(_pending(ws, plans, config, recall(ws), now), config.is_quiet(now.time()))


def send_test(config: Config, now: datetime, *, pauses: Sequence[float] = ()) -> Iterator[Delivery]:
    """A message to every channel, at any hour; a failure is told at once."""
    for channel in config.channels:
        yield _deliver(channel, news.test(now), config.site, pauses)


def _deliver(channel: Channel, message: Message, site: str, pauses: Sequence[float]) -> Delivery:
    """A message of which the first piece arrived has been told: the whole of it once more would be worse."""
    remarks = []
    for number, piece in enumerate(parcels(channel, message, site)):
        try:
            remarks.append(transport.send(channel, piece, pauses=pauses))
        except transport.SendError as error:
            if number == 0:
                return Delivery(channel.id, message.title, trouble=str(error), is_down=error.again)
            remarks.append(f"只送达前 {number} 条：{error}")
            break
    return Delivery(channel.id, message.title, remark="；".join(filter(None, remarks)))


def _pending(ws: Workspace, plans: Mapping[str, Plan], config: Config, told: Memory, now: datetime) -> list[Pending]:
    today = facts.read(ws, now.date())
    broken = failing(ws)
    return [
        pending
        for channel in config.channels
        for pending in _of_channel(channel, config, plans, today, broken, told.of(channel.id), now)
    ]


def _of_channel(
    channel: Channel,
    config: Config,
    plans: Mapping[str, Plan],
    today: Facts,
    broken: Mapping[str, Failing],
    told: Told,
    now: datetime,
) -> Iterator[Pending]:
    """What one channel has not been told yet."""
    if "failures" in channel.tell:
        signatures = {scope: one.signature for scope, one in broken.items()}
        if message := news.failures(broken, told.failures):
            yield Pending(channel, message, lambda told: told.model_copy(update={"failures": signatures}))
        if message := news.recovered(broken, told.failures):
            yield Pending(channel, message, lambda told: told.model_copy(update={"failures": {}}))
    if "reminders" in channel.tell:
        due = news.reminders(plans, today, config.reminders, told.reminders, channel.plans)
        if due:
            message, keys = due
            known = told.reminders | dict.fromkeys(keys, now)
            yield Pending(channel, message, lambda told: told.model_copy(update={"reminders": known}))
    if "digest" in channel.tell:
        shot = news.snapshot(today, now, channel.plans)
        if news.is_due(shot, told.digest, config.digest):
            message = news.digest(today, shot, told.digest, channel.plans)
            yield Pending(channel, message, lambda told: told.model_copy(update={"digest": shot}))
