"""Every kind of mistake in a plan file is reported with file, line, field and what to do; sound files are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.plans import BUILT_IN, PlanError, check_file, load_plans
from pipelines.plans.loader import look_over

SOUND = Path(__file__).with_name("example.yaml").read_text(encoding="utf-8")


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "example.yaml"
    path.write_text(SOUND, encoding="utf-8")
    return path


def test_a_sound_file_has_no_mistakes(plan_file: Path) -> None:
    assert check_file(plan_file) == []
    plan, doubts = look_over(plan_file) or (None, None)
    assert plan is not None
    assert (plan.id, doubts) == ("example_2024", [])


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.yaml")), ids=lambda path: path.stem)
def test_built_in_plans_have_no_mistakes_and_leave_no_doubts(path: Path) -> None:
    assert check_file(path) == []
    seen = look_over(path)
    assert seen
    assert seen[1] == []


A1 = "indicators[coverage]"
ITEM = "rubric.groups[A].items[A1]"


CASES: list[tuple[str, ...]] = [
    # shape
    ("issuer: 某市住建局\n", "", "issuer", "is required", "id: example_2024"),
    ("    clause: 三\n", "    claus: 三\n", "indicators[training].claus", "did you mean 'clause'?", "claus: 三"),
    ("kind: boolean", "kind: boolan", "indicators[rules_issued].kind", "did you mean 'boolean'?"),
    ("start: 2024-01-01", "start: 2024", "start", "write a date as 2024-12-31"),
    ("start: 2024-01-01", "start: 2024-02-30", "start", "date"),
    ("id: coverage\n", "id: Coverage rate\n", "indicators[Coverage rate].id", "lower-case", "id: Coverage rate"),
    ("at_least: 90}", "at_least: many}", f"{A1}.milestones[2024-12-31].at_least", "decimal"),
    ("at_least: 90}", "at_least: 90, equals: 90}", f"{A1}.milestones[2024-12-31]", "at_least and equals"),
    (", at_least: 90}", "}", A1, "needs a target", "id: coverage"),
    ("code: 990002", "code: 99002", "districts[99002].code", "pattern"),
    ("en: Coverage}\n    def", "}\n    def", "indicators[coverage].name.en", "is required", "name: {zh: 覆盖率, }"),
    ("    denominator: is_completed\n", "", A1, "a rate needs a denominator", "id: coverage"),
    ("    numerator: has_management\n", "", A1, "which rows count", "id: coverage"),
    ("kind: cadence", "kind: count", "indicators[yearly_report].entity", "is required", "id: yearly_report"),
    ("entity: task", "entity: taks", "indicators[training].entity", "did you mean 'task'?"),
    (
        "    measure: actual\n",
        "    denominator: planned > 0\n",
        "indicators[training]",
        "no denominator",
        "id: training",
    ),
    # one part against another
    ("code: 990002", "code: 990001", "districts[990001].code", "990001 occurs twice"),
    ("id: training", "id: coverage", "indicators[coverage].id", "coverage occurs twice"),
    ("districts: [990001]", "districts: [990011]", f"{A1}.milestones[2024-06-30].districts", "did you mean '990001'"),
    ("{due: 2024-12-31, at_least", "{due: 2024-06-30, at_least", f"{A1}.milestones[2024-06-30].due", "twice"),
    ("at_least: 90}", "at_least: 900}", f"{A1}.milestones[2024-12-31]", "percentage"),
    ("at_least: 90}", "at_least: 90, operational: 2025-01-01}", f"{A1}.milestones[2024-12-31].operational", "after"),
    ("at_least: 90}", "at_least: 90, all_of: [rules]}", f"{A1}.milestones[2024-12-31].all_of", "unknown indicator"),
    ("end: 2024-12-31", "end: 2023-12-31", "end", "ends before it starts"),
    (
        "as_of: 2024-12-31",
        "as_of: 2024-06-30",
        "periods[2024-12].as_of",
        "order of their as-of dates",
        "as_of: 2024-06-30",
    ),
    ("[community, company]", "[community, compny]", "periods[2024-12].required_forms", "did you mean 'company'?"),
    ("[community, company]", "[community, community]", "periods[2024-12]", "asked for twice", "id: 2024-12"),
    ("key: 2024-12}", "key: 2025-12}", "indicators[yearly_report].cadence.occasions[2025-01-10].key", "did you mean"),
    (
        "source: submission",
        "source: credit",
        "indicators[yearly_report].cadence.occasions[2025-01-10].key",
        "year",
        "occasions: [{due: 2025-01-10",
    ),
    ("indicators: [coverage]", "indicators: [coverag]", f"{ITEM}.indicators", "did you mean 'coverage'?"),
    ("points: 40", "points: 41", "rubric.groups", "add up to 101, not 100", "groups:"),
    ("params: {floor: 50, target: 90}", "params: {floor: 50}", ITEM, "floor_linear needs target"),
    ("{floor: 50, target: 90}", "{floor: 50, target: 90, limit: 1}", ITEM, "floor_linear has no limit"),
    ("period: 2024-12\n", "period: 2024-11\n", "rubric.period", "unknown period", "period: 2024-11"),
    ("at_least: 0}", "at_least: 70}", "rubric.grades", "from the best down", "grades:"),
    (
        "vetoes: []",
        "vetoes: [{id: a, name: {zh: 甲, en: a}, effect: cap_grade}]",
        "rubric.vetoes[a]",
        "needs the grade",
    ),
    (
        "    clause: 四\n",
        "    clause: 四\n    milestones: [{due: 2024-12-31}]\n",
        "indicators[yearly_report].milestones[2024-12-31].due",
        "one of its occasions",
        "milestones: [{due: 2024-12-31}]",
    ),
    # SQL
    ("numerator: has_management", "numerator: has_managment", f"{A1}.numerator", "did you mean 'has_management'?"),
    ("numerator: has_management", "numerator: households", f"{A1}.numerator", "true-or-false"),
    ("numerator: has_management", "numerator: select 1", f"{A1}.numerator", "a query is not allowed"),
    ("numerator: has_management", "numerator: (has_management", f"{A1}.numerator", "not a SQL expression"),
    ("denominator: is_completed", "denominator: now() > 1", f"{A1}.denominator", "function"),
    ("task_id = 'training'", "task_id = 'trainings'", "indicators[training].numerator", "did you mean 'training'?"),
    ("measure: actual", "measure: is_done", "indicators[training].measure", "a number"),
    (
        "    clause: 一\n    milestones",
        "    strict: has_committe\n    clause: 一\n    milestones",
        f"{A1}.strict",
        "did you mean 'has_committee'?",
        "strict: has_committe",
    ),
    (
        "    clause: 一\n    milestones",
        "    measures: {communities: {numerator: 1, denominator: subdistrict}}\n    clause: 一\n    milestones",
        f"{A1}.measures.communities.denominator",
        "must be a number",
        "measures: {communities",
    ),
]
"""What is replaced by what; the field and words of the mistake; and what stands on its line, where that is not the
replacement itself."""


@pytest.mark.parametrize(
    ("old", "new", "field", "message", "on"),
    [(*case, case[1].strip())[:5] if len(case) < 5 else case for case in CASES],
)
def test_a_mistake_names_its_line_and_field(
    plan_file: Path, old: str, new: str, field: str, message: str, on: str
) -> None:
    assert SOUND.count(old) == 1
    text = SOUND.replace(old, new)
    plan_file.write_text(text, encoding="utf-8")
    found = [m for m in check_file(plan_file) if m.field == field and message in m.message]
    assert found, [str(m) for m in check_file(plan_file)]
    assert str(found[0]).startswith(f"{plan_file}:{found[0].line}: {field}: ")
    assert on in text.splitlines()[found[0].line - 1]


def test_the_line_is_that_of_the_field_or_of_the_closest_thing_around_it(plan_file: Path) -> None:
    lines = SOUND.splitlines()
    plan_file.write_text(SOUND.replace("    clause: 三\n", ""), encoding="utf-8")
    (mistake,) = check_file(plan_file)
    assert (mistake.field, mistake.message) == ("indicators[training].clause", "is required")
    assert mistake.line == lines.index("  - id: training") + 1


def test_one_slip_is_one_mistake(plan_file: Path) -> None:
    """What only follows from a wrong kind is not told beside it."""
    plan_file.write_text(SOUND.replace("kind: boolean", "kind: boolan"), encoding="utf-8")
    assert [m.field for m in check_file(plan_file)] == ["indicators[rules_issued].kind"]


def test_what_an_alias_repeats_is_one_mistake_where_it_is_written(plan_file: Path) -> None:
    """Ten districts that are not there, in a list that three indicators share: one line, at the list."""
    text = SOUND.replace(
        "    clause: 二\n", f"    clause: 二\n    districts: &those [{', '.join(map(str, range(770001, 770011)))}]\n"
    )
    text = text.replace("    clause: 三\n", "    clause: 三\n    districts: *those\n")
    plan_file.write_text(text.replace("    clause: 四\n", "    clause: 四\n    districts: *those\n"), encoding="utf-8")
    (mistake,) = check_file(plan_file)
    assert mistake.field == "indicators[rules_issued].districts"
    assert mistake.message == "unknown districts '770001', '770002', '770003' and 7 more"
    assert "&those" in text.splitlines()[mistake.line - 1]


def test_aliases_in_a_row_of_months_lead_to_where_they_are_written(plan_file: Path) -> None:
    months = MONTHS.replace("{from: 2024-01, to: 2024-12,", "{from: 2024-01, to: 2024-11,").replace(
        "required_forms: [community]", "required_forms: &asked [community, comunity]"
    )
    last = (
        "  - {months: {from: 2024-12, to: 2024-12}, name: {zh: 年末, en: End}, kind: monthly, required_forms: *asked}\n"
    )
    plan_file.write_text(with_months().replace(MONTHS, months.replace("indicators:", f"{last}indicators:")), "utf-8")
    (mistake,) = [m for m in check_file(plan_file) if "comunity" in m.message]
    assert "&asked" in plan_file.read_text(encoding="utf-8").splitlines()[mistake.line - 1]


def test_all_mistakes_come_at_once(plan_file: Path) -> None:
    text = SOUND.replace("districts: [990001]", "districts: [1]").replace("has_management", "nothing")
    plan_file.write_text(text.replace("points: 40", "points: 4"), encoding="utf-8")
    assert {m.field for m in check_file(plan_file)} == {
        "indicators[coverage].milestones[2024-06-30].districts",
        "indicators[coverage].numerator",
        "rubric.groups",
    }


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"id: a\nname: [1, 2\nstart: 3\n", 3, "not valid YAML"),
        (b"id: a\n\tname: b\n", 2, "not valid YAML"),
        (b"id: a\nid: b\n", 2, "is written twice"),
        (b"- a\n- b\n", 1, "a plan file is a mapping"),
        (b"", 1, "a plan file is a mapping"),
        (b"\xff\xfe\x00", 1, "is not UTF-8 text"),
        (b"id: \x00\n", 1, "not valid YAML"),
        (b"id: &a [*a]\n", 1, "before &a is complete"),
        (b"id: *a\n", 1, "before &a is complete"),
        (b"[" * 100_000, 1, "nested too deeply"),
        (b"id: a\n--- \nid: b\n", 2, "one file holds one plan"),
        (b"? [a]\n: b\n", 1, "a key must be a word"),
        (b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
         + b"".join(b"%c: &%c [%s]\n" % (c + 1, c + 1, b",".join([b"*%c" % c] * 10)) for c in range(97, 105)),
         6, "far too large"),
    ],
)  # fmt: skip
def test_what_is_no_plan_file(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    found = check_file(path)
    assert any(message in m.message for m in found), found
    if message:
        assert next(m for m in found if message in m.message).line == line


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "can't be read" in check_file(tmp_path / "none.yaml")[0].message
    assert "can't be read" in check_file(tmp_path)[0].message


def test_a_workspace_plan_joins_the_built_in_ones(plan_file: Path) -> None:
    plans = load_plans(plan_file.parent)
    assert set(plans) == {*load_plans(), "example_2024"}
    assert [plan.start for plan in plans.values()] == sorted(plan.start for plan in plans.values())


def test_a_workspace_plan_replaces_the_built_in_one_of_the_same_id(plan_file: Path) -> None:
    plan_file.write_text(SOUND.replace("id: example_2024", "id: chengdu_2018_2020"), encoding="utf-8")
    assert load_plans(plan_file.parent)["chengdu_2018_2020"].name.zh == "示例方案"
    assert load_plans()["chengdu_2018_2020"].name.zh != "示例方案"


def test_a_workspace_without_plans_has_the_built_in_ones(tmp_path: Path) -> None:
    assert list(load_plans(tmp_path / "plans")) == list(load_plans())


def test_loading_refuses_bad_files_and_names_all_of_them(plan_file: Path) -> None:
    (plan_file.parent / "second.yaml").write_text(SOUND.replace("has_management", "nothing"), encoding="utf-8")
    (plan_file.parent / "third.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_plans(plan_file.parent)
    assert {Path(m.file).name for m in caught.value.mistakes} == {"second.yaml", "third.yaml"}
    assert "second.yaml:" in str(caught.value)


def test_two_files_with_one_id(plan_file: Path) -> None:
    (plan_file.parent / "second.yaml").write_text(SOUND, encoding="utf-8")
    with pytest.raises(PlanError, match=r"example_2024 is already in example\.yaml"):
        load_plans(plan_file.parent)


def test_a_changed_file_is_read_anew(plan_file: Path) -> None:
    assert load_plans(plan_file.parent)["example_2024"].name.zh == "示例方案"
    plan_file.write_text(SOUND.replace("示例方案", "改过的示例方案"), encoding="utf-8")
    assert load_plans(plan_file.parent)["example_2024"].name.zh == "改过的示例方案"


@given(st.data())
def test_whatever_is_wrong_with_a_file_is_told_and_nothing_breaks(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Lines taken out, doubled or cut short: always an answer, and always on a line of the file."""
    lines = SOUND.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "double", "cut", "null"]))
        line = lines[place]
        cut = data.draw(st.integers(0, len(line)))
        lines[place : place + 1] = {
            "drop": [], "double": [line, line], "cut": [line[:cut]], "null": [line.split(":")[0] + ": null"]
        }[change]  # fmt: skip
    path = tmp_path_factory.mktemp("odd") / "odd.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert all(1 <= mistake.line <= len(lines) + 1 for mistake in check_file(path))  # what breaks off breaks at the end


