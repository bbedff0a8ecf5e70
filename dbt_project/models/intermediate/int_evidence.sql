select
    plan_id,
    period_id,
    district_code,
    submission_id,
    source_sheet,
    source_row,
    true as in_register,
    true as is_reported,
    evidence_id,
    subject_ids,
    type,
    date,
    pages,
    has_personal_data
from {{ ref('stg_evidence') }}
