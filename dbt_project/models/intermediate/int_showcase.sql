with in_force as (
    {{ form_in_force('showcase') }}
)

select
    f.plan_id,
    f.period_id,
    f.district_code,
    s.submission_id,
    s.source_sheet,
    s.source_row,
    true as in_register,
    f.is_given as is_reported,
    s.subject_type,
    s.is_mechanism_model,
    s.is_committee_model,
    s.is_service_model,
    s.recognised_date
from in_force as f
inner join {{ ref('stg_showcase') }} as s on f.submission_id = s.submission_id
