-- No target is met below its number, and none missed above it unless it had to be held or others had to be reached too.
select
    m.plan_id,
    m.milestone_id,
    m.district_code,
    m.period_id,
    m.status
from {{ ref('mart_milestone_progress') }} as m
inner join {{ ref('int_milestone') }} as i on m.plan_id = i.plan_id and m.milestone_id = i.milestone_id
where
    not i.is_count
    and m.operator in ('gte', 'eq', 'hold_gte', 'done_by')
    and (
        (m.status = 'met' and m.numerator * 100 < m.target * m.denominator)
        or (
            m.status in ('behind', 'overdue_not_met')
            and m.numerator * 100 >= m.target * m.denominator
            and not m.is_breached
            and {{ length_of('i.all_of') }} = 0
        )
    )
