"""What sheets and their columns are called, for pages that lead back to a workbook."""

from __future__ import annotations

from pipelines.forms import FORMS


def form_title(form: str) -> str:
    """The sheet of a form; a form nobody knows by its own name."""
    return FORMS[form].sheet if form in FORMS else form


def field_title(form: str, field: str, lang: str) -> str:
    """A column's name on its form, in English what it means."""
    columns = (*FORMS[form].columns, *FORMS[form].alternatives) if form in FORMS else ()
    column = next((column for column in columns if column.field == field), None)
    return field if column is None else column.description if lang == "en" else column.header
