"""The ``actionplan`` command. Exit codes: 0 done, 1 judged and found wanting, 2 wrong usage, 3 failure.

Every command imports what it needs when it runs: ``check`` and ``submit`` answer at once, without Dagster and dbt.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipelines import __version__, formats
from pipelines.locking import run_lock
from pipelines.settings import CHECKOUT, Limits, Workspace, local, now

if TYPE_CHECKING:
    from pipelines.alerts.service import Delivery
    from pipelines.plans.model import District, Period, Plan

JUDGED_WANTING, FAILED = 1, 3
DEMO_PLAN = "bayannur_2023_2025"
DEMO_NOW = "2025-12-05T09:00:00"

Command = TypeVar("Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """The command could not do its work."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        click.echo(f"失败：{self.message}", file=file or sys.stderr)


class Misuse(click.UsageError):
    """An argument names something that isn't there, or can't be meant; one line says what to write instead."""

    def show(self, file: Any = None) -> None:
        click.echo(f"用法有误：{self.message}", file=file or sys.stderr)


class Commands(click.Group):
    """Turns what goes wrong below into one line that says what to do, and the exit code that fits."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            raise Failure("已中断。没有丢失任何文件，再次运行会接着完成。") from None
        except BrokenPipeError:
            raise
        except Exception as error:
            raise _explained(error) from error


def _explained(error: Exception) -> click.ClickException:
    """An exception as one line: what is known by name, plan mistakes as they are, the rest with a trace."""
    from pipelines.failures import explained

    told = explained(error)
    if told.known:
        return Failure(str(told))
    trace = "".join(traceback.format_exception(error))
    if os.environ.get("ACTIONPLAN_DEBUG"):
        click.echo(trace, err=True)
    first = next(iter(str(error).strip().splitlines()), "")
    return Failure(f"{type(error).__name__}: {first}{_kept(trace)}")


def _kept(trace: str) -> str:
    """Keep an unexpected trace for the developers; where nothing can be written, say how to see it."""
    try:
        log = _located().build / "last-error.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(trace)
    except OSError:
        return "（设置 ACTIONPLAN_DEBUG=1 再运行可看到详情）"
    return f"（详情见 {log}）"


def _set_root(ctx: click.Context, _: click.Parameter, root: str | None) -> None:
    if root:
        ctx.meta["root"] = root


def _workspace() -> Workspace:
    """The workspace of the command in hand: ``--root``, wherever on the line it stands, else as usual.

    Raises FormatError for one that this program may not work on.
    """
    ws = _located()
    formats.check(ws)
    return ws


def _located() -> Workspace:
    return Workspace.locate(click.get_current_context().meta.get("root"))


root_option = click.option(
    "--root",
    type=click.Path(file_okay=False),
    expose_value=False,
    is_eager=True,
    callback=_set_root,
    help="工作区文件夹（默认：环境变量 ACTIONPLAN_ROOT，否则为本项目文件夹）",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="actionplan")
@root_option
def cli() -> None:
    """三年行动计划台账：收表、校验、汇总、考核、出报告。"""
    try:
        now()
    except ValueError:
        stated = os.environ["ACTIONPLAN_NOW"]
        raise Misuse(f"环境变量 ACTIONPLAN_NOW 的值 {stated!r} 不是日期时间，应形如 2025-12-05T09:00:00") from None
    try:
        Limits.stated()
    except ValueError:
        stated = os.environ["ACTIONPLAN_LIMITS"]
        raise Misuse(
            f"环境变量 ACTIONPLAN_LIMITS 的值 {stated!r} 无法识别，应形如 read_seconds=60 cells=5000000"
        ) from None


def main() -> None:
    """Entry point of the console script and of ``python -m pipelines``."""
    cli(prog_name="actionplan")


# ── what the arguments name ──────────────────────────────────────────────────────────────────────────────────────────


def _suggest(wrong: str, known: Iterable[str]) -> str:
    """The known words nearest to a wrong one, else all of them when they are few."""
    known = list(dict.fromkeys(known))
    near = difflib.get_close_matches(wrong, known, n=3, cutoff=0.5)
    near = near or [word for word in known if wrong in word or word in wrong][:3]
    if near:
        return f"是否指：{'、'.join(near)}？"
    return f"可用：{'、'.join(known[:12])}{' 等' if len(known) > 12 else ''}"


def _plans(ws: Workspace) -> dict[str, Plan]:
    from pipelines.plans.loader import load_plans

    return load_plans(ws.plans)


def _plan(ws: Workspace, text: str) -> Plan:
    from pipelines.plans.lookup import find_plan

    plans = _plans(ws)
    if plan := find_plan(plans, text):
        return plan
    raise Misuse(f"没有方案 {text!r}。{_suggest(text, plans)}")


def _district(plan: Plan, text: str) -> District:
    if district := plan.district(text):
        return district
    if plan.is_ambiguous(text):
        raise Misuse(f"{text!r} 可指 {plan.name.zh} 中的多个地区，请用全称或行政区划代码")
    known = [word for district in plan.districts for word in (district.name.zh, district.code)]
    raise Misuse(f"方案 {plan.id} 没有地区 {text!r}。{_suggest(text, known)}")


def _period(plan: Plan, text: str) -> Period:
    if period := plan.period(text):
        return period
    raise Misuse(f"方案 {plan.id} 没有填报期 {text!r}。{_suggest(text, (p.id for p in plan.periods))}")


def _selection(ws: Workspace, plan: str | None, period: str | None) -> tuple[str | None, str | None]:
    """The ids of ``--plan`` and ``--period``; a period alone must belong to one plan."""
    if plan:
        chosen = _plan(ws, plan)
        return chosen.id, _period(chosen, period).id if period else None
    if not period:
        return None, None
    having = [(p.id, found.id) for p in _plans(ws).values() if (found := p.period(period))]
    if len(having) == 1:
        return having[0]
    if having:
        raise Misuse(f"填报期 {period!r} 属于多个方案，请加 --plan：{'、'.join(p for p, _ in having)}")
    known = [p.id for plan_ in _plans(ws).values() for p in plan_.periods]
    raise Misuse(f"没有填报期 {period!r}。{_suggest(period, known)}")


def _where(ws: Workspace, plan: str | None, district: str | None) -> tuple[str | None, str | None]:
    """The ids of ``--plan`` and ``--district``; a district alone must belong to one plan."""
    if plan:
        chosen = _plan(ws, plan)
        return chosen.id, _district(chosen, district).code if district else None
    if not district:
        return None, None
    plans = _plans(ws).values()
    having = [(p.id, found.code) for p in plans if (found := p.district(district))]
    if len(having) == 1:
        return having[0]
    if having:
        raise Misuse(f"地区 {district!r} 属于多个方案，请加 --plan：{'、'.join(p for p, _ in having)}")
    if any(p.is_ambiguous(district) for p in plans):
        raise Misuse(f"{district!r} 可指多个地区，请用全称或行政区划代码")
    known = [word for p in plans for d in p.districts for word in (d.name.zh, d.code)]
    raise Misuse(f"没有地区 {district!r}。{_suggest(district, known)}")


class Moment(click.ParamType[datetime]):
    """An ISO date or date-time, as Asia/Shanghai local time."""

    name = "datetime"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return local(datetime.fromisoformat(value))
        except ValueError:
            self.fail(f"{value!r} 不是日期时间，应形如 2024-11-28 或 2024-11-28T15:30:00", param, ctx)


plan_option = click.option("--plan", metavar="P", help="方案编号或名称，例如 bayannur_2023_2025")
period_option = click.option("--period", metavar="T", help="填报期，例如 2024-11")
files_argument = click.argument("files", nargs=-1, required=True, metavar="文件…", type=click.Path(path_type=Path))


def _set_volume(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    """Remember one of the two; on the line they may stand in any order."""
    ctx.meta[f"volume.{param.name}"] = wanted
    if ctx.meta.get("volume.verbose") and ctx.meta.get("volume.quiet"):
        raise Misuse("--verbose 和 --quiet 不能同时使用：前者显示每个细节，后者只显示错误")


def volume_options(command: Command) -> Command:
    """``--verbose`` and ``--quiet``."""
    given: dict[str, Any] = {"is_flag": True, "expose_value": False, "callback": _set_volume}
    quiet = click.option("--quiet", "-q", help="只显示错误", **given)
    verbose = click.option("--verbose", "-v", help="显示每份填报表、每个数据模型和每个页面", **given)
    return verbose(quiet(command))


def _volume() -> dict[str, bool]:
    """How much the command in hand is to say."""
    meta = click.get_current_context().meta
    return {name: bool(meta.get(f"volume.{name}")) for name in ("verbose", "quiet")}


def _watched() -> AbstractContextManager[None]:
    """Within the block the stages of the work are shown, as much of them as is wanted."""
    from pipelines.progress import watched

    volume = _volume()
    return watched(verbose=volume["verbose"], quiet=volume["quiet"])


def _say(*lines: str) -> None:
    """Lines of result, unless only errors are wanted."""
    if not _volume()["quiet"]:
        for line in lines:
            click.echo(line)


json_option = click.option("--json", "as_json", is_flag=True, help="输出 JSON，供程序读取")


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@cli.command()
@root_option
@click.option("--plan", required=True, metavar="P", help="方案编号或名称")
@click.option("--district", required=True, metavar="D", help="填报单位：名称或行政区划代码")
@click.option("--period", required=True, metavar="T", help="填报期，例如 2024-11")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="保存为（默认：当前文件夹）")
def template(plan: str, district: str, period: str, output: Path | None) -> None:
    """生成一份空白填报表（带下拉选项、单位和填写说明）。"""
    chosen = _plan(_workspace(), plan)
    unit, occasion = _district(chosen, district), _period(chosen, period)
    from pipelines.intake.template import write_template

    path = output or Path(f"{unit.name.zh}_{occasion.id}_填报表.xlsx")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_template(chosen, unit, occasion, path)
    click.echo(f"已生成 {path}")


@cli.command()
@root_option
@files_argument
@json_option
@click.option(
    "--receipt",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="文件夹",
    help="把回执（标出问题的工作簿和 JSON）写到这个文件夹",
)
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool, folder: Path | None) -> None:
    """校验填报表，不入库；结论与正式报送一致。有退回或错误时退出码为 1。"""
    ws = _workspace()
    _existing(files)
    from pipelines.commands.check import check_files

    with check_files(ws, files, _plans(ws)) as results:
        if as_json:
            click.echo(json.dumps([result.as_dict() for result in results], ensure_ascii=False, indent=2, default=str))
        else:
            for number, result in enumerate(results):
                click.echo(("\n" if number else "") + "\n".join(result.lines()))
        if folder:
            for result in results:
                path = result.write_receipt(folder)
                click.echo(f"回执：{path}（各项指标的数据在正式报送并汇总后填入）", err=as_json)
    ctx.exit(JUDGED_WANTING if any(result.wanting for result in results) else 0)


def _existing(files: Iterable[Path]) -> None:
    """Refuse names of which nothing exists; what exists but can't be read is for intake to judge."""
    for path in files:
        if not path.exists() and not path.is_symlink():
            raise Misuse(f"文件不存在：{path}")


