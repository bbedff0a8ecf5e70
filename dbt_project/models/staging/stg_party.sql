select
    record_no,
    ledger_no,
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    subject_type,
    subject_code,
    name_key,
    company_key,
    org_form,
    party_member_count,
    agreement_signed,
    projects_claimed
from {{ source('records', 'party') }}
