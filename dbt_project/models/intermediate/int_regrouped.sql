-- Which communities a merger or split ties together in a step of the register: those before and those after, one group.
with tied as (
    select
        plan_id,
        period_id,
        period_from,
        district_code,
        community_id as event_of,
        community_id
    from {{ source('inputs', 'register_event') }}
    where event in ('merged_out', 'split_in')
    union
    select
        e.plan_id,
        e.period_id,
        e.period_from,
        e.district_code,
        e.community_id as event_of,
        r.community_id
    from {{ source('inputs', 'register_event') }} as e
    {{ each_of('e.related', 'r', 'community_id') }}
    where e.event in ('merged_out', 'split_in')
)

select distinct
    plan_id,
    period_id,
    period_from,
    district_code,
    min(community_id) over (partition by plan_id, period_id, district_code, event_of) as group_id,
    community_id
from tied