@cli.command()
@root_option
@volume_options
@files_argument
@click.option("--received-at", type=Moment(), metavar="时间", help="实际收到的时间，用于补录早前收到的文件")
def submit(files: tuple[Path, ...], received_at: datetime | None) -> None:
    """把填报表、压缩包，或装有填报表和佐证材料(evidence)的文件夹放进收件箱；下次 actionplan run 时处理。"""
    _existing(files)
    from pipelines.intake.evidence import FOLDERS
    from pipelines.intake.receive import submit as put

    for path in files:
        if path.is_dir() and path.absolute().name.lower() in FOLDERS:
            raise Misuse(f"{path} 里只有佐证材料：请提交它所在的、装有填报表的文件夹")

    ws = _workspace().prepare()
    if received_at and received_at > now():
        raise Misuse(f"--received-at {received_at:%Y-%m-%d %H:%M} 晚于现在（{now():%Y-%m-%d %H:%M}）")
    for path in put(ws, files, received_at=received_at):
        size = f"（{path.stat().st_size / 1024:,.0f} KB）" if _volume()["verbose"] else ""
        _say(f"已放入收件箱：{path.relative_to(ws.root)}{size}")


@cli.command()
@root_option
@volume_options
@plan_option
@period_option
def run(plan: str | None, period: str | None) -> None:
    """接收收件箱并更新全部数据和报告（通过 Dagster，在一个进程内）；结束时给出小结，并发送该发的通知。"""
    from pipelines.commands.run import run as start
    from pipelines.summary import Names, lines

    ws = _workspace()
    plan_id, period_id = _selection(ws, plan, period)
    with _watched():
        told = start(ws, plan_id, period_id, _say_delivered)
    _say(*lines(told, Names(_plans(ws))))
    _say_where(ws, plan_id)


