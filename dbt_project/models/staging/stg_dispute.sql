select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    case_no,
    source,
    status,
    category,
    due_date,
    closed_date,
    is_repeat,
    is_satisfied
from {{ source('records', 'dispute') }}
