select
    t.plan_id,
    t.period_id,
    t.district_code,
    t.submission_id,
    t.source_sheet,
    t.source_row,
    true as in_register,
    true as is_reported,
    t.task_id,
    t.planned,
    t.actual,
    t.status,
    coalesce(t.status = 'done' and (t.done_date is null or t.done_date <= p.as_of), false) as is_done,
    t.done_date
from {{ ref('stg_task') }} as t
inner join {{ ref('int_period') }} as p on t.plan_id = p.plan_id and t.period_id = p.period_id
where t.task_id is not null
