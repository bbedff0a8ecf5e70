"""Problems planted in workbooks, one function each: what a clerk gets wrong, and what must come of it.

A problem works on a submission as typed (``Typing``): it changes cells, adds rows or bends the layout, and says what it
did (``Planted``). What it makes of the figures stands in ``Planted.reads`` and ``row_is``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from pipelines.samples.truth import SET_ASIDE, WITHHELD, Committee, Ledger, Planted, Raw, Submission

SYNTHETIC_PHONE = "13800000000"
"""No subscriber's number: the usual example. The only telephone number in the samples."""
SYNTHETIC_IDENTITY = "110101199001010007"
"""Passes the check of identity numbers; the serial 000 in it is never issued, so it is nobody's."""

COUNTED = ("formed", "term_expired", "re_election")
Cells = dict[str, object]


@dataclass
class Typing:
    """A submission as its clerk types it."""

    submission: Submission
    earlier: Sequence[Ledger]
    rng: Random
    rows: dict[str, list[Cells]] = field(init=False)
    quirks: set[str] = field(default_factory=set)
    """What is odd about the layout; the writer knows what each means."""
    _touched: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rows = {form: [row.cells() for row in rows] for form, rows in self.submission.ledger.rows.items()}

    @property
    def as_of(self) -> date:
        return self.submission.ledger.as_of

    def pick(self, form: str, fits: Callable[[Cells], object]) -> int:
        """A row that fits and that no other problem has touched. Raises LookupError when there is none."""
        free = [i for i, cells in enumerate(self.rows.get(form, ())) if (form, i) not in self._touched and fits(cells)]
        if not free:
            raise LookupError(f"no row of {form} fits")
        self._touched.add((form, chosen := self.rng.choice(free)))
        return chosen

    def add(self, form: str, cells: Cells, after: int | None = None) -> int:
        """A row more at the end, or some rows after another one."""
        rows = self.rows[form]
        rows.append(cells)
        self._touched.add((form, len(rows) - 1))
        return len(rows) - 1

    def change(self, form: str, row: int, **cells: object) -> dict[str, object]:
        """Type these cells; returns what they must be read as, unless the problem says otherwise."""
        self.rows[form][row].update(cells)
        return {name: value.means if isinstance(value, Raw) else value for name, value in cells.items()}


Plant = Callable[[Typing], Planted | list[Planted]]
PROBLEMS: dict[str, Plant] = {}
"""Name in the stories → the function that plants it."""

_ENTITY = {"company": "company_name", "party": "subject_name", "task": "task_id", "mechanism": "document_name"}


def plant(submission: Submission, earlier: Sequence[Ledger], rng: Random) -> None:
    """Plant the problems a story asks for; fills ``typed``, ``quirks``, ``planted`` and ``returned`` of the submission.

    A problem that finds no row to spoil (in a small district) is left out.
    """
    typing = Typing(submission, earlier, rng)
    for name in submission.problems:
        try:
            done = PROBLEMS[name](typing)
        except LookupError:
            if name not in PROBLEMS:
                raise
            continue
        for planted in done if isinstance(done, list) else [done]:
            if planted.entity is None and planted.form and planted.row is not None:
                key = _ENTITY.get(planted.form, "community_name")
                entity = typing.rows[planted.form][planted.row].get(key)
                planted.entity = entity if isinstance(entity, str) else None
            submission.planted.append(planted)
    submission.typed, submission.quirks = typing.rows, frozenset(typing.quirks)
    submission.returned = any(planted.severity == "fatal" for planted in submission.planted)


def problem(name: str) -> Callable[[Plant], Plant]:
    """Enter a function under the name by which the stories ask for it."""

    def enter(function: Plant) -> Plant:
        PROBLEMS[name] = function
        return function

    return enter


def _professional(cells: Cells) -> bool:
    return str(cells["management_mode"]).startswith("professional_") and cells["change_type"] != "demolished"


def _completed(cells: Cells) -> bool:
    return cells["construction_status"] == "completed" and cells["change_type"] != "demolished"