@cli.command()
@root_option
@click.option("--host", default="127.0.0.1", show_default=True, metavar="地址", help="页面的监听地址")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="页面的端口")
@click.option("--only", type=click.Choice(["web", "daemon"]), help="只启动页面(web)或后台服务(daemon)")
@click.option("--read-only", is_flag=True, help="页面只能查看，不能启动运行")
def serve(host: str, port: int, only: str | None, read_only: bool) -> None:
    """启动 Dagster 的页面和后台服务：自动接收收件箱，按填报日历和每夜更新；按 Ctrl-C 停止。"""
    from pipelines.commands.serve import PARTS, CannotServe
    from pipelines.commands.serve import serve as start

    ws = _workspace()
    _plans(ws)  # a broken plan file is told at once
    try:
        start(ws, host=host, port=port, parts=[only] if only else PARTS, read_only=read_only, say=click.echo)
    except CannotServe as reason:
        raise Failure(str(reason)) from None


def _say_delivered(delivery: Delivery) -> None:
    if delivery.trouble:
        click.echo(delivery, err=True)
    else:
        _say(str(delivery))


def _say_where(ws: Workspace, plan_id: str | None) -> None:
    for page in sorted(ws.reports.glob(f"{plan_id or '*'}/index.html")):
        if "@" not in page.parent.name:  # an earlier publication
            _say(f"报告：{page}")


