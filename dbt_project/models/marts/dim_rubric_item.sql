select
    plan_id,
    item_id,
    group_id,
    group_name,
    group_name_en,
    item_name,
    item_name_en,
    indicator_ids,
    method,
    params as method_params,
    max_points,
    evidence,
    evidence_note,
    clause,
    district_scope,
    sort_order
from {{ source('inputs', 'rubric_item') }}
