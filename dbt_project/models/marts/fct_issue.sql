select
    i.submission_id,
    i.issue_no,
    s.plan_id,
    s.district_code,
    s.period_id,
    i.severity,
    i.rule_id,
    i.form,
    i.sheet,
    i.cell,
    i.source_row,
    i.field,
    i.entity,
    i.message,
    i.remedy,
    i.raw,
    i.answer,
    s.is_effective
from {{ ref('stg_issue') }} as i
inner join {{ ref('stg_submission') }} as s on i.submission_id = s.submission_id
