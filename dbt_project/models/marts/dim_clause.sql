select
    plan_id,
    clause,
    what,
    what_en,
    why,
    covered_by,
    sort_order
from {{ source('inputs', 'clause') }}
