-- Questions to a district that its figures raise, with what was seen and where. None of them is an accusation, and none
-- changes a figure.
select
    f.plan_id,
    f.period_id,
    f.district_code,
    f.rule_id,
    f.subject,
    k.subject_type,
    k.title_zh,
    k.title_en,
    f.observed,
    f.compared_with,
    {{ with_numbers('k.evidence_zh', 'f.observed', 'f.compared_with') }} as evidence_zh,
    {{ with_numbers('k.evidence_en', 'f.observed', 'f.compared_with') }} as evidence_en,
    k.question_zh,
    k.question_en,
    f.submission_id,
    f.source_sheet,
    f.source_row,
    k.sort_order
from {{ ref('int_finding') }} as f
inner join {{ ref('int_finding_kind') }} as k on f.rule_id = k.rule_id
