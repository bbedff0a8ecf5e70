-- A rate moves because more is done or because there is more or less to do; the two effects add up to the change. In
-- the whole area a district without a figure counts as nothing done: its silence would pass for lost work, and its
-- speaking again for work. What of the change is owed to such districts is told beside the two effects.
with rate as (
    select
        f.plan_id,
        f.district_code,
        f.indicator_id,
        f.period_id,
        p.previous_period_id,
        f.value,
        f.numerator is not null as is_heard,
        cast(f.numerator as double) as n,
        cast(f.denominator as double) as d
    from {{ ref('fct_indicator') }} as f
    inner join {{ ref('int_period') }} as p on f.plan_id = p.plan_id and f.period_id = p.period_id
    where f.variant = 'audited' and f.is_main
),

step as (
    select
        p.plan_id,
        p.period_id,
        p.previous_period_id,
        i.indicator_id,
        d.district_code
    from {{ ref('int_period') }} as p
    inner join {{ source('inputs', 'indicator') }} as i on p.plan_id = i.plan_id
    inner join {{ source('inputs', 'district') }} as d on p.plan_id = d.plan_id
    where p.is_open and p.previous_period_id is not null
),

one_sided as (
    select
        s.plan_id,
        s.period_id,
        s.indicator_id,
        sum(coalesce(b.n, 0) - coalesce(a.n, 0)) as n,
        sum(coalesce(b.d, 0) - coalesce(a.d, 0)) as d,
        count(*) as districts
    from step as s
    left join rate as b
        on
            s.plan_id = b.plan_id
            and s.district_code = b.district_code
            and s.indicator_id = b.indicator_id
            and s.period_id = b.period_id
    left join rate as a
        on
            s.plan_id = a.plan_id
            and s.district_code = a.district_code
            and s.indicator_id = a.indicator_id
            and s.previous_period_id = a.period_id
    where coalesce(a.is_heard, false) <> coalesce(b.is_heard, false)
    group by s.plan_id, s.period_id, s.indicator_id
)

select
    b.plan_id,
    b.district_code,
    b.period_id,
    b.previous_period_id as period_from,
    b.indicator_id,
    a.value as value_from,
    b.value as value_to,
    100 * 0.5 * (b.n - a.n) * (1 / a.d + 1 / b.d) as work_effect,
    100 * 0.5 * (a.n + b.n) * (1 / b.d - 1 / a.d) as denominator_effect,
    coalesce(
        100 * 0.5 * s.n * (1 / a.d + 1 / b.d) - 100 * 0.5 * (a.n + b.n) * s.d / (a.d * b.d), 0
    ) as silence_effect,
    coalesce(s.districts, 0) as districts_one_sided
from rate as b
inner join rate as a
    on
        b.plan_id = a.plan_id
        and b.district_code = a.district_code
        and b.indicator_id = a.indicator_id
        and b.previous_period_id = a.period_id
left join one_sided as s
    on
        b.plan_id = s.plan_id
        and b.period_id = s.period_id
        and b.indicator_id = s.indicator_id
        and b.district_code = 'ALL'
where a.is_heard and a.d > 0 and b.is_heard and b.d > 0
