-- What later versions changed in figures that a district had given before: the first accepted one against the one in
-- force, where they differ.
with resent as (
    select
        s.submission_id,
        o.submission_id as first_submission_id,
        s.first_accepted_at,
        s.received_at as restated_at,
        cast(s.received_at as date) > p.due_date as is_after_due
    from {{ ref('stg_submission') }} as s
    inner join {{ ref('stg_submission') }} as o
        on s.plan_id = o.plan_id and s.period_id = o.period_id and s.district_code = o.district_code
    inner join {{ source('inputs', 'period') }} as p on s.plan_id = p.plan_id and s.period_id = p.period_id
    where s.is_effective and o.is_first_accepted and s.submission_id <> o.submission_id
)

select
    n.plan_id,
    n.district_code,
    n.period_id,
    n.indicator_id,
    n.basis,
    r.first_submission_id,
    n.submission_id,
    r.first_accepted_at,
    r.restated_at,
    r.is_after_due,
    a.numerator as first_numerator,
    a.denominator as first_denominator,
    a.value as first_value,
    n.numerator,
    n.denominator,
    n.value,
    n.value - a.value as difference
from resent as r
inner join {{ ref('fct_submission_indicator') }} as n on r.submission_id = n.submission_id
inner join {{ ref('fct_submission_indicator') }} as a
    on r.first_submission_id = a.submission_id and n.indicator_id = a.indicator_id
where
    n.numerator is distinct from a.numerator
    or n.denominator is distinct from a.denominator
