select
    e.plan_id,
    e.period_id,
    e.district_code,
    e.submission_id,
    e.source_sheet,
    e.source_row,
    trim(s.subject_id) as subject_id
from {{ ref('int_evidence') }} as e
{{ each_of(split('e.subject_ids', '、'), 's', 'subject_id') }}
where trim(s.subject_id) <> ''
