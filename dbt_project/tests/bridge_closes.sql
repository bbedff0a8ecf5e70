-- Every step of the register closes to the unit, and opens where the one before it closed.
select
    b.plan_id,
    b.district_code,
    b.period_id,
    b.opening,
    b.closing
from {{ ref('mart_register_bridge') }} as b
left join {{ ref('mart_register_bridge') }} as a
    on b.plan_id = a.plan_id and b.district_code = a.district_code and b.period_from = a.period_id
where
    b.closing <> b.opening + b.added + b.split_in - b.merged_out - b.demolished + b.corrected
    or b.opening <> a.closing