@cli.command()
@root_option
@click.argument("number", metavar="[个数]", default=10, type=click.IntRange(1, 200))
@click.option("--run", "run_id", metavar="编号", help="只看一次运行的小结和各阶段用时")
@json_option
def runs(number: int, run_id: str | None, as_json: bool) -> None:
    """最近的运行：结果、用时、收到和退回的份数（记录在 logs/ 中）。"""
    from pipelines import journal
    from pipelines.commands.runs import table
    from pipelines.summary import Names, lines

    ws = _workspace()
    if run_id:
        if (found := journal.find(ws, run_id)) is None:
            raise Misuse(f"没有编号以 {run_id} 开头的运行；actionplan runs 列出最近的运行")
        told = [found]
    else:
        told = list(journal.runs(ws, number))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in told], ensure_ascii=False, indent=2))
    elif run_id:
        click.echo("\n".join(lines(told[0], Names(_plans(ws)))))
    else:
        click.echo("\n".join(table(told)) if told else "还没有运行过。")


@cli.command()
@root_option
@volume_options
@plan_option
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="日期", help="按截至该日（含）已知的情况重出")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="报告语言")
def report(plan: str | None, as_of: datetime | None, lang: str) -> None:
    """由已发布的数据重新生成报告；--as-of 按过去某日已知的情况重出。"""
    from pipelines.commands.report import NothingKnown, report_as_known_on, report_as_published

    ws = _workspace()
    plan_id = _plan(ws, plan).id if plan else None
    with _watched(), run_lock(ws, "actionplan report"):
        formats.check_upgraded(ws)
        if as_of is None:
            pages = report_as_published(ws, plan_id, lang)
        elif as_of > now():
            raise Misuse(f"--as-of {as_of:%Y-%m-%d} 晚于今天（{now():%Y-%m-%d}）")
        else:
            try:
                pages = report_as_known_on(ws, _plans(ws), as_of.date(), plan_id, lang)
            except NothingKnown as nothing:
                earliest = f"（最早的一份收于 {nothing.first:%Y-%m-%d}）" if nothing.first else ""
                raise Misuse(f"截至 {as_of:%Y-%m-%d} 没有收到过报表{earliest}，没有可重出的报告") from None
    for page in pages:
        if page.name == "index.html":
            _say(f"报告：{page}")