def _settled(cells: Cells) -> bool:
    """Completed, and nothing about it changed: spoiling it leaves the register's events alone."""
    return _completed(cells) and cells["change_type"] in (None, "unchanged")


# -- single cells: what is typed into a row that fits ------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """A slip of the pen in one row. ``cells`` are typed; those in ``withholds`` must then read as nothing."""

    rule: str
    severity: str
    note: str
    form: str
    field: str
    cells: Callable[[Cells, Typing], Cells]
    fits: Callable[[Cells], object] = lambda cells: True
    withholds: str = ""
    reads: tuple[tuple[str, object], ...] = ()
    """What follows beyond the cells themselves."""

    def __call__(self, t: Typing) -> Planted:
        row = t.pick(self.form, lambda c: (self.form != "community" or _settled(c)) and self.fits(c))
        reads = t.change(self.form, row, **self.cells(t.rows[self.form][row], t))
        reads |= {**dict.fromkeys(self.withholds.split(), WITHHELD), **dict(self.reads)}
        return Planted(self.rule, self.severity, self.note, self.form, row, self.field, reads)


def _swapped(c: Cells, t: Typing) -> Cells:
    return {"contract_start": c["contract_end"], "contract_end": c["contract_start"]}


def _other_check_digit(c: Cells, t: Typing) -> Cells:
    code = str(c["uscc"])
    return {"uscc": code[:-1] + ("8" if code[-1] != "8" else "9")}


