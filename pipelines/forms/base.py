"""What a form is: a class whose annotated columns give template, header matching, parsing, schema and dictionary.

    class Community(Form, sheet="小区明细", title="…"):
        households: Integer = column("总户数", "Dwellings in it", required=True, ge=1, rule="R04")

A column's annotation is its type (types.py). Words of an Enum come from ``vocab.yaml`` (vocabulary.py): the one that
``vocabulary=`` names, else the one named like the field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_type_hints

import polars as pl

from pipelines.forms import keys
from pipelines.forms.keys import KeyRule
from pipelines.forms.parsed import Parsed
from pipelines.forms.types import Enum, FieldType, Flag, Text
from pipelines.forms.vocabulary import Choice, choices

if TYPE_CHECKING:
    import pandera.polars as pa

SAMPLE_ROW = "示例"
"""What the first cell (序号, or whatever stands first) of a template's sample row says. Intake ignores such a row."""

ORIGIN: Mapping[str, pl.DataType] = {
    "submission_id": pl.String(),
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "period_id": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
    "withheld": pl.List(pl.String()),
}
"""The columns every record begins with: whose it is, where it stands, and which of its fields were withheld."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a form."""

    header: str
    """As the template writes it, without unit and star."""
    description: str
    """English meaning, for the data dictionary."""
    field: str = ""
    type: FieldType = dataclasses.field(default_factory=Text)
    aliases: tuple[str, ...] = ()
    """Other headers for it; ``parent-leaf`` names a leaf under a parent header."""
    unit: str | None = None
    """The unit the template's header states. Areas and money are stored in ㎡ and 元 all the same."""
    counts: tuple[str, ...] = ()
    """What an Integer may count when a counter is typed (户, 套); empty for anything."""
    required: bool = False
    """The sheet can't be used without this column."""
    personal: bool = False
    """Personal by declaration: read only to be masked, never stored."""
    identity: bool = False
    """A row without it can't be told from others and is set aside."""
    extra: bool = False
    """For some plans only: a template has it where the plan's indicators use it. It is read wherever it stands."""
    note: str = ""
    """Chinese help for the clerk."""
    example: str | int | float | None = None
    """What a template's sample row shows; None leaves it to the type."""
    rule: str = "out_of_range"
    """The rule a value outside the limits breaks."""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    @cached_property
    def allowed(self) -> Mapping[str, Choice]:
        """Code → label and synonyms; empty for a column without fixed words."""
        if isinstance(self.type, Enum):
            return choices(self.type.vocabulary)
        return choices("flag") if isinstance(self.type, Flag) else {}

    @property
    def options(self) -> tuple[str, ...]:
        """The labels a drop-down offers."""
        offered = ("true", "false") if isinstance(self.type, Flag) else self.allowed
        return tuple(self.allowed[code].label for code in offered)

    @property
    def heading(self) -> str:
        """The header a template prints: name, unit, and a star where the column is required."""
        return self.header + (f"({self.unit})" if self.unit else "") + ("*" if self.required else "")

    @property
    def record_columns(self) -> dict[str, pl.DataType]:
        """What a stored record has for this column; nothing when it is personal."""
        return {} if self.personal else self.type.record_columns(self.field)

    def parse(self, raw: object, *, unit: str | None = None, percent_format: bool = False) -> Parsed:
        """One cell of this column. Pure, cached per distinct input, never raises.

        ``unit``: the unit the header or a 单位 row states (a unit in the cell itself wins); ``fraction`` says that the
        column holds 0.936 for 93.6 %. ``percent_format``: the cell's number format is a percentage.
        Limits (ge, le …) are not judged here but by the form's schema, which sees all rows at once.
        """
        return self._read(raw, unit, percent_format)

    @cached_property
    def _read(self) -> Callable[[object, str | None, bool], Parsed]:
        # typed: 1, 1.0 and True are equal as keys but not the same cell.
        return lru_cache(maxsize=16_384, typed=True)(lambda *cell: self.type.read(cell[0], self, cell[1], cell[2]))


def column(
    header: str,
    description: str,
    *,
    aliases: str = "",
    counts: str = "",
    vocabulary: str = "",
    open: bool = False,
    scale: int = 2,
    **options: Any,
) -> Any:
    """A column in the body of a Form; ``options`` are Column's fields.

    ``aliases`` and ``counts`` are lists separated by spaces. ``vocabulary`` and ``open`` are for an Enum, ``scale``
    (decimal places) for a Decimal.
    """
    made = Column(header, description, aliases=tuple(aliases.split()), counts=tuple(counts.split()), **options)
    return _Declared(made, {"vocabulary": vocabulary, "open": open, "scale": scale})


