with answered as (
    select
        s.*,
        case
            when coalesce(s.very_satisfied, s.satisfied, s.fairly_satisfied) is not null
                then coalesce(s.very_satisfied, 0) + coalesce(s.satisfied, 0) + coalesce(s.fairly_satisfied, 0)
        end as satisfied_answers
    from {{ ref('stg_satisfaction') }} as s
)

select
    a.plan_id,
    a.period_id,
    a.district_code,
    a.submission_id,
    a.source_sheet,
    a.source_row,
    coalesce(a.organiser = 'third_party', false) as in_register,
    true as is_reported,
    a.survey_year,
    a.organiser,
    coalesce(a.organiser = 'third_party', false) as is_third_party,
    a.valid_answers,
    a.satisfied_answers,
    c.households
from answered as a
left join {{ ref('int_community_reference') }} as l
    on l.form = 'satisfaction' and a.record_no = l.record_no
left join {{ ref('int_community') }} as c
    on l.ledger_no = c.ledger_no and l.community_no = c.community_no
