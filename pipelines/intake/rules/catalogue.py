"""docs/rules.md: every finding with its title, severity, words and source, made from the register itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.forms import FORMS
from pipelines.intake.issues import SEVERITY_NAMES
from pipelines.intake.rules.base import RULES, Rule, names

ELSEWHERE: dict[str, str] = {}
"""Rules of the reference that intake does not make, and why."""
CITY = {
    "R36": "One workbook shows two codes in itself; two districts that give one company two codes are a row of "
    "`mart_finding`.",
    "T6": "A workbook alone can only contradict itself: fewer typed than listed. Whether the number agrees with the "
    "lists of all districts (as its own part or as the whole) is a row of `mart_finding`.",
    "T7": "As T6, by area.",
    "R07": "The forms have no columns for sub-areas. Where a sheet has a complete set of its own (住宅 and 非住宅; "
    "住宅, 商业 and 其他; 地上 and 地下) it is checked; nothing of it is stored.",
    "T12": "Needs an earlier ledger, building sites included; the published bridge counts completed communities only.",
    "R30": "Needs an earlier ledger, as R31, R32, R33 and T12 do; `check` says when it has none.",
}
"""What a rule can and cannot see."""
_SCOPES = {
    "row": "row",
    "column": "column",
    "book": "workbook",
    "history": "earlier ledgers",
    "cell": "cell",
    "file": "file or sheet",
}


def _order(rule_id: str) -> tuple[int, int, str]:
    numbered = re.fullmatch(r"([RT])(\d+)", rule_id)
    return ("RT".index(numbered[1]), int(numbered[2]), "") if numbered else (2, 0, rule_id)


def page() -> str:
    """docs/rules.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield (
        "Every finding intake can make, made from the rules themselves (`make docs`). R and T numbers are those of the "
        "reference; the others are named after what they find. `退回` returns the workbook, `错误` withholds a value "
        "or sets a row aside, `提示` is kept and may be answered in the receipt's 说明 column. `…` stands for what was "
        "found."
    )
    yield ""
    cases: dict[str, list[Rule]] = {}
    for rule in RULES:
        cases.setdefault(rule.id, []).append(rule)
    for heading, wanted in (
        ("R: values, rows and earlier ledgers", "R"),
        ("T: totals and one sheet against another", "T"),
        ("Others", ""),
    ):
        yield f"## {heading}"
        yield ""
        yield "| rule | 名称 | severity | 表与列 | 问题 | 修改办法 | meaning | source |"
        yield "|---|---|---|---|---|---|---|---|"
        for rule_id in sorted(cases, key=_order):
            if (re.match(r"[RT]\d", rule_id) or [""])[0][:1] == wanted:
                yield from (_row(rule) for rule in cases[rule_id])
        yield ""
    yield "## What a rule can and cannot see"
    yield ""
    yield (
        "Rules judge one workbook, or one against its district's earlier ones. What only the whole area shows, and "
        "patterns that are worth a question (a target hit to the unit, identical rows, an unchanged ledger, one date "
        "everywhere, uncovered communities that vanished, a rate lifted by mergers …) are rows of `mart_finding`, each "
        "with its evidence and its workbook, and the rows it stands on in `mart_finding_example`; their names stand in "
        "`int_finding_kind`. They change no figure."
    )
    yield ""
    for rule_id in sorted({*CITY, *ELSEWHERE}, key=_order):
        yield f"- **{rule_id}** {names()[rule_id].title}: {CITY.get(rule_id) or ELSEWHERE[rule_id]}"


def _row(rule: Rule) -> str:
    name = names()[rule.id]
    message, remedy = (re.sub(r"(?:\{[^}]*\})+", "…", text) for text in (rule.message, rule.remedy))
    cells = (
        f"`{rule.id}`",
        name.title,
        SEVERITY_NAMES[rule.severity],
        _place(rule),
        message,
        remedy,
        f"{name.says} ({_SCOPES[rule.scope]})",
        name.source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _place(rule: Rule) -> str:
    if rule.form is None:
        return ""
    form = FORMS[rule.form]
    return f"{form.sheet}·{form.column(rule.field).header}" if rule.field else form.sheet
