"""The last runs, as ``actionplan runs`` lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipelines.journal import Summary
from pipelines.letters import padded
from pipelines.summary import RESULTS, spell


def table(told: Iterable[Summary]) -> Iterator[str]:
    """Runs, a line each, newest first."""
    yield "开始时间             编号      结果    用时         收到  退回  由谁运行"
    for one in told:
        received, returned = sum(one.received.values()), one.received.get("returned", 0)
        result, took = padded(RESULTS[one.result], 6), padded(spell(one.seconds) if one.seconds else "", 11)
        when = one.started.replace("T", " ")
        yield f"{when}  {one.run_id[:8]}  {result}  {took}  {received:>4}  {returned:>4}  {one.what}"
        if one.result != "done" and (one.failure or one.failed_stage):
            yield f"  停在“{one.failed_stage}”{f'：{one.failure}' if one.failure else ''}"
