select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    subdistrict,
    has_body,
    full_time,
    part_time,
    budget,
    has_mediation,
    has_party_alliance,
    has_pm_department
from {{ source('records', 'subdistrict') }}
