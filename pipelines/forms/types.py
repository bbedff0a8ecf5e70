"""The types a column can have: what is stored for it and which parser reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from pipelines.forms import values
from pipelines.forms.parsed import Parsed

if TYPE_CHECKING:
    from pipelines.forms.base import Column


@dataclass(frozen=True)
class FieldType:
    """One kind of column. ``label`` is what the clerk and the data dictionary call it."""

    label: ClassVar[str] = ""
    dtype: ClassVar[pl.DataType] = pl.String()

    def record_columns(self, field: str) -> dict[str, pl.DataType]:
        """The columns of the stored record that hold this field."""
        return {field: self.stored}

    @property
    def stored(self) -> pl.DataType:
        """The type of the value in a record."""
        return self.dtype

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        """The cell as this type. Never raises."""
        raise NotImplementedError


class Text(FieldType):
    """Free text; personal data found in it is masked."""

    label = "文本"

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_text(raw, column.header)


class Name(FieldType):
    """The name of a community, a body or a firm: 无 and 「/」 are no names."""

    label = "名称"

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_name(raw, column.header)


class CompanyName(Name):
    """The name of a firm; a management mode typed in its place (业主自管) is no firm."""

    label = "企业名称"

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_company_name(raw, column.header)


class DocumentNo(FieldType):
    """文号, its brackets brought to 〔〕."""

    label = "文号"

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_document_no(raw, column.header)


class Code(FieldType):
    """An identifier, kept as text: leading zeros and letters count."""

    label = "编码（文本）"

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_code(raw, column.header)


class IndicatorId(Code):
    """The id of an indicator of the plan; templates list them."""

    label = "指标编号"


class Codes(FieldType):
    """Several identifiers in one cell, separated by 、 ; or ,; stored joined by 、."""

    label = "编码（可填多个）"

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_codes(raw, column.header)


class Uscc(FieldType):
    """统一社会信用代码 (GB 32100-2015)."""

    label = "18位信用代码"

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_uscc(raw, column.header)


class Integer(FieldType):
    """A count."""

    label = "整数"
    dtype = pl.Int64()

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_integer(raw, column.header, unit=unit, counts=column.counts)


class Year(FieldType):
    """A calendar year, stored as a number."""

    label = "年份"
    dtype = pl.Int64()

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_year(raw, column.header)


@dataclass(frozen=True)
class Decimal(FieldType):
    """An exact number. Stored in the base unit: ㎡ for areas, 元 for money, whatever unit the header states."""

    label = "数值"
    scale: int = 2

    @property
    def stored(self) -> pl.DataType:
        return pl.Decimal(18, self.scale)

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_decimal(raw, column.header, scale=self.scale, unit=unit, expected=column.unit)


class Percent(FieldType):
    """A rate in percent, 0–100."""

    label = "百分数"
    dtype = pl.Float64()

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_percent(raw, column.header, unit=unit, percent_format=percent_format)


class PartialDate(FieldType):
    """A date known to the day, month, year or decade."""

    label = "日期"
    dtype = pl.Date()

    def record_columns(self, field: str) -> dict[str, pl.DataType]:
        return {field: pl.Date(), f"{field}_precision": pl.String(), f"{field}_raw": pl.String()}

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_date(raw, column.header)


class DatePeriod(FieldType):
    """Start and end in one cell (2022.1-2024.12): ``value`` is the pair of Parsed dates."""

    label = "起止日期"

    def record_columns(self, field: str) -> dict[str, pl.DataType]:
        return {}

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_period(raw, column.header)


class Flag(FieldType):
    """是 or 否."""

    label = "是/否"
    dtype = pl.Boolean()

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_flag(raw, column.header)


@dataclass(frozen=True)
class Enum(FieldType):
    """One of the words of a vocabulary, stored as its code. An open one keeps words it does not know as typed."""

    label = "选项"
    vocabulary: str = ""
    open: bool = False

    def read(self, raw: object, column: Column, unit: str | None, percent_format: bool) -> Parsed:
        return values.read_choice(raw, column.header, self.vocabulary, open=self.open)
