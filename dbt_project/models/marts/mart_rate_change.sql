-- A rate moves because more is done or because there is more or less to do; the two effects add up to the change.
with rate as (
    select
        f.plan_id,
        f.district_code,
        f.indicator_id,
        f.period_id,
        p.previous_period_id,
        f.value,
        cast(f.numerator as double) as n,
        cast(f.denominator as double) as d
    from {{ ref('fct_indicator') }} as f
    inner join {{ ref('int_period') }} as p on f.plan_id = p.plan_id and f.period_id = p.period_id
    where f.variant = 'audited' and f.is_main and f.denominator > 0 and f.numerator is not null
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
    100 * 0.5 * (a.n + b.n) * (1 / b.d - 1 / a.d) as denominator_effect
from rate as b
inner join rate as a
    on
        b.plan_id = a.plan_id
        and b.district_code = a.district_code
        and b.indicator_id = a.indicator_id
        and b.previous_period_id = a.period_id
