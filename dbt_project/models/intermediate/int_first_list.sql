-- The communities of the plan's first period with what they weighed then: the list that frozen figures follow.
select
    c.plan_id,
    c.community_id,
    c.households,
    c.floor_area_sqm
from {{ ref('int_community') }} as c
inner join {{ ref('int_period') }} as p on c.plan_id = p.plan_id and c.period_id = p.period_id
where p.seq = 1 and c.in_register
