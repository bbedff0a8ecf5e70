-- Districts in order of how far they are behind, 1 first, and the main reason. A district without data is not ahead of
-- one that is behind. Points are compared to a billionth: what is equal may differ in its last digits.
with scored as (
    select
        m.*,
        case when m.operator in ('lte', 'lt') then -1 else 1 end as turn
    from {{ ref('mart_milestone_progress') }} as m
    where m.is_scored and m.district_scope_in
),

milestone as (
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
                coalesce(round(gap_points, 9), -1) desc,
                coalesce(gap_units, 0) desc,
                sort_order asc,
                milestone_id asc
        ) as nth
    from scored
    where district_code <> 'ALL' and status in ('behind', 'overdue_not_met', 'no_data')
),

behind as (
    select
        plan_id,
        district_code,
        period_id,
        sum(case when status <> 'no_data' then 1 else 0 end) as milestones_behind,
        sum(case when status = 'no_data' then 1 else 0 end) as milestones_no_data,
        max(case when nth = 1 and status <> 'no_data' then indicator_id end) as worst_indicator_id,
        max(case when nth = 1 and status <> 'no_data' then milestone_id end) as worst_milestone_id,
        max(gap_points) as worst_gap_points,
        sum(case when nth_of_indicator = 1 then gap_units end) as gap_units
    from milestone
    group by plan_id, district_code, period_id
),

-- Units of the worst target that stand with communities no longer reported.
unreported as (
    select
        plan_id,
        district_code,
        period_id,
        indicator_id,
        sum(units) as units
    from {{ ref('int_uncovered') }}
    where not is_reported
    group by plan_id, district_code, period_id, indicator_id
),

-- The worst target's figures in the period they are from, what moved them, and where the whole area stands.
worst as (
    select
        b.plan_id,
        b.district_code,
        b.period_id,
        w.turn,
        w.gap_units,
        w.is_breached,
        w.baseline_value,
        a.baseline_value as area_baseline,
        w.turn * w.baseline_value < a.turn * a.baseline_value as starts_lower,
        round(w.turn * (w.value - w.baseline_value), 9) as gained,
        round(a.turn * (a.value - a.baseline_value), 9) as area_gained,
        w.turn * w.observed_per_month as pace,
        u.units as unreported,
        round(w.turn * c.work_effect, 9) as work_effect,
        round(w.turn * c.denominator_effect, 9) as denominator_effect
    from behind as b
    inner join scored as w
        on
            b.plan_id = w.plan_id
            and b.district_code = w.district_code
            and b.period_id = w.period_id
            and b.worst_milestone_id = w.milestone_id
    left join scored as a
        on
            w.plan_id = a.plan_id
            and w.period_id = a.period_id
            and w.milestone_id = a.milestone_id
            and a.district_code = 'ALL'
    left join unreported as u
        on
            w.plan_id = u.plan_id
            and w.district_code = u.district_code
            and w.figure_period_id = u.period_id
            and w.indicator_id = u.indicator_id
    left join {{ ref('mart_rate_change') }} as c
        on
            w.plan_id = c.plan_id
            and w.district_code = c.district_code
            and w.figure_period_id = c.period_id
            and w.indicator_id = c.indicator_id
),

standing as (
    select
        d.plan_id,
        d.district_code,
        d.period_id,
        coalesce(b.milestones_behind, 0) as milestones_behind,
        coalesce(b.milestones_no_data, 0) as milestones_no_data,
        b.worst_indicator_id,
        b.worst_milestone_id,
        b.worst_gap_points,
        coalesce(b.gap_units, 0) as gap_units,
        w.gap_units as worst_gap_units,
        w.baseline_value,
        w.area_baseline,
        w.pace,
        w.unreported,
        w.work_effect,
        w.denominator_effect,
        case
            when b.plan_id is null then null
            when d.is_silent then 'no_ledger'
            when b.milestones_behind = 0 then 'no_figures'
            when w.gap_units is null then 'not_done'
            when w.gap_units = 0 and w.is_breached then 'not_held'
            when w.gap_units = 0 then 'companion_short'
            -- Where less is better neither keeps a district from its target.
            when w.turn > 0 and w.unreported > 0 and 2 * w.unreported >= w.gap_units then 'communities_missing'
            when
                w.turn > 0 and w.denominator_effect <= -1 and -w.denominator_effect >= abs(w.work_effect)
                then 'denominator_grew'
            when w.pace < 0 then 'work_lost'
            when w.pace = 0 then 'work_stalled'
            when w.pace is null then 'first_figure'
            when w.gained >= w.area_gained and w.starts_lower then 'started_low'
            else 'too_slow'
        end as main_reason
    from {{ ref('int_district_period') }} as d
    left join behind as b
        on d.plan_id = b.plan_id and d.district_code = b.district_code and d.period_id = b.period_id
    left join worst as w
        on d.plan_id = w.plan_id and d.district_code = w.district_code and d.period_id = w.period_id
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
            coalesce(round(worst_gap_points, 9), 0) desc,
            gap_units desc
    ) as rank,
    cast(milestones_behind as bigint) as milestones_behind,
    cast(milestones_no_data as bigint) as milestones_no_data,
    worst_indicator_id,
    worst_milestone_id,
    worst_gap_points,
    cast(worst_gap_units as bigint) as worst_gap_units,
    cast(gap_units as bigint) as gap_units,
    main_reason,
    cast(
        case main_reason
            when 'no_ledger' then milestones_no_data
            when 'no_figures' then milestones_no_data
            when 'communities_missing' then unreported
            when 'denominator_grew' then -denominator_effect
            when 'started_low' then baseline_value
            when 'first_figure' then baseline_value
            when 'work_lost' then pace
            when 'work_stalled' then pace
            when 'too_slow' then pace
        end as double
    ) as reason_observed,
    cast(
        case main_reason
            when 'no_ledger' then milestones_behind
            when 'no_figures' then milestones_behind
            when 'denominator_grew' then work_effect
            when 'started_low' then area_baseline
            when 'first_figure' then area_baseline
            else nullif(worst_gap_units, 0)
        end as double
    ) as reason_compared_with
from standing
