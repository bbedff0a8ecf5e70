"""Conditions of plans in words."""

from __future__ import annotations

import re

import pytest
import yaml

from pipelines.plans import load_plans
from pipelines.plans.entities import ENTITIES
from pipelines.reporting import conditions
from pipelines.reporting.conditions import in_words, noun
from pipelines.reporting.messages import LANGUAGES

SAID = [
    ("community", "true", "", ""),
    ("community", "is_professional", "由物业服务企业管理", "served by a property-management company"),
    (
        "community",
        "is_old_community and renovation_status in ('in_progress', 'completed')",
        "列为老旧小区；且改造状态为“改造中”、“已改造”",
        "listed as an old community; and state of an old community's renovation is “in progress” or “completed”",
    ),
    (
        "dispute",
        "is_due and not coalesce(is_repeat, false)",
        "办理期限已到；且不属于：重复件",
        "its time limit has passed by the as-of date; and not: repeats an earlier case",
    ),
    (
        "community",
        "has_party_org and coalesce(party_activities, 1) > 0",
        "有党组织覆盖；且党组织本年活动次数（未填按1计）大于0",
        "covered by a party organisation; and activities of its party organisation in the year; null where none are "
        "recorded (blank counts as 1) more than 0",
    ),
    ("neighbourhood", "part_time_staff between 1 and 2", "兼职人员数在1至2之间", "part-time staff from 1 to 2"),
    ("committee", "term_start >= date '2019-01-01'", "任期起始日期不少于2019年1月1日", None),
    ("committee", "exit_audited is not null", "已填写换届或离任已审计", None),
    ("committee", "party_member_count * 2 >= member_count", "党员委员人数 × 2不少于委员人数", None),
    (
        "company",
        "(is_brand or is_model) and is_active",
        "（获品牌企业认定，或者获市级示范企业认定）；且在营（未填状态的视为在营）",
        None,
    ),
    ("task", "least(coalesce(actual, 0), planned)", "完成数（未填按0计）、计划数中的较小者", None),
    ("task", "case when is_done then 1 else 0 end", "CASE WHEN is_done THEN 1 ELSE 0 END", None),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "sql", "zh", "en"), SAID, ids=[sql for _, sql, *_ in SAID])
def test_a_condition_in_words(entity: str, sql: str, zh: str, en: str | None) -> None:
    assert in_words(sql, entity, "zh") == zh
    if en is not None:
        assert in_words(sql, entity, "en") == en


def test_every_column_has_a_name_and_no_other() -> None:
    text = (conditions.files("pipelines.reporting") / "catalogue" / "columns.yaml").read_text("utf-8")
    named = yaml.safe_load(text)
    assert {entity: set(words) - {"noun"} for entity, words in named.items()} == {
        name: {column.name for column in entity.columns} for name, entity in ENTITIES.items()
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_condition_of_every_plan_is_said_without_code(lang: str) -> None:
    for plan in load_plans().values():
        for indicator in plan.indicators:
            assert noun(indicator.entity, lang)
            sums = [sql for measure in indicator.bases.values() for sql in (measure.numerator, measure.denominator)]
            for sql in (indicator.denominator, indicator.numerator, indicator.strict, *sums):
                said = re.sub("“.*?”", "", in_words(sql, indicator.entity, lang)) if sql else ""
                assert "_" not in said, (sql, said)
