select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    measure,
    value
from {{ source('records', 'summary') }}
