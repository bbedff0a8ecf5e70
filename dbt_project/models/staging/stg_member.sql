select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    community_name,
    position,
    has_credit_file,
    filed_date
from {{ source('records', 'member') }}
