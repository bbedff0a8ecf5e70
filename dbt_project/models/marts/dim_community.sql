with latest as (
    select
        g.*,
        row_number() over (partition by g.plan_id, g.community_id order by p.seq desc) as nth
    from {{ source('inputs', 'register') }} as g
    inner join {{ ref('int_period') }} as p on g.plan_id = p.plan_id and g.period_id = p.period_id
)

select
    plan_id,
    community_id,
    district_code,
    subdistrict,
    community_name,
    first_period,
    last_period,
    fate
from latest
where nth = 1
