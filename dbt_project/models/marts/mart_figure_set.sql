-- What a row adds to the figures it is part of. Communities are very many, the ways to count in nine figures few.
with figure as (
    {{ figures_in_sets() }}
),

found as (
    select distinct
        plan_id,
        entity,
        figure_set
    from {{ ref('mart_figure_row') }}
),

figure_of_set as (
    select
        s.plan_id,
        s.entity,
        s.figure_set,
        f.indicator_id,
        f.is_rate,
        f.numerator_at,
        f.denominator_at,
        {{ nth_character('s.figure_set', 'f.nth') }} as digit
    from found as s
    inner join figure as f on s.plan_id = f.plan_id and s.entity = f.entity
)

select
    plan_id,
    entity,
    figure_set,
    indicator_id,
    {{ amount("case when digit = '1' then 0 when numerator_at is null then 1 end") }} as numerator,
    {{ amount('case when is_rate and denominator_at is null then 1 end') }} as denominator,
    case when digit = '2' then numerator_at end as numerator_at,
    denominator_at
from figure_of_set
where digit <> '0'
union all
select
    plan_id,
    entity,
    figure_set,
    figure_set as indicator_id,
    {{ amount('null') }} as numerator,
    {{ amount('null') }} as denominator,
    cast(null as bigint) as numerator_at,
    cast(null as bigint) as denominator_at
from found
where entity = 'mechanism'
