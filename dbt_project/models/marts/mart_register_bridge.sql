-- The opening of a step is the closing of the one before; the events between are counted on their own, so a step that
-- does not close is a mistake in the register, and a test says so.
with standing as (
    select
        plan_id,
        period_id,
        district_code,
        count(*) as closing,
        sum(case when is_reported then 0 else 1 end) as missing
    from {{ source('inputs', 'register') }}
    where in_register and is_completed
    group by plan_id, period_id, district_code
),

moved as (
    select
        plan_id,
        period_id,
        district_code,
        sum(case when event = 'added' then units else 0 end) as added,
        sum(case when event = 'split_in' then units else 0 end) as split_in,
        sum(case when event = 'merged_out' then units else 0 end) as merged_out,
        sum(case when event = 'demolished' then units else 0 end) as demolished,
        sum(case when event = 'corrected' then units else 0 end) as corrected
    from {{ source('inputs', 'register_event') }}
    group by plan_id, period_id, district_code
),

step as (
    select
        d.plan_id,
        d.district_code,
        d.period_id,
        d.previous_period_id as period_from,
        coalesce(o.closing, 0) as opening,
        coalesce(m.added, 0) as added,
        coalesce(m.split_in, 0) as split_in,
        coalesce(m.merged_out, 0) as merged_out,
        coalesce(m.demolished, 0) as demolished,
        coalesce(m.corrected, 0) as corrected,
        coalesce(c.missing, 0) as missing,
        coalesce(c.closing, 0) as closing
    from {{ ref('int_district_period') }} as d
    left join standing as o
        on d.plan_id = o.plan_id and d.previous_period_id = o.period_id and d.district_code = o.district_code
    left join standing as c
        on d.plan_id = c.plan_id and d.period_id = c.period_id and d.district_code = c.district_code
    left join moved as m
        on d.plan_id = m.plan_id and d.period_id = m.period_id and d.district_code = m.district_code
    where d.previous_period_id is not null
)

select
    plan_id,
    district_code,
    period_id,
    period_from,
    cast(opening as bigint) as opening,
    cast(added as bigint) as added,
    cast(split_in as bigint) as split_in,
    cast(merged_out as bigint) as merged_out,
    cast(demolished as bigint) as demolished,
    cast(corrected as bigint) as corrected,
    cast(missing as bigint) as missing,
    cast(closing as bigint) as closing
from step
union all
select
    plan_id,
    'ALL' as district_code,
    period_id,
    period_from,
    cast(sum(opening) as bigint) as opening,
    cast(sum(added) as bigint) as added,
    cast(sum(split_in) as bigint) as split_in,
    cast(sum(merged_out) as bigint) as merged_out,
    cast(sum(demolished) as bigint) as demolished,
    cast(sum(corrected) as bigint) as corrected,
    cast(sum(missing) as bigint) as missing,
    cast(sum(closing) as bigint) as closing
from step
group by plan_id, period_id, period_from
