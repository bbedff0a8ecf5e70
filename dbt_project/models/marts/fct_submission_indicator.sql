-- The district's own figures under each version it sent: what its rows say with that version in force and everything
-- else as it is. The version in force has those that fct_indicator reports.
with figure as (
    select
        s.plan_id,
        s.district_code,
        s.period_id,
        s.submission_id,
        s.is_effective,
        s.supersedes,
        f.indicator_id,
        f.basis,
        {{ amount('f.numerator') }} as numerator,
        {{ amount('f.denominator') }} as denominator,
        case
            when i.denominator_sql is null then cast(f.numerator as double)
            when f.denominator > 0 then 100 * cast(f.numerator as double) / cast(f.denominator as double)
        end as value
    from {{ ref('int_indicator') }} as f
    inner join {{ ref('stg_submission') }} as s
        on f.plan_id = s.plan_id and f.period_id = s.period_id and f.district_code = s.unit_code
    inner join {{ source('inputs', 'indicator') }} as i
        on f.plan_id = i.plan_id and f.indicator_id = i.indicator_id and i.entity <> 'occasion'
    where f.variant = 'reported' and f.is_main
)

select
    f.plan_id,
    f.district_code,
    f.period_id,
    f.submission_id,
    f.is_effective,
    f.supersedes,
    f.indicator_id,
    f.basis,
    f.numerator,
    f.denominator,
    f.value,
    b.numerator as previous_numerator,
    b.denominator as previous_denominator,
    b.value as previous_value
from figure as f
left join figure as b on f.supersedes = b.submission_id and f.indicator_id = b.indicator_id
