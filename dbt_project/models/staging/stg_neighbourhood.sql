select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.neighbourhood,
    r.has_env_pm_committee,
    r.has_mediation_system,
    r.has_dispute_ledger,
    r.has_patrol_system,
    r.has_joint_meeting,
    r.has_trinity_mechanism,
    r.staff,
    r.urban_rural,
    r.part_time_staff,
    r.has_dedicated_staff
from {{ source('records', 'neighbourhood') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
