-- Documents stay proven once they are listed in any ledger in force; the task ledger speaks for its own period.
with asked as (
    select
        plan_id,
        period_id,
        bool_or(is_required) as is_asked
    from {{ source('inputs', 'period_form') }}
    where form in ('mechanism', 'task')
    group by plan_id, period_id
),

duty as (
    select
        d.plan_id,
        d.period_id,
        d.district_code,
        d.home_code,
        d.seq,
        d.as_of,
        d.submission_id,
        i.indicator_id,
        not d.is_silent
        and (
            {{ holds('d.forms', "'mechanism'") }}
            or {{ holds('d.forms', "'task'") }}
            or not coalesce(a.is_asked, false)
        ) as is_answered
    from {{ ref('int_ledger') }} as d
    inner join {{ source('inputs', 'indicator') }} as i
        on
            d.plan_id = i.plan_id
            and i.entity = 'commitment'
            and (i.district_scope is null or {{ holds('i.district_scope', 'd.home_code') }})
    left join asked as a on d.plan_id = a.plan_id and d.period_id = a.period_id
),

document as (
    select
        u.plan_id,
        u.period_id,
        u.district_code,
        u.indicator_id,
        min(m.issued_date) as issued_date,
        min(m.document_no) as document_no
    from duty as u
    inner join {{ ref('int_ledger') }} as e
        on
            u.plan_id = e.plan_id
            and u.home_code = e.home_code
            and (u.submission_id = e.submission_id or (u.seq > e.seq and not e.is_version))
    inner join {{ ref('stg_mechanism') }} as m
        on e.submission_id = m.submission_id and u.indicator_id = m.indicator_id
    where coalesce(m.document_name, m.document_no) is not null and m.issued_date <= u.as_of
    group by u.plan_id, u.period_id, u.district_code, u.indicator_id
),

task as (
    select
        submission_id,
        task_id,
        bool_or(is_done) as is_done,
        min(case when is_done then done_date end) as done_date
    from {{ ref('int_task') }}
    group by submission_id, task_id
),

evidence as (
    select
        u.plan_id,
        u.period_id,
        u.district_code,
        u.indicator_id,
        count(distinct s.submission_id || ' ' || s.source_sheet || ' ' || s.source_row) as evidence_count
    from duty as u
    inner join {{ ref('int_ledger') }} as e
        on
            u.plan_id = e.plan_id
            and u.home_code = e.home_code
            and (u.submission_id = e.submission_id or (u.seq > e.seq and not e.is_version))
    inner join {{ ref('int_evidence_subject') }} as s
        on e.submission_id = s.submission_id and u.indicator_id = s.subject_id
    group by u.plan_id, u.period_id, u.district_code, u.indicator_id
)

select
    u.plan_id,
    u.period_id,
    u.district_code,
    u.indicator_id,
    true as in_register,
    u.is_answered as is_reported,
    d.indicator_id is not null or coalesce(t.is_done, false) as is_done,
    least(d.issued_date, t.done_date) as done_date,
    d.document_no,
    d.indicator_id is not null as has_document,
    t.task_id is not null as has_task,
    coalesce(e.evidence_count, 0) as evidence_count
from duty as u
left join document as d
    on
        u.plan_id = d.plan_id
        and u.period_id = d.period_id
        and u.district_code = d.district_code
        and u.indicator_id = d.indicator_id
left join task as t on u.submission_id = t.submission_id and u.indicator_id = t.task_id
left join evidence as e
    on
        u.plan_id = e.plan_id
        and u.period_id = e.period_id
        and u.district_code = e.district_code
        and u.indicator_id = e.indicator_id
