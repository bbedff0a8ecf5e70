with in_force as (
    {{ form_in_force('party') }}
)

select
    f.plan_id,
    f.period_id,
    f.district_code,
    p.submission_id,
    p.source_sheet,
    p.source_row,
    true as in_register,
    f.is_given as is_reported,
    p.subject_type,
    p.org_form,
    p.party_member_count,
    {{ is_party_organisation('p.org_form') }} as has_party_org,
    {{ is_party_work('p.org_form') }} as has_party_work_coverage,
    p.agreement_signed,
    p.projects_claimed
from in_force as f
inner join {{ ref('stg_party') }} as p on f.submission_id = p.submission_id
