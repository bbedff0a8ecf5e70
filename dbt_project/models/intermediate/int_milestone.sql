-- A milestone is decided in the last period that ends by its date. A recurrent duty is decided by its own date: in the
-- first period that ends on or after it.
with candidate as (
    select
        m.plan_id,
        m.milestone_id,
        i.kind,
        max(case when p.as_of <= m.due_date then p.seq end) as last_before,
        min(case when p.as_of >= m.due_date then p.seq end) as first_after,
        min(p.seq) as first_seq,
        max(p.seq) as last_seq
    from {{ source('inputs', 'milestone') }} as m
    inner join {{ source('inputs', 'indicator') }} as i on m.plan_id = i.plan_id and m.indicator_id = i.indicator_id
    inner join {{ source('inputs', 'period') }} as p on m.plan_id = p.plan_id
    group by m.plan_id, m.milestone_id, i.kind
),

decided as (
    select
        plan_id,
        milestone_id,
        -- Where no period lies on the right side of the date, the nearest one judges.
        case
            when kind = 'cadence' then coalesce(first_after, last_seq)
            else coalesce(last_before, first_seq)
        end as deciding_seq
    from candidate
)

select
    m.plan_id,
    m.milestone_id,
    m.indicator_id,
    i.kind,
    i.entity,
    i.basis,
    i.denominator_sql is null as is_count,
    m.due_date,
    m.operational_deadline,
    m.operator,
    m.target,
    m.binding,
    m.clause,
    m.is_hold,
    m.date_is_default,
    m.target_is_derived,
    m.is_scored,
    m.district_scope is null as is_everywhere,
    coalesce(m.district_scope, i.district_scope) as district_scope,
    m.all_of,
    m.whole_area_only,
    m.note,
    m.sort_order,
    d.deciding_seq,
    p.period_id as deciding_period_id,
    i.kind <> 'cadence' and p.as_of < m.due_date as assessed_early
from {{ source('inputs', 'milestone') }} as m
inner join {{ source('inputs', 'indicator') }} as i on m.plan_id = i.plan_id and m.indicator_id = i.indicator_id
inner join decided as d on m.plan_id = d.plan_id and m.milestone_id = d.milestone_id
inner join {{ source('inputs', 'period') }} as p on d.plan_id = p.plan_id and d.deciding_seq = p.seq
