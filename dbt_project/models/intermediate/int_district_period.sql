select
    l.ledger_no,
    p.plan_id,
    p.period_id,
    d.district_code,
    p.seq,
    p.kind,
    p.as_of,
    p.previous_period_id,
    s.submission_id,
    s.submission_id is null as is_silent,
    s.forms,
    s.missing_columns
from {{ ref('int_period') }} as p
inner join {{ source('inputs', 'district') }} as d on p.plan_id = d.plan_id
inner join {{ source('inputs', 'ledger') }} as l
    on p.plan_id = l.plan_id and p.period_id = l.period_id and d.district_code = l.district_code
left join {{ ref('stg_submission') }} as s
    on
        p.plan_id = s.plan_id
        and p.period_id = s.period_id
        and d.district_code = s.district_code
        and s.is_effective
where p.is_open
