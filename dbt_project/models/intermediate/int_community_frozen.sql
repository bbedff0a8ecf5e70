-- The list of the plan's first period followed through merges and splits: each of its communities once, behind the one
-- that stands for it now. What is summed is the first list's own.
with listed as (
    select
        c.plan_id,
        c.community_id,
        c.households,
        c.floor_area_sqm
    from {{ ref('int_community') }} as c
    inner join {{ ref('int_period') }} as p on c.plan_id = p.plan_id and c.period_id = p.period_id
    where p.seq = 1 and c.in_register
)

select
    c.plan_id,
    c.period_id,
    c.community_id,
    b.community_id as baseline_id,
    b.households,
    b.floor_area_sqm
from {{ ref('int_community') }} as c
{{ each_of('c.baseline_ids', 's', 'baseline_id') }}
inner join listed as b on c.plan_id = b.plan_id and s.baseline_id = b.community_id
where c.in_register
