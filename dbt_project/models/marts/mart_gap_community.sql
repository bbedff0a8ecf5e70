-- Which communities would close a district's gap: those it already reports before those it has to find again, then
-- those that bring most (on the bases of households and floor area the largest), then those with most households.
with missing as (
    select
        m.plan_id,
        m.period_id,
        m.milestone_id,
        m.indicator_id,
        m.district_code,
        m.gap_units,
        d.ledger_no
    from {{ ref('mart_milestone_progress') }} as m
    inner join {{ ref('int_period') }} as p on m.plan_id = p.plan_id and m.period_id = p.period_id
    inner join {{ ref('int_milestone') }} as i on m.plan_id = i.plan_id and m.milestone_id = i.milestone_id
    inner join {{ ref('int_district_period') }} as d
        on m.plan_id = d.plan_id and m.period_id = d.period_id and m.district_code = d.district_code
    where
        m.gap_units > 0
        and m.district_code <> 'ALL'
        and p.seq <= i.deciding_seq
        -- Where less is better it is those above the line that would have to leave it.
        and m.operator not in ('lt', 'lte')
),

-- The order is the same for every milestone of an indicator.
ranked as (
    select
        ledger_no,
        indicator_id,
        community_no,
        community_id,
        units,
        row_number() over next_best as rank,
        sum(units) over next_best - units as won_before
    from {{ ref('int_uncovered') }}
    where units > 0
    window next_best as (
        partition by ledger_no, indicator_id
        order by is_reported desc, units desc, households desc, community_id asc
        rows unbounded preceding
    )
)

select
    m.plan_id,
    m.period_id,
    m.milestone_id,
    m.district_code,
    r.community_id,
    cast(r.rank as bigint) as rank,
    m.indicator_id,
    r.units,
    c.community_name,
    c.subdistrict,
    c.households,
    c.floor_area_sqm,
    c.management_mode,
    c.is_reported
from missing as m
inner join ranked as r on m.ledger_no = r.ledger_no and m.indicator_id = r.indicator_id
inner join {{ ref('int_community') }} as c on r.ledger_no = c.ledger_no and r.community_no = c.community_no
where r.won_before < m.gap_units
