"""What every rule is called and how it speaks: complete, in clerks' words, with Chinese punctuation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.forms.problems import KINDS
from pipelines.intake.rules import RULES, names, title_of
from pipelines.intake.rules.catalogue import ELSEWHERE, page

NUMBERED = [*(f"R{n:02}" for n in range(1, 41)), *(f"T{n}" for n in range(1, 16))]
TEXTS = [(rule.id, text) for rule in RULES for text in (rule.message, rule.remedy)] + [
    (name, text) for name, kind in KINDS.items() for text in (kind.message, kind.remedy)
]
PROGRAMMERS = re.compile(
    r"null|none|true|false|字段|解析|校验失败|正则|布尔|枚举|异常|数据库|schema|parse", re.IGNORECASE
)


@pytest.mark.parametrize("rule_id", NUMBERED)
def test_every_numbered_rule_is_registered_or_says_why_not(rule_id: str) -> None:
    registered = rule_id in {rule.id for rule in RULES}
    assert registered != (rule_id in ELSEWHERE)
    assert rule_id in names()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_name_a_meaning_and_a_source(rule: object) -> None:
    name = names()[rule.id]  # type: ignore[attr-defined]
    assert re.search(r"[\u4e00-\u9fff]", name.title)
    assert 2 <= len(name.title) <= 12
    assert re.fullmatch(r"[A-Z].*\.", name.says)
    assert re.match(r"domain|SEMANTICS", name.source)


def test_every_rule_has_a_test() -> None:
    """At least one that names it; where it points is that test's to say."""
    own = Path(__file__)
    texts = "\n".join(path.read_text("utf-8") for path in own.parents[1].rglob("*.py") if path != own)
    assert not sorted(rule.id for rule in RULES if f'"{rule.id}"' not in texts)


def test_no_name_is_left_without_its_rule() -> None:
    """Findings that are made in other modules are known to the catalogue as well."""
    sources = "\n".join(
        path.read_text("utf-8") for path in (Path(__file__).parents[2] / "pipelines" / "intake").rglob("*.py")
    )
    registered = {rule.id for rule in RULES}
    assert not {
        rule for rule in names() if rule not in registered and f'"{rule}"' not in sources and rule not in ELSEWHERE
    }


def test_titles_tell_rules_apart() -> None:
    titles = [name.title for name in names().values()]
    assert len(set(titles)) == len(titles)
    assert title_of("R31") == "小区漏报"
    assert title_of("something_new") == "something_new"


@pytest.mark.parametrize(("rule", "text"), TEXTS)
def test_punctuation_and_words_are_a_clerk_s(rule: str, text: str) -> None:
    """Quoted headers, sheet names and values are written as they are; the sentence around them is Chinese."""
    bare = re.sub(r"“[^”]*”|「[^」]*」|\{[^}]*\}", "", text)
    assert not re.search(r"[():;,?!]", bare), text
    assert not PROGRAMMERS.search(bare), text
    assert not text.endswith("。"), text


def test_the_page_of_rules_is_up_to_date() -> None:
    written = Path(__file__).parents[2] / "docs" / "rules.md"
    assert written.read_text("utf-8") == page(), "make docs writes it anew"
