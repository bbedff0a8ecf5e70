-- Districts in order of how far they are behind, 1 first. A district without data is not ahead of one that is behind.
with milestone as (
    select
        plan_id,
        district_code,
        period_id,
        milestone_id,
        indicator_id,
        status,
        gap_points,
        gap_units,
        row_number() over (
            partition by plan_id, district_code, period_id, indicator_id
            order by coalesce(gap_units, 0) desc, milestone_id asc
        ) as nth_of_indicator,
        row_number() over (
            partition by plan_id, district_code, period_id
            order by
                case when status = 'no_data' then 1 else 0 end asc,
                coalesce(gap_points, 0) desc,
                coalesce(gap_units, 0) desc,
                sort_order asc,
                milestone_id asc
        ) as nth
    from {{ ref('mart_milestone_progress') }}
    where is_scored and district_code <> 'ALL' and status in ('behind', 'overdue_not_met', 'no_data')
),

behind as (
    select
        plan_id,
        district_code,
        period_id,
        sum(case when status <> 'no_data' then 1 else 0 end) as milestones_behind,
        sum(case when status = 'no_data' then 1 else 0 end) as milestones_no_data,
        max(case when nth = 1 and status <> 'no_data' then indicator_id end) as worst_indicator_id,
        max(gap_points) as worst_gap_points,
        sum(case when nth_of_indicator = 1 then gap_units end) as gap_units
    from milestone
    group by plan_id, district_code, period_id
),

standing as (
    select
        d.plan_id,
        d.district_code,
        d.period_id,
        coalesce(b.milestones_behind, 0) as milestones_behind,
        coalesce(b.milestones_no_data, 0) as milestones_no_data,
        b.worst_indicator_id,
        b.worst_gap_points,
        coalesce(b.gap_units, 0) as gap_units
    from {{ ref('int_district_period') }} as d
    left join behind as b
        on d.plan_id = b.plan_id and d.district_code = b.district_code and d.period_id = b.period_id
)

select
    plan_id,
    district_code,
    period_id,
    rank() over (
        partition by plan_id, period_id
        order by
            milestones_behind + milestones_no_data desc,
            milestones_behind desc,
            coalesce(worst_gap_points, 0) desc,
            gap_units desc
    ) as rank,
    cast(milestones_behind as bigint) as milestones_behind,
    cast(milestones_no_data as bigint) as milestones_no_data,
    worst_indicator_id,
    worst_gap_points,
    cast(gap_units as bigint) as gap_units
from standing
