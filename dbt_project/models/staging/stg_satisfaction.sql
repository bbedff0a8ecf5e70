select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.survey_year,
    r.organiser,
    r.community_code,
    r.name_key,
    r.valid_answers,
    r.very_satisfied,
    r.satisfied,
    r.fairly_satisfied
from {{ source('records', 'satisfaction') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
