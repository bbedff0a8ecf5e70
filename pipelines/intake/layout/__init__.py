"""Where the tables on a sheet are: their header rows, which column is which field, data rows, totals and notes.

``sheets`` finds the tables, ``windows`` their header rows, ``matching`` says which column is which field, ``rows``
what every row is, ``given`` puts into the rows what stands outside them (``streets``), ``outline`` tells where a header
seems to be that fits no form. What was decided is kept in the tables, so that the receipt can show it.
"""

from pipelines.intake.layout.aliases import NO_ALIASES, AliasError, Aliases, read_aliases
from pipelines.intake.layout.matching import match_columns, near_columns
from pipelines.intake.layout.model import (
    Clash,
    ColumnFound,
    Conflict,
    Given,
    SheetLayout,
    Table,
    tables_by_form,
)
from pipelines.intake.layout.outline import Outline, outline
from pipelines.intake.layout.sheets import form_of_sheet_name, is_cover, lay_out

__all__ = [
    "NO_ALIASES",
    "AliasError",
    "Aliases",
    "Clash",
    "ColumnFound",
    "Conflict",
    "Given",
    "Outline",
    "SheetLayout",
    "Table",
    "form_of_sheet_name",
    "is_cover",
    "lay_out",
    "match_columns",
    "near_columns",
    "outline",
    "read_aliases",
    "tables_by_form",
]
