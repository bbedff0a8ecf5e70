-- Whether a district's workbook of a period answers an indicator: the sheet it rests on was given, and of each of its
-- needs (columns that can stand in for each other are joined by a bar) at least one column was there.
with scope as (
    select
        d.plan_id,
        d.period_id,
        d.district_code,
        d.is_silent,
        d.forms,
        d.missing_columns,
        i.indicator_id,
        i.entity,
        i.form,
        i.needs
    from {{ ref('int_district_period') }} as d
    inner join {{ source('inputs', 'indicator') }} as i
        on d.plan_id = i.plan_id and (i.district_scope is null or {{ holds('i.district_scope', 'd.district_code') }})
),

alternative as (
    select
        s.plan_id,
        s.period_id,
        s.district_code,
        s.indicator_id,
        n.need,
        {{ holds('s.forms', part_of('a.field', '.', 1)) }}
        and not {{ holds('s.missing_columns', 'a.field') }} as is_given
    from scope as s
    {{ each_of('s.needs', 'n', 'need') }}
    {{ each_of(split('n.need', '|'), 'a', 'field') }}
),

need as (
    select
        plan_id,
        period_id,
        district_code,
        indicator_id,
        need,
        bool_or(is_given) as is_met
    from alternative
    group by plan_id, period_id, district_code, indicator_id, need
),

needs as (
    select
        plan_id,
        period_id,
        district_code,
        indicator_id,
        bool_and(is_met) as are_met
    from need
    group by plan_id, period_id, district_code, indicator_id
)

select
    s.plan_id,
    s.period_id,
    s.district_code,
    s.indicator_id,
    case
        -- These answer row by row.
        when s.entity in ('commitment', 'occasion') then true
        else
            not s.is_silent
            and (s.form is null or {{ holds('s.forms', 's.form') }})
            and coalesce(n.are_met, true)
    end as is_known
from scope as s
left join needs as n
    on
        s.plan_id = n.plan_id
        and s.period_id = n.period_id
        and s.district_code = n.district_code
        and s.indicator_id = n.indicator_id
