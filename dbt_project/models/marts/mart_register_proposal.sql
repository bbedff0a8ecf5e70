select
    plan_id,
    district_code,
    kind,
    community_id,
    related_ids,
    community_name,
    related_names,
    score,
    grade,
    evidence,
    event,
    can_be_decided
from {{ source('inputs', 'register_proposal') }}
