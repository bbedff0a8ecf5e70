select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.case_no,
    r.source,
    r.status,
    r.category,
    r.due_date,
    r.closed_date,
    r.is_repeat,
    r.is_satisfied
from {{ source('records', 'dispute') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
