select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    date,
    type,
    company_key,
    problems,
    rectified
from {{ source('records', 'inspection') }}
