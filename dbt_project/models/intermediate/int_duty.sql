-- When each recurrent duty of each district was done, by the source that proves it.
with active as (
    select distinct plan_id
    from {{ ref('int_period') }}
    where is_active
),

duty as (
    select
        o.plan_id,
        d.district_code,
        o.indicator_id,
        o.occasion_id,
        o.due_date,
        o.source,
        coalesce(o.source_key, {{ text('extract(year from o.due_date)') }}) as source_key,
        o.type,
        o.is_scored,
        o.lateness_judged
    from {{ source('inputs', 'occasion') }} as o
    inner join {{ source('inputs', 'indicator') }} as i on o.plan_id = i.plan_id and o.indicator_id = i.indicator_id
    inner join {{ source('inputs', 'district') }} as d
        on o.plan_id = d.plan_id and (i.district_scope is null or {{ holds('i.district_scope', 'd.district_code') }})
    inner join active as a on o.plan_id = a.plan_id
    where o.reporter = 'district'
),

-- What happened on a day proves its year, its quarter and its month.
dated as (
    select
        plan_id,
        district_code,
        'inspection' as source,
        {{ text('null') }} as indicator_id,
        type,
        date
    from {{ ref('int_inspection') }}
    where date is not null
    union all
    select
        plan_id,
        district_code,
        'meeting' as source,
        {{ text('null') }} as indicator_id,
        type,
        date
    from {{ ref('int_meeting') }}
    where date is not null
    union all
    select
        plan_id,
        district_code,
        'mechanism' as source,
        indicator_id,
        {{ text('null') }} as type,
        issued_date as date
    from {{ ref('stg_mechanism') }}
    where issued_date is not null and coalesce(document_name, document_no) is not null
),

proof as (
    select
        plan_id,
        district_code,
        'submission' as source,
        period_id as source_key,
        {{ text('null') }} as indicator_id,
        {{ text('null') }} as type,
        cast(min(first_accepted_at) as date) as done_date
    from {{ ref('stg_submission') }}
    where is_accepted
    group by plan_id, district_code, period_id
    union all
    select
        plan_id,
        district_code,
        'credit' as source,
        {{ text('rating_year') }} as source_key,
        {{ text('null') }} as indicator_id,
        {{ text('null') }} as type,
        min(submitted_date) as done_date
    from {{ ref('int_credit') }}
    where submitted_date is not null
    group by plan_id, district_code, rating_year
    union all
    select
        plan_id,
        district_code,
        source,
        moment as source_key,
        indicator_id,
        type,
        min(date) as done_date
    from dated {{ each_of(moments_of('date'), 'm', 'moment') }}
    group by plan_id, district_code, source, moment, indicator_id, type
),

proven as (
    select
        u.plan_id,
        u.district_code,
        u.indicator_id,
        u.occasion_id,
        min(p.done_date) as done_date
    from duty as u
    inner join proof as p
        on
            u.plan_id = p.plan_id
            and u.district_code = p.district_code
            and u.source = p.source
            and u.source_key = p.source_key
            and coalesce(p.indicator_id, u.indicator_id) = u.indicator_id
            and (u.type is null or u.type = p.type)
    group by u.plan_id, u.district_code, u.indicator_id, u.occasion_id
),

-- A sheet that was never given after the date leaves the question open; a ledger that never came answers it.
answered as (
    select
        u.plan_id,
        u.district_code,
        u.indicator_id,
        u.occasion_id,
        bool_or({{ holds('e.forms', 'u.source') }} and e.as_of >= u.due_date) as is_answered
    from duty as u
    left join {{ ref('int_district_period') }} as e on u.plan_id = e.plan_id and u.district_code = e.district_code
    group by u.plan_id, u.district_code, u.indicator_id, u.occasion_id
)

select
    u.plan_id,
    u.district_code,
    u.indicator_id,
    u.occasion_id,
    u.due_date,
    u.source,
    u.is_scored,
    p.done_date is not null or u.source = 'submission' or coalesce(a.is_answered, false) as is_answered,
    p.done_date is not null as is_done,
    p.done_date,
    p.done_date is not null and (p.done_date <= u.due_date or not u.lateness_judged) as is_on_time,
    case
        when p.done_date is null then null
        when p.done_date <= u.due_date or not u.lateness_judged then 0
        else {{ days_between('u.due_date', 'p.done_date') }}
    end as days_late
from duty as u
left join proven as p
    on
        u.plan_id = p.plan_id
        and u.district_code = p.district_code
        and u.indicator_id = p.indicator_id
        and u.occasion_id = p.occasion_id
left join answered as a
    on
        u.plan_id = a.plan_id
        and u.district_code = a.district_code
        and u.indicator_id = a.indicator_id
        and u.occasion_id = a.occasion_id
