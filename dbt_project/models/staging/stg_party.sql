select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.subject_type,
    r.subject_code,
    r.name_key,
    r.company_key,
    r.org_form,
    r.party_member_count,
    r.agreement_signed,
    r.projects_claimed
from {{ source('records', 'party') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
