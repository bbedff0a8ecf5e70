select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    task_id,
    planned,
    actual,
    status,
    done_date
from {{ source('records', 'task') }}
