-- The figures of a version in force are those reported, all of them, and no others.
with version as (
    select *
    from {{ ref('fct_submission_indicator') }}
    where is_effective
),

reported as (
    select f.*
    from {{ ref('fct_indicator') }} as f
    inner join {{ source('inputs', 'indicator') }} as i on f.plan_id = i.plan_id and f.indicator_id = i.indicator_id
    where f.variant = 'reported' and f.is_main and f.district_code <> 'ALL' and i.entity <> 'occasion'
)

select
    coalesce(v.plan_id, r.plan_id) as plan_id,
    coalesce(v.district_code, r.district_code) as district_code,
    coalesce(v.period_id, r.period_id) as period_id,
    coalesce(v.indicator_id, r.indicator_id) as indicator_id
from version as v
full join reported as r
    on
        v.plan_id = r.plan_id
        and v.district_code = r.district_code
        and v.period_id = r.period_id
        and v.indicator_id = r.indicator_id
where
    v.plan_id is null
    or r.plan_id is null
    or v.numerator is distinct from r.numerator
    or v.denominator is distinct from r.denominator
    or v.value is distinct from r.value
