select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    evidence_id,
    subject_ids,
    type,
    date,
    pages,
    has_personal_data
from {{ source('records', 'evidence') }}
