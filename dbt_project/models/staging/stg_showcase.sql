select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    subject_type,
    is_mechanism_model,
    is_committee_model,
    is_service_model,
    recognised_date
from {{ source('records', 'showcase') }}
