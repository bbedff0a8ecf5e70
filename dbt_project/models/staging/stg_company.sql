select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.company_name,
    r.company_key,
    r.uscc,
    r.status,
    r.party_member_count,
    r.party_org_form,
    r.managed_project_count,
    r.managed_area,
    r.employee_count,
    r.annual_revenue,
    r.credit_grade,
    r.ownership_type,
    r.is_brand,
    r.is_model,
    r.head_checked_in,
    r.charter_has_party,
    r.fees_refunded
from {{ source('records', 'company') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