def test_mistakes_of_shape_hide_no_others(plan_file: Path) -> None:
    """Shape, parts, dates, scopes, weights and SQL go wrong in one file, and each is named with its line."""
    broken = {
        "issuer: 某市住建局\n": "",
        "    clause: 三\n": "    claus: 三\n",
        "numerator: has_management": "numerator: has_managment",
        "at_least: 90}": "at_leest: 90}",
        "at_least: 50, districts: [990001]": "at_least: 50, districts: [990009]",
        "points: 40": "points: 30",
        "measure: actual": "measure: is_done",
        "kind: boolean": "kind: boolan",
        "occasions: [{due: 2025-01-10": "occasions: [{due: 2029-01-10",
        "as_of: 2024-12-31": "as_of: 2025-12-31",
        "indicators: [coverage], points": "indicators: [coverag], points",
    }
    text = SOUND
    for old, new in broken.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    plan_file.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    found = check_file(plan_file)
    told = {m.field: (m.message, lines[m.line - 1]) for m in found}
    for field, words in {
        "issuer": "is required",
        "indicators[training].claus": "did you mean 'clause'",
        "indicators[training].clause": "is required",
        f"{A1}.numerator": "did you mean 'has_management'",
        f"{A1}.milestones[2024-12-31].at_leest": "did you mean 'at_least'",
        f"{A1}.milestones[2024-06-30].districts": "unknown district '990009'",
        "indicators[training].measure": "a number",
        "indicators[rules_issued].kind": "did you mean 'boolean'",
        "indicators[yearly_report].cadence.occasions[2029-01-10].due": "outside the plan",
        "periods[2024-12].as_of": "outside the plan",
        f"{ITEM}.indicators": "did you mean 'coverage'",
        "rubric.groups": "add up to 90",
    }.items():
        assert field in told, (field, sorted(told))
        assert words in told[field][0]
    assert "at_leest" in told[f"{A1}.milestones[2024-12-31].at_leest"][1]
    assert not any(
        "rules_issued" in m.message and "unknown" in m.message for m in found
    )  # it is there, but for its kind


