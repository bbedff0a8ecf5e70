select
    record_no,
    ledger_no,
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    survey_year,
    organiser,
    community_code,
    name_key,
    valid_answers,
    very_satisfied,
    satisfied,
    fairly_satisfied
from {{ source('records', 'satisfaction') }}
