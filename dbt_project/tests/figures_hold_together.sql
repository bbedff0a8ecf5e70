-- A value is its numerator over its denominator, and never one without the other.
select
    plan_id,
    district_code,
    period_id,
    indicator_id,
    basis,
    variant
from {{ ref('fct_indicator') }}
where
    (value is not null and numerator is null)
    or (value is not null and denominator = 0)
    or (value is null and numerator is not null and denominator > 0)
