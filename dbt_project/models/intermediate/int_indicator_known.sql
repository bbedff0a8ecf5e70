-- Whether a district's workbook of a period answers an indicator: the sheet it rests on was given, and of each of its
-- needs (columns that can stand in for each other are joined by a bar) at least one column was there.
with worked_out (word, need) as (
    values
    ('has_committee', 'committee.status|community.committee_status_typed'),
    (
        'is_completed',
        'community.construction_status|community.delivered_date|community.completed_date|community.built_year'
    )
),

need as (
    select
        i.plan_id,
        i.indicator_id,
        n.need
    from {{ source('inputs', 'indicator') }} as i
    {{ each_of('i.needs', 'n', 'need') }}
    union
    select
        i.plan_id,
        i.indicator_id,
        w.need
    from {{ source('inputs', 'indicator') }} as i
    inner join worked_out as w
        on {{ names_column("concat_ws(' ', i.denominator_sql, i.numerator_sql)", 'w.word') }}
),

scope as (
    select
        d.plan_id,
        d.period_id,
        d.district_code,
        d.seq,
        d.is_silent,
        d.forms,
        d.missing_columns,
        i.indicator_id,
        i.entity,
        i.form
    from {{ ref('int_ledger') }} as d
    inner join {{ source('inputs', 'indicator') }} as i
        on d.plan_id = i.plan_id and (i.district_scope is null or {{ holds('i.district_scope', 'd.home_code') }})
    -- What recurs is proven by any ledger, and is no figure of one version.
    where not (d.is_version and i.entity = 'occasion')
),

asked as (
    select
        s.plan_id,
        s.period_id,
        s.district_code,
        s.indicator_id,
        n.need,
        bool_or(
            {{ holds('s.forms', part_of('a.field', '.', 1)) }} and not {{ holds('s.missing_columns', 'a.field') }}
        ) as is_met
    from scope as s
    inner join need as n on s.plan_id = n.plan_id and s.indicator_id = n.indicator_id
    {{ each_of(split('n.need', '|'), 'a', 'field') }}
    group by s.plan_id, s.period_id, s.district_code, s.indicator_id, n.need
),

answered as (
    select
        plan_id,
        period_id,
        district_code,
        indicator_id,
        bool_and(is_met) as are_met
    from asked
    group by plan_id, period_id, district_code, indicator_id
),

told as (
    select
        s.plan_id,
        s.period_id,
        s.district_code,
        s.indicator_id,
        s.seq,
        s.is_silent,
        case
            -- These answer row by row.
            when s.entity in ('commitment', 'occasion') then true
            else
                not s.is_silent
                and (s.form is null or {{ holds('s.forms', 's.form') }})
                and coalesce(a.are_met, true)
        end as is_known
    from scope as s
    left join answered as a
        on
            s.plan_id = a.plan_id
            and s.period_id = a.period_id
            and s.district_code = a.district_code
            and s.indicator_id = a.indicator_id
)

select
    plan_id,
    period_id,
    district_code,
    indicator_id,
    is_known,
    -- What a silent district is carried with is what it last said, or did not.
    is_silent
    and coalesce(
        {{ last_known('case when not is_silent then is_known end', 'plan_id, district_code, indicator_id', 'seq') }},
        false
    ) as is_carried
from told
