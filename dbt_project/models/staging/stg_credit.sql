select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    rating_year,
    company_key,
    uscc,
    grade,
    list_flag,
    submitted_date,
    published_date
from {{ source('records', 'credit') }}
