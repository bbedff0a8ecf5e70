select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.subdistrict,
    r.has_body,
    r.full_time,
    r.part_time,
    r.budget,
    r.has_mediation,
    r.has_party_alliance,
    r.has_pm_department
from {{ source('records', 'subdistrict') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