FLOOR = "method: floor_linear, params: {floor: 50, target: 90}"


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("12-31, at_least: 90}", "12-31, at_least: 40}", f"{A1}.milestones[2024-12-31]", "asks for less"),
        ("2024-12-31, at_least: 90}", "2027-12-31, at_least: 90}", f"{A1}.milestones[2027-12-31].due", "outside"),
        ("due: 2025-01-10\n", "due: 2024-12-01\n", "periods[2024-12].due", "before its as-of date"),
        ("A}}", "A}, forms: [company, comunity]}", "districts[990001].forms", "did you mean 'community'"),
        ("kind: count", "kind: fact", "indicators[training]", "a fact: with the number"),
        ("kind: count", "kind: fact\n    fact: {equals: 4, more_than: 3}", "indicators[training].fact", "one thing"),
        ("kind: count", "kind: trend\n    pools: [rules_issud]", "indicators[training].pools", "unknown indicator"),
        (
            "{due: 2024-06-30, at_least",
            "{due: 2024-03-31, at_least",
            f"{A1}.milestones[2024-03-31].due",
            "no period decides it: the first one speaks of 2024-06-30",
        ),
        ("at_least: 90}", "at_least: 90, all_of: [coverage]}", f"{A1}.milestones[2024-12-31].all_of", "itself"),
        (
            "at_least: 90}",
            "at_least: 90, all_of: [training]}",
            f"{A1}.milestones[2024-12-31].all_of",
            "a rate, the other",
        ),
        ("at_least: 90}", "target: 90}", f"{A1}.milestones[2024-12-31].target", "under its operator, such as at_least"),
        ("at_least: 90}", "at_laest: 90}", f"{A1}.milestones[2024-12-31].at_laest", "did you mean 'at_least'?"),
        ("measure: actual", "wieght: actual", "indicators[training].wieght", "no such field"),
        ("[990001]}", "[990001], whole_area_only: true}", f"{A1}.milestones[2024-06-30].districts", "no district"),
        (
            "{due: 2024-12-31, at_least",
            "{due: 2024-06-30, at_least",
            f"{A1}.milestones[2024-06-30].due",
            "one milestone a",
        ),
        (
            "submission\n      occasions: [{due: 2025-01-10, key: 2024-12}]",
            "meeting\n      occasions: [{due: 2024-06-30}, {due: 2024-12-31}]",
            "indicators[yearly_report].cadence.occasions[2024-12-31]",
            "2024 would prove 2024-06-30 as well",
        ),
        ("id: fail,", "id: pass,", "rubric.grades[pass].id", "pass occurs twice"),
        (
            "vetoes: []",
            "vetoes: [{id: a, name: {zh: 甲, en: a}, effect: disqualify, no_submission_for: 2024-12}]",
            "rubric.vetoes[a]",
            "no_submission_for and after: YYYY-MM-DD go together",
        ),
        ("points: 60", "points: 61", "rubric.groups", "the points add up to 101, not 100 (A 101)"),
        ("{floor: 50, target: 90}", "{floor: 90, target: 90}", f"{ITEM}.params.floor", "both 90"),
        *(
            (FLOOR, f"method: {method}, params: {{{params}}}", f"{ITEM}{field}", message)
            for method, params, field, message in (
                ("deadline", "occasions: [2024-12-31]", ".method", "deadline can't judge coverage, which is a rate"),
                (
                    "boolean",
                    "due: 2024-11-30",
                    ".params.due",
                    "no milestone on 2024-11-30 (it has: 2024-06-30, 2024-12-31)",
                ),
                ("tiered", "tiers: []", ".params.tiers", "at least one tier"),
                ("tiered", "tiers: [{at_least: 50, points: 70}]", ".params.tiers[0].points", "more than the item's 60"),
                (
                    "tiered",
                    "tiers: [{at_least: 90, points: 5}, {at_least: 80, points: 9}]",
                    ".params.tiers",
                    "earn more",
                ),
                ("deduct_per_miss", "points_each: 0", ".params.points_each", "greater than 0"),
                (
                    "deadline",
                    "occasions: [2024-12-31], late_factor: 2",
                    ".params.late_factor",
                    "less than or equal to 1",
                ),
            )
        ),
        (
            f"indicators: [coverage], points: 60, {FLOOR}",
            "indicators: [yearly_report], points: 60, method: deadline, params: {occasions: [2024-12-31]}",
            f"{ITEM}.params.occasions",
            "unknown occasion '2024-12-31'",
        ),
        (
            f"indicators: [coverage], points: 60, {FLOOR}",
            "indicators: [yearly_report], points: 60, method: deadline, "
            "params: {occasions: [2025-01-10], points_each: 70}",
            f"{ITEM}.params.points_each",
            "1 occasions make 70, the item has 60",
        ),
        (
            f"indicators: [coverage], points: 60, {FLOOR}",
            "indicators: [training], points: 60, method: deduct_per_miss, params: {points_each: 1}",
            f"{ITEM}.method",
            "training has no denominator",
        ),
        ("submission", "meeting\n      type: lunch", "indicators[yearly_report].cadence.type", "unknown type"),
        (
            "submission\n      occasions: [{due: 2025-01-10, key: 2024-12}]",
            "meeting\n      occasions: [{due: 2024-12-31, key: Q4}]",
            "indicators[yearly_report].cadence.occasions[2024-12-31].key",
            "2024-Q1",
        ),
    ],
)
def test_mistakes_between_parts(plan_file: Path, old: str, new: str, field: str, message: str) -> None:
    assert SOUND.count(old) == 1
    plan_file.write_text(SOUND.replace(old, new), encoding="utf-8")
    found = [m for m in check_file(plan_file) if m.field == field and message in m.message]
    assert found, [str(m) for m in check_file(plan_file)]


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("    optional_forms: [task, mechanism]\n", "", "indicators[rules_issued]", "no period asks for mech"),
        ("numerator: has_management", "numerator: grid_managed", "indicators[coverage]", "no period asks for special"),
        ("numerator: has_management", "numerator: has_management and building_steward", "", ""),
        ("entity: community\n    denominator: is_completed\n    numerator: has_management",
         "entity: company\n    denominator: is_active\n    numerator: party_member_count > 0",
         f"{A1}.milestones[2024-06-30].due", "2024-06 decides it, and does not ask for company"),
        ("{zh: 乙区, en: District B}", "{zh: 乙区, en: B}, aliases: [甲区]", "districts[990002]", "means 990001 as"),
        ("indicators: [coverage]", "indicators: [coverage, training]", f"{ITEM}.indicators", "training is not looked"),
        ("unmeasured:\n  - {clause: 五, what: {zh: 宣传, en: Publicity}, why: no_measure}\n", "", "unmeasured", "why"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_a_hint_and_no_mistake(
    plan_file: Path, old: str, new: str, field: str, message: str
) -> None:
    assert SOUND.count(old) == 1
    plan_file.write_text(SOUND.replace(old, new), encoding="utf-8")
    assert check_file(plan_file) == []
    _, doubts = look_over(plan_file) or (None, [])
    assert [d for d in doubts if d.field == field and message in d.message] if field else doubts == []


MONTHS = """periods:
  - months: {from: 2024-01, to: 2024-12, due_after_days: 5}
    name: {zh: "{year}年{month}月", en: "{year}-{month:02}"}
    kind: monthly
    required_forms: [community]
    optional_forms: [task, mechanism]
indicators:"""


def with_months(old: str = "", new: str = "") -> str:
    head, rest = SOUND.split("periods:\n")
    _, rest = rest.split("indicators:\n", 1)
    rest = rest.replace("key: 2024-12", "key: 2024-07").replace("period: 2024-12", "period: 2024-12")
    return head + MONTHS.replace(old, new) + "\n" + rest


def test_a_row_of_months_is_one_entry(plan_file: Path) -> None:
    plan_file.write_text(with_months(), encoding="utf-8")
    assert check_file(plan_file) == []
    periods = load_plans(plan_file.parent)["example_2024"].periods
    assert [period.id for period in periods] == [f"2024-{month:02}" for month in range(1, 13)]
    assert (periods[1].as_of.isoformat(), periods[1].due.isoformat()) == ("2024-02-29", "2024-03-05")
    assert (periods[1].name.zh, periods[1].name.en) == ("2024年2月", "2024-02")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("to: 2024-12", "to: 2023-12", "comes before the first"),
        ("from: 2024-01", "from: 2024-1", "write a month as"),
        ("from: 2024-01, ", "", "write months: {from:"),
        ("to: 2024-12", "to: 2124-12", "more than 240"),
        ("to: 2024-12", "to: 9999-12", "write a month as"),
        ("due_after_days: 5", "due_after_days: soon", "a number of days"),
        ("[community]", "[comunity]", "did you mean 'community'"),
        ("kind: monthly", "kind: montly", "did you mean 'monthly'"),
    ],
)
def test_mistakes_in_a_row_of_months_stand_on_its_lines(plan_file: Path, old: str, new: str, message: str) -> None:
    text = with_months(old, new)
    plan_file.write_text(text, encoding="utf-8")
    found = [m for m in check_file(plan_file) if message in m.message]
    assert found, [str(m) for m in check_file(plan_file)]
    block = text.splitlines().index("periods:"), text.splitlines().index("indicators:")
    assert all(block[0] < m.line <= block[1] for m in found)
