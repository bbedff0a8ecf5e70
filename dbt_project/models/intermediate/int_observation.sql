-- What each milestone saw in each open period: per district, and for the whole plan area pooled over the districts in
-- scope. Nothing is judged here.
with place as (
    select
        m.plan_id,
        m.milestone_id,
        m.indicator_id,
        m.kind,
        m.basis,
        m.due_date,
        d.district_code
    from {{ ref('int_milestone') }} as m
    inner join {{ source('inputs', 'district') }} as d
        on m.plan_id = d.plan_id and (m.district_scope is null or {{ holds('m.district_scope', 'd.district_code') }})
),

seen as (
    select
        s.plan_id,
        s.milestone_id,
        s.district_code,
        p.period_id,
        f.numerator,
        f.denominator
    from place as s
    inner join {{ ref('int_period') }} as p on s.plan_id = p.plan_id and p.is_open
    inner join {{ ref('fct_indicator') }} as f
        on
            s.plan_id = f.plan_id
            and s.indicator_id = f.indicator_id
            and s.basis = f.basis
            and s.district_code = f.district_code
            and p.period_id = f.period_id
            and f.variant = 'audited'
    where s.kind <> 'cadence'
    union all
    select
        s.plan_id,
        s.milestone_id,
        s.district_code,
        p.period_id,
        case when u.is_answered then case when u.is_on_time then 1 else 0 end end as numerator,
        1 as denominator
    from place as s
    inner join {{ ref('int_period') }} as p on s.plan_id = p.plan_id and p.is_open
    inner join {{ ref('int_duty') }} as u
        on
            s.plan_id = u.plan_id
            and s.indicator_id = u.indicator_id
            and s.district_code = u.district_code
            and s.due_date = u.due_date
    where s.kind = 'cadence'
),

pooled as (
    select
        plan_id,
        milestone_id,
        period_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from seen
    group by plan_id, milestone_id, period_id
)

select
    plan_id,
    milestone_id,
    district_code,
    period_id,
    {{ amount('numerator') }} as numerator,
    {{ amount('denominator') }} as denominator
from seen
union all
select
    o.plan_id,
    o.milestone_id,
    'ALL' as district_code,
    o.period_id,
    {{ amount('case when f.indicator_id is not null then f.numerator else o.numerator end') }} as numerator,
    {{ amount('case when f.indicator_id is not null then f.denominator else o.denominator end') }} as denominator
from pooled as o
inner join {{ ref('int_milestone') }} as m on o.plan_id = m.plan_id and o.milestone_id = m.milestone_id
left join {{ ref('fct_indicator') }} as f
    on
        m.is_everywhere
        and m.kind <> 'cadence'
        and o.plan_id = f.plan_id
        and m.indicator_id = f.indicator_id
        and m.basis = f.basis
        and o.period_id = f.period_id
        and f.variant = 'audited'
        and f.district_code = 'ALL'
