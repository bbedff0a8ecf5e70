-- Which communities would close a district's gap: those it already reports before those it has to find again, then
-- those that bring most (on the bases of households and floor area the largest), then those with most households.
with missing as (
    select
        m.plan_id,
        m.period_id,
        m.milestone_id,
        m.indicator_id,
        m.district_code,
        m.gap_units
    from {{ ref('mart_milestone_progress') }} as m
    inner join {{ ref('int_period') }} as p on m.plan_id = p.plan_id and m.period_id = p.period_id
    inner join {{ ref('int_milestone') }} as i on m.plan_id = i.plan_id and m.milestone_id = i.milestone_id
    where
        m.gap_units > 0
        and m.district_code <> 'ALL'
        and p.seq <= i.deciding_seq
        -- Where less is better it is those above the line that would have to leave it.
        and m.operator not in ('lt', 'lte')
),

ranked as (
    select
        m.plan_id,
        m.period_id,
        m.milestone_id,
        m.indicator_id,
        m.district_code,
        m.gap_units,
        u.community_id,
        u.units,
        row_number() over next_best as rank,
        sum(u.units) over next_best - u.units as won_before
    from missing as m
    inner join {{ ref('int_uncovered') }} as u
        on
            m.plan_id = u.plan_id
            and m.period_id = u.period_id
            and m.district_code = u.district_code
            and m.indicator_id = u.indicator_id
    where u.units > 0
    window next_best as (
        partition by m.plan_id, m.period_id, m.milestone_id, m.district_code
        order by u.is_reported desc, u.units desc, u.households desc, u.community_id asc
        rows unbounded preceding
    )
)

select
    r.plan_id,
    r.period_id,
    r.milestone_id,
    r.district_code,
    r.community_id,
    cast(r.rank as bigint) as rank,
    r.indicator_id,
    r.units,
    c.community_name,
    c.subdistrict,
    c.households,
    c.floor_area_sqm,
    c.management_mode,
    c.is_reported
from ranked as r
inner join {{ ref('int_community') }} as c
    on r.plan_id = c.plan_id and r.period_id = c.period_id and r.community_id = c.community_id
where r.won_before < r.gap_units
