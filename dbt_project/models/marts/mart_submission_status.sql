with received as (
    select
        plan_id,
        district_code,
        period_id,
        min(case when is_accepted then received_at end) as first_accepted_at,
        max(case when is_accepted then received_at end) as last_accepted_at,
        max(case when is_effective then submission_id end) as submission_id,
        max(received_at) as last_received_at,
        sum(case when is_accepted then 1 else 0 end) as versions
    from {{ ref('stg_submission') }}
    group by plan_id, district_code, period_id
)

select
    p.plan_id,
    d.district_code,
    p.period_id,
    p.due_date as expected_by,
    coalesce(r.first_accepted_at, r.last_received_at) as received_at,
    case
        when r.first_accepted_at is not null and not p.lateness_judged then 'on_time'
        when cast(r.first_accepted_at as date) <= p.due_date then 'on_time'
        when r.first_accepted_at is not null then 'late'
        when r.last_received_at is not null then 'returned'
        when p.is_due then 'missing'
        else 'not_due'
    end as status,
    r.first_accepted_at,
    r.last_accepted_at,
    r.submission_id,
    cast(coalesce(r.versions, 0) as bigint) as versions,
    case
        when r.first_accepted_at is not null and p.lateness_judged
            then greatest({{ days_between('p.due_date', 'cast(r.first_accepted_at as date)') }}, 0)
    end as days_late
from {{ ref('int_period') }} as p
inner join {{ source('inputs', 'district') }} as d on p.plan_id = d.plan_id
left join received as r
    on p.plan_id = r.plan_id and p.period_id = r.period_id and d.district_code = r.district_code
where p.is_active
