select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.subject_type,
    r.is_mechanism_model,
    r.is_committee_model,
    r.is_service_model,
    r.recognised_date
from {{ source('records', 'showcase') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
