select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    date,
    type,
    level,
    units,
    items,
    closed
from {{ source('records', 'meeting') }}
