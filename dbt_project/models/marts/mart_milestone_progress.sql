with run as (
    select today
    from {{ source('inputs', 'run') }}
),

area as (
    select
        plan_id,
        district_code
    from {{ source('inputs', 'district') }}
    union all
    select
        plan_id,
        'ALL' as district_code
    from {{ source('inputs', 'plan') }}
),

-- Every milestone, place and open period, and the period whose figures speak: once decided, the deciding one.
place as (
    select
        m.*,
        p.period_id,
        p.seq,
        p.as_of,
        d.district_code,
        d.district_code = 'ALL' as is_pooled,
        m.kind in ('boolean', 'document', 'cadence') and d.district_code <> 'ALL' as is_yes_or_no,
        d.district_code = 'ALL'
        or (
            m.whole_area_only is not true
            and (m.district_scope is null or {{ holds('m.district_scope', 'd.district_code') }})
        ) as district_scope_in,
        p.seq >= m.deciding_seq and (m.kind <> 'cadence' or r.today > m.due_date) as is_final
    from {{ ref('int_milestone') }} as m
    cross join run as r
    inner join {{ ref('int_period') }} as p on m.plan_id = p.plan_id and p.is_open
    inner join area as d on m.plan_id = d.plan_id
),

measured as (
    select
        s.plan_id,
        s.milestone_id,
        s.indicator_id,
        s.district_code,
        s.period_id,
        s.seq,
        s.as_of,
        s.operator,
        s.is_hold,
        s.all_of,
        o.numerator,
        o.denominator,
        case when s.operator in ('lte', 'lt') then -1 else 1 end as turn,
        {{ whole('s.target * 10000') }} as t,
        {{ whole('case when s.is_count or o.denominator is not null then o.numerator * 100 end') }} as n,
        {{ whole('case when s.is_count then 10000 else o.denominator * 100 end') }} as d
    from place as s
    left join {{ ref('int_observation') }} as o
        on
            s.plan_id = o.plan_id
            and s.milestone_id = o.milestone_id
            and s.district_code = o.district_code
            and s.period_id = o.period_id
    where s.district_scope_in
),

-- A milestone over several indicators is reached when each of them reaches the target.
companion as (
    select
        m.plan_id,
        m.milestone_id,
        m.district_code,
        m.period_id,
        m.operator,
        m.turn,
        m.t,
        {{ whole('f.numerator * 100') }} as n,
        {{ whole('f.denominator * 100') }} as d
    from measured as m
    {{ each_of('m.all_of', 'a', 'companion_id') }}
    left join {{ ref('fct_indicator') }} as f
        on
            m.plan_id = f.plan_id
            and a.companion_id = f.indicator_id
            and m.district_code = f.district_code
            and m.period_id = f.period_id
            and f.variant = 'audited'
            and f.is_main
),

companions as (
    select
        c.plan_id,
        c.milestone_id,
        c.district_code,
        c.period_id,
        bool_and(coalesce({{ is_reached('c') }}, false)) as are_reached
    from companion as c
    group by c.plan_id, c.milestone_id, c.district_code, c.period_id
),

observed as (
    select
        m.*,
        {{ is_reached('m') }} and coalesce(c.are_reached, true) as is_reached,
        case when m.n is not null and m.d > 0 then m.seq end as observed_seq,
        case when m.n is not null and m.d > 0 then m.as_of end as observed_as_of,
        case when m.d > 0 then m.n end as observed_n,
        case when m.n is not null and m.d > 0 then m.d end as observed_d
    from measured as m
    left join companions as c
        on
            m.plan_id = c.plan_id
            and m.milestone_id = c.milestone_id
            and m.district_code = c.district_code
            and m.period_id = c.period_id
),

-- The first observation is where the straight path starts; the one before gives the pace.
compared as (
    select
        o.*,
        first_value(o.observed_n ignore nulls) over path as n0,
        first_value(o.observed_d ignore nulls) over path as d0,
        first_value(o.observed_as_of ignore nulls) over path as first_as_of,
        {{ last_known_before('o.observed_n', 'o.plan_id, o.milestone_id, o.district_code', 'o.seq') }} as previous_n,
        {{ last_known_before('o.observed_as_of', 'o.plan_id, o.milestone_id, o.district_code', 'o.seq') }}
            as previous_as_of,
        o.is_hold and coalesce(bool_or(not o.is_reached) over path, false) as is_breached
    from observed as o
    window path as (
        partition by o.plan_id, o.milestone_id, o.district_code order by o.seq rows unbounded preceding
    )
),

-- What the last step won towards the target, in hundredths over so many days, and what the best one so far won.
stepped as (
    select
        c.*,
        c.turn * (c.n - c.previous_n) as step,
        {{ days_between('c.previous_as_of', 'c.observed_as_of') }} as step_days,
        cast(c.turn * (c.n - c.previous_n) as double)
        / {{ days_between('c.previous_as_of', 'c.observed_as_of') }} as step_a_day
    from compared as c
),

paced as (
    select
        s.*,
        {{ at_greatest('s.step', 's.step_a_day', 's.plan_id, s.milestone_id, s.district_code', 's.seq') }} as best_step,
        {{ at_greatest('s.step_days', 's.step_a_day', 's.plan_id, s.milestone_id, s.district_code', 's.seq') }}
            as best_step_days
    from stepped as s
),