def personal(field: str, header: str, description: str, aliases: str) -> Column:
    """A column that any sheet may carry and that is personal wherever it stands."""
    return Column(header, description, field, aliases=tuple(aliases.split()), personal=True)


PERSONAL = (
    personal(
        "contact",
        "联系人",
        "Person to ask",
        "联系人姓名 经办人 填表人 填报人 审核人 负责人 负责人姓名 姓名 业主姓名 户主",
    ),
    personal(
        "contact_phone",
        "联系电话",
        "Telephone",
        "电话 手机 手机号 手机号码 电话号码 联系方式 负责人电话 联系人电话 固定电话 办公电话",
    ),
    personal("identity_number", "身份证号", "Identity number", "身份证号码 身份证 证件号码 证件号 公民身份号码"),
    personal("email", "电子邮箱", "E-mail", "邮箱 E-mail EMAIL 邮件地址"),
    personal("birth_date", "出生年月", "Date of birth", "出生日期 生日"),
    personal("bank_account", "银行卡号", "Bank account", "银行账号 开户账号 账号"),
)
"""Columns of people's data that may turn up in any sheet; a form's own column of the same header goes first."""


@dataclass(frozen=True)
class _Declared:
    """A column that does not yet know its field and type: the class body names them."""

    column: Column
    options: Mapping[str, Any]

    def bind(self, name: str, kind: type[FieldType]) -> Column:
        options = {option.name: self.options[option.name] for option in dataclasses.fields(kind)}
        if "vocabulary" in options:
            options["vocabulary"] = options["vocabulary"] or name
        return replace(self.column, field=name, type=kind(**options))


class Form:
    """One kind of record in a workbook. Subclasses declare columns; they are never instantiated."""

    name: ClassVar[str]
    sheet: ClassVar[str]
    sheet_aliases: ClassVar[tuple[str, ...]]
    title: ClassVar[str]
    title_en: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    """As the template prints them."""
    extras: ClassVar[bool]
    """Whether some of its columns are for some plans only."""
    alternatives: ClassVar[tuple[Column, ...]]
    """Columns that are read but not printed (合同期限 for start and end in one)."""
    required_columns: ClassVar[tuple[Column, ...]]
    """Columns the sheet can't be used without."""
    record_schema: ClassVar[dict[str, pl.DataType]]
    """Every column of a stored record, in order: origin, keys, values."""
    key_columns: ClassVar[dict[str, KeyRule]]
    """Derived record column → the field it is made from and how."""

    def __init_subclass__(
        cls,
        *,
        sheet: str,
        title: str,
        title_en: str,
        aliases: str = "",
        keys: Mapping[str, KeyRule] | None = None,
    ) -> None:
        kinds = get_type_hints(cls)
        declared = {name: item for name, item in vars(cls).items() if isinstance(item, _Declared)}
        for name in declared:
            delattr(cls, name)  # a field may be called name, like the form's own attribute
        bound = [item.bind(name, kinds[name]) for name, item in declared.items()]
        cls.name, cls.sheet, cls.title, cls.title_en = cls.__name__.lower(), sheet, title, title_en
        cls.sheet_aliases, cls.key_columns = tuple(aliases.split()), dict(keys or {})
        cls.columns = tuple(item for item in bound if item.type.record_columns(item.field))
        cls.alternatives = tuple(item for item in bound if item not in cls.columns)
        cls.extras = any(item.extra for item in cls.columns)
        cls.required_columns = tuple(item for item in cls.columns if item.required)
        cls.record_schema = {**ORIGIN, **dict.fromkeys(cls.key_columns, pl.String())}
        for item in cls.columns:
            cls.record_schema.update(item.record_columns)

    @classmethod
    def column(cls, field: str) -> Column:
        """The column of this field, printed or not. Raises KeyError naming the form."""
        for item in (*cls.columns, *cls.alternatives, *PERSONAL):
            if item.field == field:
                return item
        raise KeyError(f"form {cls.name} has no column {field}")

    @classmethod
    def columns_for(cls, fields: Collection[str]) -> tuple[Column, ...]:
        """What the template of a plan prints whose indicators rest on these fields (``form.field``)."""
        if not cls.extras:
            return cls.columns
        return tuple(item for item in cls.columns if not item.extra or f"{cls.name}.{item.field}" in fields)

    @classmethod
    def with_keys(cls, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with its key columns (``name_key`` …) worked out from the names in it."""
        return keys.add(frame, cls.key_columns)

    @classmethod
    def schema(cls) -> pa.DataFrameSchema:
        """The pandera schema of its records, many workbooks in one frame."""
        from pipelines.forms.schema import build

        return build(cast(Hashable, cls))
