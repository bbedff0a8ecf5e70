select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    indicator_id,
    document_name,
    document_no,
    issued_date
from {{ source('records', 'mechanism') }}
