select
    plan_id,
    line,
    district_code,
    event,
    community,
    related,
    date as decision_date,
    reason,
    is_applied
from {{ source('inputs', 'decision') }}
