select
    plan_id,
    kind,
    rule_id,
    rule_name,
    rule_name_en,
    points,
    cap,
    per_case,
    effect,
    capped_grade,
    zero_item,
    sort_order
from {{ source('inputs', 'rubric_rule') }}
