select
    submission_id,
    cast(issue_no as bigint) as issue_no,
    severity,
    rule_id,
    form,
    sheet,
    cell,
    source_row,
    field,
    entity,
    message,
    remedy,
    raw,
    answer
from {{ source('records', 'issue') }}
