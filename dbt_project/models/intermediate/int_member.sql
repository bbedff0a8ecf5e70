with in_force as (
    {{ form_in_force('member') }}
)

select
    f.plan_id,
    f.period_id,
    f.district_code,
    m.submission_id,
    m.source_sheet,
    m.source_row,
    true as in_register,
    f.is_given as is_reported,
    m.position,
    m.has_credit_file,
    m.filed_date
from in_force as f
inner join {{ ref('stg_member') }} as m on f.submission_id = m.submission_id