-- Districts in scope that handed in the deciding period's ledger once more after its date.
handed_in_again as (
    select
        m.plan_id,
        m.milestone_id,
        e.district_code,
        bool_or(not s.is_first_accepted and cast(s.received_at as date) > p.due_date) as is_restated
    from {{ ref('int_milestone') }} as m
    inner join {{ ref('int_period') }} as p on m.plan_id = p.plan_id and m.deciding_period_id = p.period_id
    inner join {{ ref('int_district_period') }} as e
        on
            p.plan_id = e.plan_id
            and p.period_id = e.period_id
            and (m.district_scope is null or {{ holds('m.district_scope', 'e.district_code') }})
    inner join {{ ref('stg_submission') }} as s on e.submission_id = s.submission_id
    group by m.plan_id, m.milestone_id, e.district_code
),

restated as (
    select
        plan_id,
        milestone_id,
        district_code,
        is_restated
    from handed_in_again
    union all
    select
        plan_id,
        milestone_id,
        'ALL' as district_code,
        bool_or(is_restated) as is_restated
    from handed_in_again
    group by plan_id, milestone_id
),

spoken as (
    select
        s.*,
        q.numerator,
        q.denominator,
        q.n,
        q.d,
        q.t,
        q.turn,
        -- Five points of a rate; of a number five in a hundred of the target.
        case when s.is_count then {{ divided_down('q.t', '20') }} else 50000 end as margin,
        q.n0,
        q.d0,
        q.first_as_of,
        q.previous_n,
        q.previous_as_of,
        q.step,
        q.step_days,
        q.best_step,
        q.best_step_days,
        q.period_id as figure_period_id,
        q.as_of as figure_as_of,
        q.is_reached,
        coalesce(q.is_breached, false) as is_breached,
        {{ days_between('q.first_as_of', 's.due_date') }} as days_total,
        {{ days_between('q.first_as_of', 's.as_of') }} as days_passed,
        case when s.as_of < s.due_date then {{ days_between('s.as_of', 's.due_date') }} end as days_left,
        case when s.as_of < s.due_date then {{ months_between('s.as_of', 's.due_date') }} end as months_left,
        s.is_final and coalesce(r.is_restated, false) as is_restated
    from place as s
    left join paced as q
        on
            s.plan_id = q.plan_id
            and s.milestone_id = q.milestone_id
            and s.district_code = q.district_code
            and q.seq = case when s.is_final then s.deciding_seq else s.seq end
    left join restated as r
        on s.plan_id = r.plan_id and s.milestone_id = r.milestone_id and s.district_code = r.district_code
),

judged as (
    select
        w.*,
        case
            when w.is_count then cast(w.numerator as double)
            when w.denominator > 0 then 100 * cast(w.numerator as double) / cast(w.denominator as double)
        end as value,
        case
            when not w.district_scope_in then 'not_applicable'
            when w.n is null or w.d is null then 'no_data'
            when w.d = 0 then 'not_applicable'
            when w.is_breached then 'overdue_not_met'
            when w.is_reached then 'met'
            when w.is_final then 'overdue_not_met'
            when w.is_yes_or_no then 'on_track'
            when {{ is_near_path('w', '0') }} then 'on_track'
            when {{ is_near_path('w', 'w.margin') }} then 'at_risk'
            else 'behind'
        end as status,
        case when w.d > 0 and not w.is_yes_or_no then {{ gap_units('w') }} end as gap_units,
        case
            when w.d > 0 and w.figure_as_of > w.previous_as_of
                then
                    cast(w.n - w.previous_n as double) / 100
                    / ({{ months_between('w.previous_as_of', 'w.figure_as_of') }})
        end as observed_per_month
    from spoken as w
)

select
    j.plan_id,
    j.milestone_id,
    j.district_code,
    j.period_id,
    j.indicator_id,
    j.due_date,
    j.operational_deadline,
    j.operator,
    j.target,
    j.binding,
    j.clause,
    j.numerator,
    j.denominator,
    j.value,
    j.status,
    case
        when j.gap_units is not null
            then greatest(j.turn * (cast(j.target as double) - j.value), 0)
    end as gap_points,
    cast(j.gap_units as bigint) as gap_units,
    case when j.months_left > 0 then j.gap_units / j.months_left end as required_per_month,
    case when not j.is_yes_or_no then j.observed_per_month end as observed_per_month,
    case
        when j.is_yes_or_no or j.months_left is null or j.observed_per_month is null then null
        when j.is_count then greatest(j.value + j.observed_per_month * j.months_left, 0)
        else
            least(
                greatest(
                    j.value + 100 * j.observed_per_month * j.months_left / nullif(cast(j.denominator as double), 0), 0
                ),
                100
            )
    end as projected_value,
    case
        when j.gap_units > 0 and not j.is_breached
            then {{ reached_on('j.figure_as_of', 'j.gap_units', 'j.step', 'j.step_days') }}
    end as reached_on_at_pace,
    case
        when not j.is_yes_or_no then cast(j.best_step as double) / 100 / (j.best_step_days / 30.4375)
    end as best_per_month,
    case
        when j.gap_units > 0 and j.days_left > 0
            then 100 * j.gap_units * j.best_step_days > j.best_step * j.days_left
    end as exceeds_best_pace,
    j.is_breached or j.is_final and j.status = 'overdue_not_met' as is_out_of_reach,
    100 * cast(j.n0 as double) / cast(j.d0 as double) as baseline_value,
    j.months_left,
    j.figure_period_id,
    j.deciding_period_id,
    j.assessed_early,
    j.is_final,
    j.is_restated,
    j.is_breached,
    j.district_scope_in,
    j.is_scored,
    j.date_is_default,
    j.target_is_derived,
    j.note,
    j.sort_order
from judged as j
