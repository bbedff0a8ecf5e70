-- What became of single communities from one period to the next, by name, with the row that says so.
with other as (
    select
        e.plan_id,
        e.period_id,
        e.district_code,
        e.community_id,
        e.event,
        e.cause,
        r.related_id
    from {{ source('inputs', 'register_event') }} as e
    {{ each_of('e.related', 'r', 'related_id') }}
),

named as (
    select
        o.plan_id,
        o.period_id,
        o.district_code,
        o.community_id,
        o.event,
        o.cause,
        {{ joined('c.community_name', '、', 'c.community_name, c.community_id') }} as related_names
    from other as o
    inner join {{ ref('dim_community') }} as c on o.plan_id = c.plan_id and o.related_id = c.community_id
    group by o.plan_id, o.period_id, o.district_code, o.community_id, o.event, o.cause
)

select
    e.plan_id,
    e.district_code,
    e.period_id,
    e.period_from,
    e.community_id,
    e.event,
    e.cause,
    e.units,
    coalesce(g.community_name, b.community_name) as community_name,
    b.community_name as former_name,
    coalesce(g.subdistrict, b.subdistrict) as subdistrict,
    n.related_names,
    {{ length_of('e.related') }} as related_count,
    e.note,
    coalesce(g.submission_id, b.submission_id) as submission_id,
    coalesce(g.source_sheet, b.source_sheet) as source_sheet,
    coalesce(g.source_row, b.source_row) as source_row
from {{ source('inputs', 'register_event') }} as e
left join {{ source('inputs', 'register') }} as g
    on e.plan_id = g.plan_id and e.period_id = g.period_id and e.community_id = g.community_id
left join {{ source('inputs', 'register') }} as b
    on e.plan_id = b.plan_id and e.period_from = b.period_id and e.community_id = b.community_id
left join named as n
    on
        e.plan_id = n.plan_id
        and e.period_id = n.period_id
        and e.district_code = n.district_code
        and e.community_id = n.community_id
        and e.event = n.event
        and e.cause = n.cause
