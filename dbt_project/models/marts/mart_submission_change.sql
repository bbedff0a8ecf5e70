select
    c.submission_id,
    c.change_no,
    c.supersedes,
    s.plan_id,
    s.district_code,
    s.period_id,
    c.form,
    c.kind,
    c.entity,
    c.field,
    c.before,
    c.after,
    c.sheet,
    c.cell,
    c.source_row
from {{ source('records', 'change') }} as c
inner join {{ ref('stg_submission') }} as s on c.submission_id = s.submission_id and c.supersedes = s.supersedes
