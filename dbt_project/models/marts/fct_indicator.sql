-- The whole plan area pools numerators and denominators. In audited figures a district without data keeps its
-- denominator and adds nothing above the line; reported and claimed pool those that spoke.
with pooled as (
    select
        plan_id,
        period_id,
        indicator_id,
        basis,
        variant,
        is_main,
        sum(numerator) as numerator,
        sum(
            case when numerator is not null or variant not in ('reported', 'claimed') then denominator end
        ) as denominator,
        count(numerator) as districts_known
    from {{ ref('int_indicator') }}
    where district_code in (select d.district_code from {{ source('inputs', 'district') }} as d)
    group by plan_id, period_id, indicator_id, basis, variant, is_main
),

scope as (
    select
        i.plan_id,
        i.indicator_id,
        count(*) as districts
    from {{ source('inputs', 'indicator') }} as i
    inner join {{ source('inputs', 'district') }} as d
        on i.plan_id = d.plan_id and (i.district_scope is null or {{ holds('i.district_scope', 'd.district_code') }})
    group by i.plan_id, i.indicator_id
),

reporting as (
    select
        plan_id,
        period_id,
        count(submission_id) as submissions
    from {{ ref('int_district_period') }}
    group by plan_id, period_id
),

district_figure as (
    select
        f.plan_id,
        f.period_id,
        f.district_code,
        f.indicator_id,
        f.basis,
        f.variant,
        f.is_main,
        f.numerator,
        f.denominator,
        case when f.numerator is null then 1 else 0 end as districts_missing,
        case when d.is_silent then 0 else 1 end as submissions
    from {{ ref('int_indicator') }} as f
    inner join {{ ref('int_district_period') }} as d
        on f.plan_id = d.plan_id and f.period_id = d.period_id and f.district_code = d.district_code
    union all
    select
        p.plan_id,
        p.period_id,
        'ALL' as district_code,
        p.indicator_id,
        p.basis,
        p.variant,
        p.is_main,
        -- Things that districts share are counted once; that count is made where the rows are.
        case when p.districts_known > 0 then coalesce(o.numerator, p.numerator) end as numerator,
        coalesce(o.denominator, p.denominator) as denominator,
        s.districts - p.districts_known as districts_missing,
        r.submissions
    from pooled as p
    inner join scope as s on p.plan_id = s.plan_id and p.indicator_id = s.indicator_id
    inner join reporting as r on p.plan_id = r.plan_id and p.period_id = r.period_id
    left join {{ ref('int_indicator') }} as o
        on
            o.district_code = 'ALL'
            and p.plan_id = o.plan_id
            and p.period_id = o.period_id
            and p.indicator_id = o.indicator_id
            and p.basis = o.basis
            and p.variant = o.variant
),

-- Rates that add up others' do so for the whole plan area as well, where a shared thing was counted once.
added_up as (
    select
        f.plan_id,
        f.period_id,
        i.indicator_id,
        f.variant,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator
    from district_figure as f
    inner join {{ source('inputs', 'indicator') }} as i
        on f.plan_id = i.plan_id and {{ holds('i.pools', 'f.indicator_id') }}
    where f.is_main and f.district_code = 'ALL'
    group by f.plan_id, f.period_id, i.indicator_id, f.variant
),

figure as (
    select
        f.plan_id,
        f.period_id,
        f.district_code,
        f.indicator_id,
        f.basis,
        f.variant,
        f.is_main,
        coalesce(case when f.numerator is not null then a.numerator end, f.numerator) as numerator,
        coalesce(case when f.numerator is not null then a.denominator end, f.denominator) as denominator,
        f.districts_missing,
        f.submissions
    from district_figure as f
    left join added_up as a
        on
            f.district_code = 'ALL'
            and f.plan_id = a.plan_id
            and f.period_id = a.period_id
            and f.indicator_id = a.indicator_id
            and f.variant = a.variant
)

select
    f.plan_id,
    f.district_code,
    f.period_id,
    f.indicator_id,
    f.basis,
    f.variant,
    {{ amount('f.numerator') }} as numerator,
    {{ amount('f.denominator') }} as denominator,
    case
        when i.denominator_sql is null then cast(f.numerator as double)
        when f.denominator > 0 then 100 * cast(f.numerator as double) / cast(f.denominator as double)
    end as value,
    f.is_main,
    cast(f.districts_missing as bigint) as districts_missing,
    p.as_of,
    cast(f.submissions as bigint) as submissions
from figure as f
inner join {{ source('inputs', 'indicator') }} as i on f.plan_id = i.plan_id and f.indicator_id = i.indicator_id
inner join {{ ref('int_period') }} as p on f.plan_id = p.plan_id and f.period_id = p.period_id