def _grown(c: Cells, t: Typing) -> Cells:
    return {name: _int(c[name]) * 13 // 10 for name in ("households", "floor_area_sqm")}


def _off(c: Cells, t: Typing) -> Cells:
    rate: Any = c["reported_rate"]
    return {"reported_rate": rate + 6 if rate <= 94 else rate - 6}


def _ten_years_on(c: Cells, t: Typing) -> Cells:
    day: Any = c["disclosure_date"]
    return {"disclosure_date": day.replace(year=day.year + 10, day=1)}


C, E, W = "community", "error", "warning"
# fmt: off
PROBLEMS |= {
    "R01": Slip("R01", E, "旗县区只写“后旗”", C, "district_name",
                lambda c, t: {"district_name": "后旗"}, withholds="district_name"),
    "R04": Slip("R04", E, "总户数为0", C, "households",
                lambda c, t: {"households": 0, "occupied_households": None}, withholds="households"),
    "R05": Slip("R05", W, "入住户数多于总户数", C, "occupied_households",
                lambda c, t: {"occupied_households": _int(c["households"]) + 17}),
    "R06": Slip("R06", W, "㎡列里填了万㎡的数", C, "floor_area_sqm",
                lambda c, t: {"floor_area_sqm": Decimal(_int(c["floor_area_sqm"]) // 100) / 100}),
    "R08": Slip("R08", E, "市场化物业而没有企业", C, "company_name",
                lambda c, t: {"company_name": None, "uscc": None},
                lambda c: c["management_mode"] == "professional_market", reads=(("is_professional", False),)),
    "R09": Slip("R09", W, "有企业而没有信用代码和合同", C, "uscc",
                lambda c, t: {"uscc": None, "contract_start": None, "contract_end": None}, _professional),
    "R10": Slip("R10", E, "无物业而填了企业", C, "company_name",
                lambda c, t: {"company_name": t.rows["company"][0]["company_name"]},
                lambda c: c["management_mode"] == "none", withholds="company_name"),
    "R11": Slip("R11", W, "合同已到期，企业仍在服务", C, "contract_end",
                lambda c, t: {"contract_start": date(2020, 6, 1), "contract_end": t.as_of - timedelta(days=120)},
                lambda c: _professional(c) and not c["is_new_build"]),
    "R12": Slip("R12", E, "合同开始日期晚于结束日期", C, "contract_start", _swapped, _professional,
                withholds="contract_start contract_end"),
    "R13": Slip("R13", E, "已建成而交付时间在截止日期之后", C, "delivered_date",
                lambda c, t: {"delivered_date": t.as_of + timedelta(days=75)}, lambda c: not c["is_new_build"],
                withholds="delivered_date"),
    "R14": Slip("R14", W, "早年建成而勾选新建", C, "is_new_build", lambda c, t: {"is_new_build": True},
                lambda c: not c["is_new_build"] and _int(c["built_year"]) < 2018),
    "R15": Slip("R15", W, "2000年以后建成而勾选老旧小区", C, "is_old_community",
                lambda c, t: {"is_old_community": True, "renovation_status": "not_planned"},
                lambda c: not c["is_old_community"] and 2002 < _int(c["built_year"]) < 2020),
    "R16": Slip("R16", E, "不是老旧小区而填已改造", C, "renovation_status",
                lambda c, t: {"renovation_status": "completed"},
                lambda c: not (c["is_old_community"] or c["is_new_build"] or c["remark"]),
                withholds="renovation_status"),
    "R23": Slip("R23", E, "收缴率150%", C, "fee_collection_rate", lambda c, t: {"fee_collection_rate": Decimal(150)},
                lambda c: c["fee_collection_rate"], withholds="fee_collection_rate"),
    "R25": Slip("R25", E, "信用代码少一位", C, "uscc", lambda c, t: {"uscc": str(c["uscc"])[:-1]},
                lambda c: c["uscc"], withholds="uscc"),
    "R25_check_digit": Slip("R25", W, "信用代码校验位不符", C, "uscc", _other_check_digit, lambda c: c["uscc"]),
    "R25_number": Slip("R25", E, "信用代码存成了数字", C, "uscc", lambda c, t: {"uscc": Raw(9.11508023411e17)},
                       lambda c: c["uscc"], withholds="uscc"),
    "R26": Slip("R26", E, "信用代码栏填了身份证号", C, "uscc", lambda c, t: {"uscc": SYNTHETIC_IDENTITY},
                lambda c: c["uscc"], withholds="uscc"),
    "R27": Slip("R27", E, "备注里有手机号", C, "remark", lambda c, t: {"remark": f"有事请拨打{SYNTHETIC_PHONE}"},
                lambda c: not c["remark"], reads=(("remark", "有事请拨打***"),)),
    "R28": Slip("R28", W, "无物业而有收费标准", C, "fee_standard", lambda c, t: {"fee_standard": Decimal("0.35")},
                lambda c: c["management_mode"] == "none"),
    "R29": Slip("R29", W, "已公示而没有日期", C, "disclosure_done", lambda c, t: {"disclosure_date": None},
                lambda c: c["disclosure_done"]),
    "R30": Slip("R30", W, "户数、面积比上期增加三成而无变更", C, "households", _grown,
                lambda c: c["change_type"] == "unchanged" and not c["is_new_build"]),
    "R35": Slip("R35", W, "公示日期写成了十年后", C, "disclosure_date", _ten_years_on, lambda c: c["disclosure_date"]),
    "approximate": Slip("approximate_value", W, "户数写“约”", C, "households",
                        lambda c, t: {"households": Raw(f"约{c['households']}户", c["households"])}),
    "unreadable": Slip("unreadable_number", E, "面积写成文字", C, "floor_area_sqm",
                       lambda c, t: {"floor_area_sqm": Raw("待测绘后补报")}, withholds="floor_area_sqm"),
    "R18": Slip("R18", W, "已成立而没有备案日期", "committee", "filed_date", lambda b, t: {"filed_date": None},
                lambda b: b["status"] == "formed" and b["filed_date"]),
    "R21": Slip("R21", W, "任期已满而状态填已成立", "committee", "status", lambda b, t: {"status": "formed"},
                lambda b: b["status"] == "term_expired"),
    "R22": Slip("R22", E, "党员委员多于委员", "committee", "party_member_count",
                lambda b, t: {"party_member_count": _int(b["member_count"]) + 2},
                lambda b: b["status"] == "formed" and b["member_count"], withholds="party_member_count"),
    "R24": Slip("R24", W, "填报满意率与样本不符", "satisfaction", "reported_rate", _off, lambda s: s["reported_rate"]),
    "T6": Slip("T6", W, "在管项目数少于小区明细", "company", "managed_project_count",
               lambda c, t: {"managed_project_count": _int(c["managed_project_count"]) - 2},
               lambda c: c["status"] == "active" and _int(c["managed_project_count"]) > 2),
    "T7": Slip("T7", W, "在管面积小于小区明细", "company", "managed_area",
               lambda c, t: {"managed_area": _int(c["managed_area"]) * 7 // 10},
               lambda c: c["status"] == "active" and _int(c["managed_area"]) > 0),
    "T13": Slip("T13", W, "引用的佐证材料不在清单", "mechanism", "evidence_ids",
                lambda m, t: {"evidence_ids": "Z0000-999"}, lambda m: m["evidence_ids"]),
    "T15": Slip("T15", W, "信用评价里的项目不在小区明细", "credit", "project_name",
                lambda r, t: {"project_name": "未列入小区明细的项目"}, lambda r: r["project_name"]),
    "evidence_late": Slip("evidence_after_submission", E, "佐证材料形成于报送之后", "evidence", "date",
                          lambda e, t: {"date": t.submission.received_at.date() + timedelta(days=20)},
                          withholds="date"),
}
# fmt: on


# -- whole rows, columns and comparisons -------------------------------------------------------------------------------


@problem("R02")
def _nameless(t: Typing) -> Planted:
    like = t.rows["community"][t.pick("community", _settled)]
    row = t.add("community", {**like, "community_code": None, "community_name": None, "address": None})
    return Planted("R02", "error", "有数据而没有小区名称的一行", "community", row, "community_name", row_is=SET_ASIDE)


@problem("R03")
def _total_in_the_middle(t: Typing) -> Planted:
    t.quirks.add("total_in_the_middle")
    return Planted("R03", "warning", "数据中间有一行合计和重复的表头", "community", field="community_name")


@problem("R19")
def _preparing_ticked_as_formed(t: Typing) -> list[Planted]:
    """筹备中 in the sheet of bodies, 已成立 in the list: as many as there are."""
    found = []
    for body in [b for b in t.rows["committee"] if b["status"] == "preparing"]:
        row = t.pick("community", partial(_is_of, body))
        reads = t.change("community", row, committee_status_typed="formed")
        found.append(
            Planted("R19", "warning", "筹备中按已成立填", "community", row, "committee_status_typed", reads=reads)
        )
    return found


def _is_of(body: Cells, community: Cells) -> bool:
    return community["community_name"] == body["community_name"]


@problem("R31")
def _silently_dropped(t: Typing) -> list[Planted]:
    """Told by the world: whom an earlier ledger had and this one has not."""
    before = {row.community_code for ledger in t.earlier for row in ledger.of("community")}
    return [
        Planted("R31", "error", "以前有、本期无，也没有变更说明", "community", entity=gone.community_name)
        for gone in t.submission.ledger.dropped
        if gone.community_code in before
    ]


@problem("R32")
def _code_reused(t: Typing) -> list[Planted]:
    """Told by the world: the code of a demolished community on a new one."""
    known = {row.community_code: row for ledger in t.earlier for row in ledger.of("community") if row.community_code}
    found = []
    for row, cells in enumerate(t.rows["community"]):
        old = known.get(cells["community_code"])
        if old and cells["change_type"] == "new_delivery" and old.construction_status == "completed":
            reads: dict[str, object] = {"community_code": WITHHELD}
            note = "已核销小区的编码给了新小区"
            found.append(Planted("R32", "error", note, "community", row, "community_code", reads))
    return found


@problem("R33")
def _listed_late(t: Typing) -> list[Planted]:
    """Told by the world: a new row that stood before the last as-of date, and is not declared as 补录."""
    before = t.earlier[-1]
    known = {row.community_code for row in before.of("community")}
    return [
        Planted("R33", "warning", "上期之前已交付，本期才列入而未注明补录", "community", row, "change_type")
        for row, cells in enumerate(t.rows["community"])
        if cells["community_code"] not in known
        and cells["change_type"] in ("new_delivery", "unchanged")
        and (delivered := cells["delivered_date"])
        and isinstance(delivered, date)
        and delivered <= before.as_of
    ]


_SOUNDS_ALIKE = str.maketrans("园苑庭佳嘉锦景华", "苑园廷家佳景锦花")


@problem("respelled")
def _respelled(t: Typing) -> list[Planted]:
    """Two communities in a spelling that sounds alike, without their codes: for the register two are new, two missing.

    Communities that no other sheet speaks of, so that nothing else comes of it.
    """
    before = t.earlier[-1]
    known = {row.community_name for row in before.of("community")}
    told = " ".join(
        value
        for form, rows in t.rows.items() if form != "community"
        for cells in rows
        for value in cells.values() if isinstance(value, str)
    )  # fmt: skip

    def fits(c: Cells) -> bool:
        name, delivered = str(c["community_name"]), c["delivered_date"]
        stood = isinstance(delivered, date) and delivered <= before.as_of
        return _settled(c) and stood and name in known and name not in told and name.translate(_SOUNDS_ALIKE) != name

    found = []
    for _ in range(2):
        row = t.pick("community", fits)
        name = str(t.rows["community"][row]["community_name"])
        t.change("community", row, community_code=None, community_name=name.translate(_SOUNDS_ALIKE))
        note = "名称换了写法，又没有编码"
        found += [
            Planted("R31", "error", note, "community", entity=name),
            Planted("R33", "warning", note, "community", row, "change_type"),
        ]
    return found


@problem("R34")
def _no_area_unit(t: Typing) -> Planted:
    t.quirks.add("no_area_unit")
    return Planted("R34", "warning", "建筑面积没有单位", "community", field="floor_area_sqm")


@problem("R38")
def _building_with_committee(t: Typing) -> Planted:
    """Told by the world: a single building has a committee; the sheet of bodies decides."""
    single = {c["community_name"] for c in t.rows["community"] if c["unit_type"] == "single_building"}
    row = t.pick("committee", lambda b: b["community_name"] in single and b["status"] == "formed")
    return Planted("R38", "warning", "单体楼成立了业委会或物管会", "committee", row, "status")


@problem("R39")
def _listed_twice(t: Typing) -> Planted:
    cells = t.rows["community"][t.pick("community", _settled)]
    name = str(cells["community_name"])
    twin = {**cells, "community_code": None, "community_name": f"{name[:2]} {name[2:]}"}
    return Planted(
        "R39", "error", "同一小区列了两次", "community", t.add("community", twin), "community_name", row_is=SET_ASIDE
    )


@problem("R40")
def _all_ticked(t: Typing) -> Planted:
    for row in range(len(t.rows["community"])):
        t.change("community", row, has_party_branch=True)
    return Planted(
        "R40", "warning", "小区党支部整列打勾", "community", field="has_party_branch", reads={"has_party_branch": True}
    )


@problem("unknown_words")
def _unknown_words(t: Typing) -> list[Planted]:
    """不详 is an answer, not a problem: nothing is known and nothing is asked."""
    for name in ("built_year", "occupied_households", "address"):
        t.change("community", t.pick("community", _settled), **{name: Raw("不详")})
    return []


@problem("percent_text")
def _percent_text(t: Typing) -> list[Planted]:
    """Rates as text with a percent sign: sound."""
    for cells in t.rows["community"]:
        if cells["fee_collection_rate"] is not None:
            cells["fee_collection_rate"] = Raw(f"{cells['fee_collection_rate']}%", cells["fee_collection_rate"])
    return []


@problem("percent_mixed")
def _percent_mixed(t: Typing) -> Planted:
    """93.6, 「93.6%」, 0.936 formatted as % (all sound) and 93.6 formatted as %, which is 9360 %."""
    rows = [c for c in t.rows["community"] if c["fee_collection_rate"] is not None]
    for place, cells in enumerate(rows[1:], 1):
        rate = cells["fee_collection_rate"]
        assert isinstance(rate, Decimal)
        cells["fee_collection_rate"] = (
            rate, Raw(f"{rate}%", rate), Raw(float(rate / 100), rate, percent=True)
        )[place % 3]  # fmt: skip
    row = t.rows["community"].index(rows[0])
    cells = rows[0]
    assert isinstance(cells["fee_collection_rate"], Decimal)
    t.change("community", row, fee_collection_rate=Raw(float(cells["fee_collection_rate"]), percent=True))
    return Planted(
        "R23",
        "error",
        "百分数格式里又填了百分数",
        "community",
        row,
        "fee_collection_rate",
        reads={"fee_collection_rate": WITHHELD},
    )


@problem("dates_as_text")
def _dates_as_text(t: Typing) -> list[Planted]:
    t.quirks.add("dates_as_text")
    return []


# -- owners' bodies --------------------------------------------------------------------------------------------------


def _second_body(t: Typing, community: Cells, established: date, *, note: str) -> int:
    name = str(community["community_name"])
    body = Committee(
        community_code=community["community_code"],  # type: ignore[arg-type]
        subdistrict=str(community["subdistrict"]),
        community_name=name,
        body_type="pm_committee",
        body_name=f"{name}物业管理委员会",
        status="formed",
        established_date=established,
        filed_date=established + timedelta(days=10),
        term_no=1,
        term_years=3,
        term_start=established,
        term_end=established.replace(year=established.year + 3, day=1),
        member_count=7,
        party_member_count=3,
        remark=note,
    )
    return t.add("committee", body.cells())


def _has_one_body(t: Typing) -> Callable[[Cells], bool]:
    bodies = [b["community_name"] for b in t.rows["committee"] if b["body_type"] == "owners_committee"]
    return lambda c: _settled(c) and bodies.count(c["community_name"]) == 1 and c["committee_status_typed"] == "formed"


@problem("R17")
def _established_in_future(t: Typing) -> Planted:
    community = t.rows["community"][t.pick("community", _has_one_body(t))]
    row = _second_body(t, community, t.as_of + timedelta(days=31), note="拟于下月成立")
    return Planted(
        "R17", "error", "成立日期晚于截止日期", "committee", row, "established_date", reads={"status": WITHHELD}
    )


@problem("R20")
def _two_bodies(t: Typing) -> Planted:
    community = t.rows["community"][t.pick("community", _has_one_body(t))]
    row = _second_body(t, community, t.as_of - timedelta(days=200), note="业委会无法履职，另设物管会")
    return Planted("R20", "warning", "业委会和物管会并存", "committee", row, "body_type")


@problem("R37")
def _committee_on_a_site(t: Typing) -> Planted:
    community = t.rows["community"][
        t.pick("community", lambda c: not _completed(c) and c["change_type"] != "demolished")
    ]
    row = _second_body(t, community, t.as_of - timedelta(days=90), note="提前成立")
    return Planted("R37", "warning", "在建小区成立了物管会", "committee", row, "status")


# -- companies, surveys, ratings, tasks, evidence --------------------------------------------------------------------


@problem("R36")
def _two_codes(t: Typing) -> Planted:
    from pipelines.samples.names import uscc

    row = t.pick("company", lambda c: str(c["company_name"]).startswith("巴彦淖尔市") and c["status"] == "active")
    reads = t.change("company", row, uscc=uscc(t.rng, "150800"))
    return Planted("R36", "warning", "同一企业在两个旗县区信用代码不同", "company", row, "uscc", reads=reads)


@problem("T8")
def _unknown_company(t: Typing) -> Planted:
    like = next(p for p in t.rows["party"] if p["subject_type"] == "company")
    row = t.add(
        "party",
        {**like, "subject_name": "未列入企业明细的物业服务有限公司", "subject_code": None, "org_form": "instructor"},
    )
    return Planted("T8", "warning", "党建情况里的企业不在企业明细", "party", row, "subject_name")


@problem("T14")
def _task_missing(t: Typing) -> Planted:
    row = t.pick("task", lambda task: task["status"] != "done" and str(task["task_id"]).endswith("_established"))
    gone = t.rows["task"].pop(row)
    return Planted("T14", "warning", f"任务台账少一项任务：{gone['task']}", "task")


@problem("evidence_reused")
def _evidence_reused(t: Typing) -> Planted:
    """One photograph as the proof of forty postings."""
    like = t.rows["evidence"][0]
    shown = [c["community_name"] for c in t.rows["community"] if c["disclosure_done"]][:40]
    for number, name in enumerate(shown, 1):
        photo: Cells = {"evidence_id": f"P{t.as_of.year}-{number:03}", "subject_ids": "information_disclosure_rate"}
        photo |= {"name": f"{name}公示栏照片", "type": "photo", "pages": 1}
        t.add("evidence", {**like, **photo})
    return Planted("evidence_reused", "warning", "四十份佐证材料是同一张照片", "evidence", 0, "sha256")


# -- totals ----------------------------------------------------------------------------------------------------------


def _total(t: Typing, rule: str, measure: str, change: Callable[[int], int], note: str) -> Planted:
    row = t.pick("summary", lambda c: c["measure"] == measure)
    reads = t.change("summary", row, value=Decimal(change(_int(t.rows["summary"][row]["value"]))))
    return Planted(rule, "warning", note, "summary", row, "value", entity=measure, reads=reads)


@problem("T1")
def _community_total(t: Typing) -> Planted:
    """The communities left out of the list are still in the total."""
    left_out = len(t.submission.ledger.dropped) or 25
    return _total(t, "T1", "community_count", lambda n: n + left_out, "小区总数与明细不符")


@problem("T2")
def _managed_total(t: Typing) -> Planted:
    return _total(t, "T2", "managed_count", lambda n: n + 2, "物业管理覆盖数与明细不符")


@problem("T3")
def _area_total(t: Typing) -> Planted:
    return _total(t, "T3", "floor_area_sqm", lambda n: n * 95 // 100, "总建筑面积与明细不符")


@problem("T4")
def _committee_total(t: Typing) -> Planted:
    """Bodies in preparation counted as formed."""
    preparing = sum(b["status"] == "preparing" for b in t.rows["committee"])
    return _total(t, "T4", "committee_count", lambda n: n + max(preparing, 1), "组建数把筹备中的也算上")


@problem("T5")
def _company_total(t: Typing) -> Planted:
    return _total(t, "T5", "company_count", lambda n: n + 1, "企业数与明细不符")


@problem("T9")
def _list_total(t: Typing) -> Planted:
    t.add("summary", {"measure": "red_list_count", "value": Decimal(9), "unit": "家"})
    return Planted(
        "T9", "warning", "红榜数与信用评价不符", "summary", len(t.rows["summary"]) - 1, "value", entity="red_list_count"
    )


@problem("T11")
def _subtotal(t: Typing) -> Planted:
    t.quirks.add("wrong_subtotal")
    return Planted("T11", "warning", "街道小计与明细不符", "community", field="households")


# -- the workbook itself ---------------------------------------------------------------------------------------------


@problem("unmapped_column")
def _unmapped_column(t: Typing) -> Planted:
    t.quirks.add("unmapped_column")
    return Planted("unmapped_column", "warning", "多出一列“网格员数量”", "community")


@problem("hidden_sheet")
def _hidden_sheet(t: Typing) -> Planted:
    t.quirks.add("hidden_sheet")
    return Planted("hidden_sheet", "warning", "隐藏工作表里是上年的数", "community")


@problem("lacks_households")
def _lacks_households(t: Typing) -> Planted:
    t.quirks.add("lacks_households")
    return Planted("missing_column", "fatal", "小区明细缺“总户数”一列", "community", field="households")


def _int(value: object) -> int:
    """A whole number among the cells."""
    number: Any = value
    return int(number)
