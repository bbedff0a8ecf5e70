select
    c.plan_id,
    c.period_id,
    c.district_code,
    c.submission_id,
    c.source_sheet,
    c.source_row,
    true as in_register,
    true as is_reported,
    c.source,
    c.status,
    coalesce(c.due_date <= p.as_of, false) as is_due,
    coalesce(c.closed_date <= c.due_date, false) as is_closed_on_time,
    c.is_repeat,
    c.is_satisfied,
    c.category
from {{ ref('stg_dispute') }} as c
inner join {{ ref('int_period') }} as p on c.plan_id = p.plan_id and c.period_id = p.period_id
