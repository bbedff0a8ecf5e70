select
    plan_id,
    period_id,
    district_code,
    submission_id,
    source_sheet,
    source_row,
    true as in_register,
    true as is_reported,
    rating_year,
    coalesce(uscc, company_key) as company_id,
    company_key,
    grade,
    list_flag,
    submitted_date,
    published_date
from {{ ref('stg_credit') }}
