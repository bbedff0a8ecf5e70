select
    p.plan_id,
    p.plan_name,
    p.plan_name_en,
    p.issuer,
    p.document_no,
    p.issued,
    p.start_date,
    p.end_date,
    p.operational_deadline,
    p.region_code,
    p.region_name,
    p.evaluation_from,
    p.evaluation_to,
    p.source_complete,
    {{ json_flag('r.params', 'is_proposal') }} as rubric_is_proposal,
    p.sort_order
from {{ source('inputs', 'plan') }} as p
left join {{ source('inputs', 'rubric') }} as r on p.plan_id = r.plan_id
