select
    plan_id,
    period_id,
    district_code,
    community_id,
    indicator_id,
    units
from (
    {{ uncovered_communities() }}
) as u
