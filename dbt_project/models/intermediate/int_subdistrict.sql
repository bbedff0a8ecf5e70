with in_force as (
    {{ form_in_force('subdistrict') }}
),

staffed as (
    select
        s.*,
        case
            when coalesce(s.full_time, s.part_time) is not null then coalesce(s.full_time, 0) + coalesce(s.part_time, 0)
        end as staff
    from {{ ref('stg_subdistrict') }} as s
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
    s.has_body,
    s.full_time,
    s.part_time,
    s.staff,
    s.budget as budget_yuan,
    coalesce(s.has_body and s.staff > 0 and s.budget > 0, false) as is_qualified,
    s.has_mediation,
    s.has_party_alliance,
    s.has_pm_department
from in_force as f
inner join staffed as s on f.submission_id = s.submission_id
