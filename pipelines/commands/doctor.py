"""``actionplan doctor`` in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipelines.upkeep.doctor import Examination
from pipelines.upkeep.findings import Finding

SHOWN = 20
"""Findings of one kind that are listed."""


def lines(examination: Examination, *, repaired: bool) -> Iterator[str]:
    """For a terminal: what was mended, what is wrong and what to do, and whether all is well."""
    if examination.mended:
        yield f"已修复 {len(examination.mended)} 处："
        yield from (_where(finding) for finding in examination.mended)
        yield "被替换的文件都移到 data/raw/.set-aside/（运行历史移到原处旁边），没有删除。"
        yield "请运行 actionplan run，由存档原件重读并重新生成数据和报告。"
    wanting = examination.wanting
    if wanting:
        yield f"{'仍有' if repaired else '发现'} {len(wanting)} 处问题："
        shown = Counter[str]()
        for finding in wanting:
            shown[finding.check] += 1
            if shown[finding.check] <= SHOWN:
                yield _where(finding)
                yield f"      办法：{finding.remedy}"
        if more := sum(max(0, count - SHOWN) for count in shown.values()):
            yield f"  · 另有 {more} 处同类问题，用 --json 可看到全部"
        if not repaired and any(finding.can_be_mended for finding in wanting):
            yield "其中可以自动修复的，用 actionplan doctor --repair 修复。"
    for finding in examination.findings:
        if finding.is_notice:
            yield f"提示：{finding.where + '：' if finding.where else ''}{finding.what}（{finding.remedy}）"
    if not wanting and not examination.mended:
        yield "没有发现问题。"


def _where(finding: Finding) -> str:
    return f"  · {finding.where + '：' if finding.where else ''}{finding.what}"
