select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.date,
    r.type,
    r.company_key,
    r.problems,
    r.rectified
from {{ source('records', 'inspection') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
