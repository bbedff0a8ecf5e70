-- A district's rows add up to its figure, on both sides of the line; a pooled figure has the rows of its parts.
with alike as (
    select
        plan_id,
        period_id,
        district_code,
        entity,
        figure_set,
        count(*) as row_count
    from {{ ref('mart_figure_row') }}
    group by plan_id, period_id, district_code, entity, figure_set
),

added as (
    select
        r.plan_id,
        r.period_id,
        r.district_code,
        s.indicator_id,
        r.row_count * s.numerator as numerator,
        r.row_count * s.denominator as denominator
    from alike as r
    inner join {{ ref('mart_figure_set') }} as s
        on r.plan_id = s.plan_id and r.entity = s.entity and r.figure_set = s.figure_set
    union all
    -- Where each row has an amount of its own.
    select
        r.plan_id,
        r.period_id,
        r.district_code,
        s.indicator_id,
        {{ nth_of('r.amounts', 's.numerator_at') }} as numerator,
        {{ nth_of('r.amounts', 's.denominator_at') }} as denominator
    from {{ ref('mart_figure_row') }} as r
    inner join {{ ref('mart_figure_set') }} as s
        on r.plan_id = s.plan_id and r.entity = s.entity and r.figure_set = s.figure_set
    where r.amounts is not null and (s.numerator_at is not null or s.denominator_at is not null)
)

select
    f.plan_id,
    f.period_id,
    f.district_code,
    f.indicator_id
from {{ ref('fct_indicator') }} as f
inner join {{ ref('dim_indicator') }} as i on f.plan_id = i.plan_id and f.indicator_id = i.indicator_id
left join added as r
    on
        f.plan_id = r.plan_id
        and f.period_id = r.period_id
        and f.district_code = r.district_code
        and (f.indicator_id = r.indicator_id or {{ holds('i.pools', 'r.indicator_id') }})
where
    f.variant = 'audited'
    and f.is_main
    and f.district_code <> 'ALL'
    and f.numerator is not null
    and i.kind in ('rate', 'count', 'trend')
    and i.entity not in ('commitment', 'occasion')
group by f.plan_id, f.period_id, f.district_code, f.indicator_id, f.numerator, f.denominator
having
    coalesce(sum(r.numerator), 0) <> f.numerator
    or coalesce(sum(r.denominator), 0) <> coalesce(f.denominator, 0)
