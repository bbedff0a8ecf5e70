select
    plan_id,
    period_id,
    period_name,
    period_name_en,
    kind,
    as_of,
    due_date,
    lateness_judged,
    seq,
    previous_period_id,
    is_due,
    is_open
from {{ ref('int_period') }}
