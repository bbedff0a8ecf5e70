from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import pipelines.reporting
from pipelines.reporting.messages import LANGUAGES, catalogue

TEMPLATES = sorted((Path(pipelines.reporting.__file__).parent / "templates").glob("*.j2"))


FORMATTED = {"y", "m", "d", "name", "time", "ten_thousands", "square_metres"}
"""What numbers and dates are made of: each language takes what it writes."""


def _forms(lang: str) -> dict[str, set[str]]:
    """Key without its plural form → placeholders used by any of its forms."""
    found: dict[str, set[str]] = {}
    for key, message in catalogue(lang).messages.items():
        names = {name for _, name, _, _ in string.Formatter().parse(message) if name and name not in FORMATTED}
        found.setdefault(re.sub(r"\.(one|other)$", "", key), set()).update(names)
    return found


def test_every_language_says_everything() -> None:
    first, *others = (_forms(lang) for lang in LANGUAGES)
    for other in others:
        assert first.keys() == other.keys()
        # A language may leave out what it has no use for, never ask for more.
        assert {key for key in first if not other[key] <= first[key]} == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_ask_only_for_messages_there_are(template: Path) -> None:
    known = _forms("zh")
    asked = set(re.findall(r'\bt\("([a-z_.]+[a-z_])"', template.read_text("utf-8")))
    assert asked - known.keys() == set()


def test_values_are_escaped_and_numbers_grouped() -> None:
    t = catalogue("zh")
    assert t("title.index", region="<b>") == "&lt;b&gt;目标完成情况"
    assert t("gap_unit.communities", n=1234) == "1,234个小区"
    assert catalogue("en")("gap_unit.communities", n=1) == "1 community"
    assert catalogue("en")("gap_unit.communities", n=2) == "2 communities"


def test_a_code_without_a_word_is_shown_as_it_is() -> None:
    assert catalogue("zh").label("mode", "<new>") == "<new>"


def test_every_code_that_districts_report_has_a_word() -> None:
    from pipelines.forms import FORMS

    for form, field, family in (("community", "management_mode", "mode"), ("committee", "body_type", "committee")):
        [column] = [column for column in FORMS[form].columns if column.field == field]
        assert column.allowed
        for code in column.allowed:
            for lang in LANGUAGES:
                assert catalogue(lang).has(f"{family}.{code}"), (lang, family, code)


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(ValueError, match="'fr'; there are zh, en"):
        catalogue("fr")