@cli.command()
@root_option
@plan_option
@json_option
def status(plan: str | None, as_json: bool) -> None:
    """谁已报送、谁被退回、谁逾期未报。"""
    from pipelines.commands.status import read_status

    ws = _workspace()
    overview = read_status(ws, now(), _plan(ws, plan).id if plan else None)
    if as_json:
        click.echo(json.dumps(overview.as_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(overview.lines()))


@cli.command()
@root_option
@click.option("--preview", is_flag=True, help="显示现在会发送的通知，不发送（默认）")
@click.option("--send", is_flag=True, help="发送现在该发的通知（actionplan run 结束时也会发送）")
@click.option("--test", is_flag=True, help="向每个渠道发一条测试消息")
@click.pass_context
def alerts(ctx: click.Context, preview: bool, send: bool, test: bool) -> None:
    """企业微信、钉钉、飞书、邮件通知（alerts.yaml）：有哪些渠道，现在会发什么；测试渠道。"""
    from pipelines.alerts.config import AlertsError
    from pipelines.alerts.service import send_test, tell
    from pipelines.commands.alerts import NONE, overview, read, upcoming

    if preview + send + test > 1:
        raise Misuse("--preview、--send、--test 一次只能用一个")
    ws = _workspace()
    plans, moment = _plans(ws), now()
    try:
        found = read(ws, plans, moment)
        deliveries = tell(ws, plans, moment) if send else []
    except AlertsError as error:
        click.echo(f"alerts.yaml 有误，请逐条改正：\n{error}", err=True)
        ctx.exit(JUDGED_WANTING)
    if found is None:
        click.echo(NONE)
        return
    config, would_send = found
    if test:
        deliveries = list(send_test(config, moment))
    elif not send:
        click.echo("\n".join([*overview(config), "", *upcoming(would_send, config)]))
    elif not deliveries:
        click.echo("现在是免打扰时段，没有发送。" if would_send.is_quiet else "没有需要发送的通知。")
    for delivery in deliveries:
        click.echo(delivery, err=bool(delivery.trouble))
    ctx.exit(FAILED if any(delivery.trouble for delivery in deliveries) else 0)


@cli.command()
@root_option
@plan_option
@click.option("--district", metavar="D", help="只看一个地区：名称或行政区划代码")
@click.option("--write", is_flag=True, help="把建议追加到 data/raw/register/<方案>_proposals.csv，供核对；不会自动生效")
@json_option
def register(plan: str | None, district: str | None, write: bool, as_json: bool) -> None:
    """疑似重复、更名、合并的小区及依据，漏报的小区，未起作用的认定。"""
    from pipelines.commands.register import read_register
    from pipelines.warehouse.decisions import DecisionError
    from pipelines.warehouse.proposals_file import ProposalFileError

    ws = _workspace()
    plan_id, district_code = _where(ws, plan, district)
    try:
        overview = read_register(ws, _plans(ws), now(), plan_id, district_code, write)
    except (DecisionError, ProposalFileError) as error:
        raise Failure(str(error)) from None
    if as_json:
        click.echo(json.dumps(overview.as_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(overview.lines()))


@cli.command()
@root_option
@click.option("--plan", required=True, metavar="P", help="方案编号或名称")
@click.option(
    "--what-if",
    "changes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="试算文件（YAML）：改变权重、参数、目标、等次或数值，写法见 docs/howto-what-if.md",
)
@click.option("--district", metavar="D", help="只看一个地区：名称或行政区划代码")
@json_option
def assess(plan: str, changes: Path | None, district: str | None, as_json: bool) -> None:
    """考核得分、名次和失分原因；--what-if 按假设情形试算，不影响已发布的结果。"""
    from pipelines.commands.assess import assess_plan
    from pipelines.warehouse.judged import NothingBuilt
    from pipelines.warehouse.what_if import WhatIfError, read

    ws = _workspace()
    chosen = _plan(ws, plan)
    if chosen.rubric is None:
        raise Misuse(f"方案 {chosen.id} 没有考核办法")
    code = _district(chosen, district).code if district else None
    try:
        result = assess_plan(ws, chosen, (changes, read(changes, chosen)) if changes else None, code)
    except WhatIfError as error:
        raise Misuse(f"试算文件有误，请改正：\n{error}") from None
    except NothingBuilt:
        raise Failure("还没有可供考核的数据，请先运行 actionplan run") from None
    if as_json:
        click.echo(json.dumps(result.as_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(result.lines()))


@cli.command()
@root_option
@click.option("--repair", is_flag=True, help="修复能重建的；被替换的文件移到 data/raw/.set-aside/，不删除")
@json_option
@click.pass_context
def doctor(ctx: click.Context, repair: bool, as_json: bool) -> None:
    """检查工作区：原件、记录、回执、已发布的数据、报告、运行历史、磁盘。发现问题时退出码为 1。"""
    from pipelines.commands.doctor import lines
    from pipelines.progress import watched
    from pipelines.upkeep.doctor import examine

    with watched():
        examination = examine(_workspace(), repair=repair)
    if as_json:
        click.echo(json.dumps(examination.as_dict(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(lines(examination, repaired=repair)))
    ctx.exit(JUDGED_WANTING if examination.wanting else 0)


@cli.command()
@root_option
@click.argument("target", metavar="备份位置", type=click.Path(file_okay=False, path_type=Path))
@click.option("--list", "only_list", is_flag=True, help="列出已有的备份")
@click.option("--verify", "only_verify", is_flag=True, help="核对已有的备份是否完好，不做新的备份")
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="做完后只留最近 N 次备份")
@click.pass_context
def backup(ctx: click.Context, target: Path, only_list: bool, only_verify: bool, keep: int | None) -> None:
    """备份不能重建的数据（原件、记录、回执、认定、方案、各次发布）；没有变化的文件不重复存放。"""
    from pipelines.commands import backup as commands
    from pipelines.progress import watched
    from pipelines.upkeep.backup import BackupError

    try:
        with watched():
            if only_list:
                said, is_sound = commands.listed(target), True
            elif only_verify:
                said, is_sound = commands.verified(target)
            else:
                said, is_sound = commands.made(_workspace(), target, keep)
    except BackupError as error:
        raise Failure(str(error)) from None
    click.echo("\n".join(said))
    ctx.exit(0 if is_sound else JUDGED_WANTING)


@cli.command()
@root_option
@click.argument("source", metavar="备份位置", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--as-of", metavar="时间", help="用这一时间及以前最新的备份，例如 2025-12-05（默认：最新的）")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), metavar="文件夹", help="恢复到这个文件夹")
def restore(source: Path, as_of: str | None, into: Path | None) -> None:
    """由备份恢复工作区：先核对备份，再放回；不覆盖别的数据。"""
    from pipelines.progress import watched
    from pipelines.upkeep.backup import BackupError, find
    from pipelines.upkeep.restore import restore as put_back

    ws = Workspace.locate(into) if into else _located()
    try:
        with watched():
            chosen = find(source, as_of)
            put_back(source, chosen, ws)
    except BackupError as error:
        raise Failure(str(error)) from None
    click.echo(f"已恢复 {chosen.moment} 的备份（{len(chosen.files)} 个文件）到 {ws.root}")
    click.echo("请运行 actionplan run，重新生成数据和报告。")


@cli.group(invoke_without_command=True)
@root_option
@click.pass_context
def plans(ctx: click.Context) -> None:
    """列出方案；plans check 检查方案文件。"""
    if ctx.invoked_subcommand:
        return
    for plan in _plans(_workspace()).values():
        span = f"{plan.start:%Y-%m-%d} 至 {plan.end:%Y-%m-%d}" if plan.start and plan.end else ""
        click.echo(f"{plan.id}\t{plan.name.zh}\t{span}\t{_counts(plan)}")


@plans.command("check")
@root_option
@files_argument
@click.pass_context
def plans_check(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """检查方案文件，逐条指出文件、行和字段。"""
    from pipelines.plans.loader import check_file, look_over

    _existing(files)
    wanting = False
    for path in files:
        mistakes = check_file(path)
        wanting = wanting or bool(mistakes)
        for mistake in mistakes:
            click.echo(str(mistake))
        if mistakes:
            click.echo(f"{path}：{len(mistakes)} 处错误")
        elif seen := look_over(path):
            plan, doubts = seen
            for doubt in doubts:
                click.echo(f"提示 {doubt}")
            click.echo(f"{path}：没有发现错误（{_counts(plan)}）")
    ctx.exit(JUDGED_WANTING if wanting else 0)


def _counts(plan: Plan) -> str:
    """What a plan holds, in a few words: whoever wrote it sees whether everything was understood."""
    parts = [f"{len(plan.districts)} 个地区", f"{len(plan.periods)} 个填报期", f"{len(plan.indicators)} 项指标"]
    parts += [f"{len(plan.milestones)} 个目标节点"] if plan.milestones else []
    parts += [f"评分表 {len(plan.rubric.items)} 项"] if plan.rubric else []
    return "，".join(parts)


@cli.command()
@root_option
@volume_options
@plan_option
def demo(plan: str | None) -> None:
    """用虚构数据演示一个方案（--plan all 为全部方案）的全过程，从收表到报告（默认写入 demo/ 文件夹）。"""
    from pipelines.commands.demo import NotADemo, run_demo
    from pipelines.summary import Names, lines

    named = click.get_current_context().meta.get("root") or os.environ.get("ACTIONPLAN_ROOT")
    ws = Workspace.locate(named or CHECKOUT / "demo")
    os.environ.setdefault("ACTIONPLAN_NOW", DEMO_NOW)
    chosen = list(_plans(ws).values()) if plan == "all" else [_plan(ws, plan or DEMO_PLAN)]
    try:
        with _watched():
            told = run_demo(ws, chosen)
    except NotADemo:
        raise Misuse(
            f"{ws.root} 中有不是演示生成的文件，演示会清空它自己的工作区；请用 --root 指定一个空文件夹"
        ) from None
    _say(*lines(told, Names(_plans(ws))))
    pages = "\n".join(str(ws.reports / shown.id / "index.html") for shown in chosen)
    _say(f"演示完成，请在浏览器中打开：{pages}" if len(chosen) == 1 else f"演示完成，请在浏览器中打开：\n{pages}")
