select
    plan_id,
    period_id,
    district_code,
    submission_id,
    source_sheet,
    source_row,
    true as in_register,
    true as is_reported,
    date,
    type,
    level,
    units,
    items,
    closed
from {{ ref('stg_meeting') }}
