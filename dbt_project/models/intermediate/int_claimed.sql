-- What a district typed as totals, set against the indicators whose conditions say the same.
with meaning (measure, condition) as (
    values
    ('community_count', 'is_completed'),
    ('managed_count', 'has_management'),
    ('professional_count', 'is_professional'),
    ('committee_count', 'has_committee')
),

typed as (
    select
        s.plan_id,
        s.period_id,
        s.district_code,
        m.condition,
        s.value,
        row_number() over (
            partition by s.submission_id, s.measure order by s.source_sheet, s.source_row
        ) as nth
    from {{ ref('stg_summary') }} as s
    inner join meaning as m on s.measure = m.measure
    where s.value is not null
)

select
    i.plan_id,
    below.period_id,
    below.district_code,
    i.indicator_id,
    i.basis,
    above.value as numerator,
    below.value as denominator
from {{ source('inputs', 'indicator') }} as i
inner join typed as below on i.plan_id = below.plan_id and i.denominator_sql = below.condition and below.nth = 1
inner join typed as above
    on
        i.plan_id = above.plan_id
        and i.numerator_sql = above.condition
        and below.period_id = above.period_id
        and below.district_code = above.district_code
        and above.nth = 1
where i.entity = 'community' and i.basis = 'communities'
