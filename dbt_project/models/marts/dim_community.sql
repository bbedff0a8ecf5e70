select
    g.plan_id,
    g.community_id,
    max_by(g.district_code, p.seq) as district_code,
    max_by(g.subdistrict, p.seq) as subdistrict,
    max_by(g.community_name, p.seq) as community_name,
    max_by(g.first_period, p.seq) as first_period,
    max_by(g.last_period, p.seq) as last_period,
    max_by(g.fate, p.seq) as fate
from {{ source('inputs', 'register') }} as g
inner join {{ ref('int_period') }} as p on g.plan_id = p.plan_id and g.period_id = p.period_id
group by g.plan_id, g.community_id
