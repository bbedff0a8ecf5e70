"""回执: the district's own workbook with every problem in its cell, a list of them in front, and the same as JSON.

Sending the corrected receipt back is a valid submission: the sheets it added are no forms, and what the district wrote
into 说明 is kept with the finding.

``write`` puts it together · ``problems``, ``recognition``, ``figures``, ``changes``: its own sheets · ``words``,
``findings``, ``effects``: what they say · ``annotate``: editing the district's xlsx; ``rebuilt``: an xlsx for other
formats · ``ownsheet``, ``bookstyles``, ``trimming``: XML.
"""

from pipelines.intake.receipt.write import (
    VERDICTS,
    as_json,
    is_personal,
    receipt_path,
    write_json,
    write_plain,
    write_receipt,
)

__all__ = ["VERDICTS", "as_json", "is_personal", "receipt_path", "write_json", "write_plain", "write_receipt"]
