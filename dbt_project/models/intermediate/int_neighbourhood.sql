with in_force as (
    {{ form_in_force('neighbourhood') }}
)

select
    f.plan_id,
    f.period_id,
    f.district_code,
    n.submission_id,
    n.source_sheet,
    n.source_row,
    true as in_register,
    f.is_given as is_reported,
    n.has_env_pm_committee,
    n.has_mediation_system,
    n.has_dispute_ledger,
    n.has_patrol_system,
    n.has_joint_meeting,
    n.has_trinity_mechanism,
    n.staff,
    n.urban_rural,
    n.part_time_staff,
    n.has_dedicated_staff
from in_force as f
inner join {{ ref('stg_neighbourhood') }} as n on f.submission_id = n.submission_id
