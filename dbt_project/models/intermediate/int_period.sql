with active as (
    select distinct plan_id
    from {{ ref('stg_submission') }}
    where plan_id is not null
),

begun as (
    select distinct
        plan_id,
        period_id
    from {{ ref('stg_submission') }}
    where is_effective
)

select
    p.plan_id,
    p.period_id,
    p.period_name,
    p.period_name_en,
    p.kind,
    p.seq,
    p.as_of,
    p.due_date,
    p.lateness_judged,
    p.previous_period_id,
    r.today > p.due_date as is_due,
    a.plan_id is not null as is_active,
    a.plan_id is not null and (r.today > p.due_date or b.period_id is not null) as is_open
from {{ source('inputs', 'period') }} as p
cross join {{ source('inputs', 'run') }} as r
left join active as a on p.plan_id = a.plan_id
left join begun as b on p.plan_id = b.plan_id and p.period_id = b.period_id
