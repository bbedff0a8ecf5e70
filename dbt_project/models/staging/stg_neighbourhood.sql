select
    submission_id,
    plan_id,
    unit_code as district_code,
    period_id,
    source_sheet,
    source_row,
    neighbourhood,
    has_env_pm_committee,
    has_mediation_system,
    has_dispute_ledger,
    has_patrol_system,
    has_joint_meeting,
    has_trinity_mechanism,
    staff,
    urban_rural,
    part_time_staff,
    has_dedicated_staff
from {{ source('records', 'neighbourhood') }}
