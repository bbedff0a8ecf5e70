-- What fell due counts below the line whether or not anything speaks of it; what nothing could prove is not counted.
select
    d.plan_id,
    p.period_id,
    d.district_code,
    d.indicator_id,
    d.occasion_id,
    d.due_date,
    d.source <> 'none' as in_register,
    d.is_answered as is_reported,
    d.is_done,
    d.is_on_time,
    d.days_late
from {{ ref('int_duty') }} as d
inner join {{ ref('int_period') }} as p on d.plan_id = p.plan_id and d.due_date <= p.as_of
where p.is_open
