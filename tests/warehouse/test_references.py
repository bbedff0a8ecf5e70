"""What a row of another sheet refers to, by the project's own SQL over a list of communities typed here."""

from __future__ import annotations

import polars as pl
import pytest

from tests.warehouse.models import ask, model, table

Listed = tuple[int, str | None, str, str | None, bool]
HOLDER: Listed = (1, "X1", "皮革厂宿舍楼", "西环", False)
"""Missing: the code is known of its last record."""
HEIR: Listed = (2, None, "清渠悦城", "汇丰", True)
"""Listed under the same code, which intake withheld (R32)."""
HEIR_WITH_CODE: Listed = (2, "X1", "清渠悦城", "汇丰", True)
"""The same where intake had not seen the earlier ledger."""
NEIGHBOUR: Listed = (3, "X3", "清渠悦城", "西环", True)


def meant(form: str, listed: list[Listed], **said: str | None) -> int | None:
    """Who is meant by a row of the sheet in a ledger of these communities: number, code, name, street, reported."""
    texts = ("community_code", "subject_code", "subject_type", "name_key", "subdistrict_key")
    types: dict[str, type[pl.DataType]] = {
        "record_no": pl.Int64,
        "ledger_no": pl.Int64,
        **dict.fromkeys(texts, pl.String),
    }
    row = {
        "record_no": 7,
        "ledger_no": 1,
        "subject_type": "community",
        "subject_code": said.get("community_code"),
        **said,
    }
    numbers = dict.fromkeys(("ledger_no", "record_no", "community_no"), pl.Int64)
    stands = [
        {"ledger_no": 1, "record_no": no, "community_no": no, "community_id": f"c{no}", "is_ended": False}
        | {"is_reported": reported, "community_code": code, "name_key": name, "subdistrict_key": street}
        for no, code, name, street, reported in listed
    ]
    register = table(stands, **numbers, community_id=pl.String, is_ended=pl.Boolean, is_reported=pl.Boolean)
    tables = {
        f"stg_{name}": table([row] if name == form else [], **types)
        for name in ("committee", "party", "satisfaction", "special")
    }
    tables |= {"register": register, "register_version": register.clear(), "stg_community": table(stands, **types)}
    found = ask(model("int_community_reference"), tables)
    assert len(found) <= 1
    return found[0]["community_no"] if found else None


@pytest.mark.parametrize("heir", [HEIR, HEIR_WITH_CODE])
@pytest.mark.parametrize("form", ["committee", "special"])
def test_a_reused_code_proves_nothing(form: str, heir: Listed) -> None:
    """With another name and another subdistrict than its holder's: the row means whom it names."""
    said = {"community_code": "X1", "name_key": "清渠悦城", "subdistrict_key": "汇丰"}
    assert meant(form, [HOLDER, heir], **said) == 2
    assert meant(form, [HOLDER], **said) is None


@pytest.mark.parametrize("heir", [HEIR, HEIR_WITH_CODE])
@pytest.mark.parametrize("form", ["party", "satisfaction"])
def test_a_sheet_without_subdistricts_means_that_of_the_community_it_names(form: str, heir: Listed) -> None:
    said = {"community_code": "X1", "name_key": "清渠悦城"}
    assert meant(form, [HOLDER, heir], **said) == 2
    assert meant(form, [HOLDER], **said) == 1, "nobody is so named: another spelling"
    assert meant(form, [HOLDER, NEIGHBOUR], **said) == 1, "in the same subdistrict a code is worth more than a name"


@pytest.mark.parametrize(
    ("name", "street"), [("皮革厂宿舍楼", "汇丰"), ("皮革厂家属院", "西环"), ("皮革厂家属院", None), (None, "汇丰")]
)
def test_a_code_counts_where_name_or_subdistrict_agree_or_nothing_is_said(name: str | None, street: str | None) -> None:
    assert meant("committee", [HOLDER, HEIR], community_code="X1", name_key=name, subdistrict_key=street) == 1


def test_of_two_who_hold_a_code_it_means_the_one_so_named_else_the_one_listed() -> None:
    both = [HOLDER, HEIR_WITH_CODE]
    assert meant("committee", both, community_code="X1", name_key="皮革厂宿舍楼", subdistrict_key="西环") == 1
    assert meant("committee", both, community_code="X1") == 2
    twice = [HEIR_WITH_CODE, (4, "X1", "清渠新城", "汇丰", True)]
    assert meant("committee", twice, community_code="X1", name_key="清渠新城", subdistrict_key="汇丰") == 4
    assert meant("committee", twice, community_code="X1", name_key="清渠", subdistrict_key="汇丰") is None
