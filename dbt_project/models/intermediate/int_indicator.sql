with figure as (
    {{ all_figures() }}
),

expected as (
    select
        k.plan_id,
        k.period_id,
        k.district_code,
        k.indicator_id,
        b.basis,
        b.is_main,
        v.variant,
        k.is_known,
        k.is_carried,
        i.denominator_sql is not null as has_denominator,
        i.entity in ('commitment', 'occasion', 'survey') as needs_rows
    from {{ ref('int_indicator_known') }} as k
    inner join {{ source('inputs', 'indicator') }} as i
        on k.plan_id = i.plan_id and k.indicator_id = i.indicator_id
    inner join {{ source('inputs', 'indicator_basis') }} as b
        on k.plan_id = b.plan_id and k.indicator_id = b.indicator_id
    inner join {{ ref('int_ledger') }} as d
        on k.plan_id = d.plan_id and k.period_id = d.period_id and k.district_code = d.district_code
    cross join (values ('audited'), ('reported'), ('strict'), ('frozen_baseline')) as v (variant)
    where
        {{ length_of('i.pools') }} = 0
        and (
            (v.variant = 'reported' and not d.is_silent)
            or (
                not d.is_version
                and (
                    v.variant = 'audited'
                    or (v.variant = 'strict' and i.strict_numerator_sql is not null)
                    or (v.variant = 'frozen_baseline' and i.entity = 'community')
                )
            )
        )
),

answered as (
    select
        e.plan_id,
        e.period_id,
        e.district_code,
        e.indicator_id,
        e.basis,
        e.is_main,
        e.variant,
        e.has_denominator,
        -- A silent district keeps the denominator of its last known rows, 0 included.
        e.is_carried and f.plan_id is not null and not e.needs_rows as is_carried,
        e.is_known and coalesce(f.is_answered, not e.needs_rows) as is_known,
        f.numerator,
        f.denominator
    from expected as e
    left join figure as f
        on
            e.plan_id = f.plan_id
            and e.period_id = f.period_id
            and e.district_code = f.district_code
            and e.indicator_id = f.indicator_id
            and e.basis = f.basis
            and e.variant = f.variant
),

known as (
    select
        plan_id,
        period_id,
        district_code,
        indicator_id,
        basis,
        is_main,
        variant,
        case when is_known then coalesce(numerator, 0) end as numerator,
        case
            when not has_denominator then null
            when is_known or is_carried then coalesce(denominator, 0)
            else nullif(denominator, 0)
        end as denominator
    from answered
)

select * from known
union all
-- Rates that add up others', where each of those has its figure.
select
    k.plan_id,
    k.period_id,
    k.district_code,
    i.indicator_id,
    i.basis,
    true as is_main,
    k.variant,
    case when count(k.numerator) = {{ length_of('i.pools') }} then sum(k.numerator) end as numerator,
    case when count(k.denominator) = {{ length_of('i.pools') }} then sum(k.denominator) end as denominator
from known as k
inner join {{ source('inputs', 'indicator') }} as i
    on k.plan_id = i.plan_id and {{ holds('i.pools', 'k.indicator_id') }}
where k.is_main and k.variant in ('audited', 'reported')
group by k.plan_id, k.period_id, k.district_code, i.indicator_id, i.basis, k.variant, {{ length_of('i.pools') }}
union all
select
    f.plan_id,
    f.period_id,
    f.district_code,
    f.indicator_id,
    f.basis,
    b.is_main,
    f.variant,
    f.numerator,
    f.denominator
from figure as f
inner join {{ source('inputs', 'indicator_basis') }} as b
    on f.plan_id = b.plan_id and f.indicator_id = b.indicator_id and f.basis = b.basis
where f.district_code = 'ALL'
union all
select
    plan_id,
    period_id,
    district_code,
    indicator_id,
    basis,
    true as is_main,
    'claimed' as variant,
    {{ amount('numerator') }} as numerator,
    {{ amount('denominator') }} as denominator
from {{ ref('int_claimed') }}
