-- What the text of a plan states as already so, beside what the ledgers of that time show for the whole plan area. A
-- figure agrees when it rounds to the printed one; a range or bound when it lies inside.
with shown as (
    select
        t.plan_id,
        t.indicator_id,
        t.period_id,
        t.operator,
        t.stated,
        t.stated_to,
        t.decimals,
        t.of_each,
        t.as_of,
        t.as_of_note,
        i.unit,
        i.clause,
        i.sort_order,
        f.numerator,
        f.denominator,
        f.value,
        -- All of them in ten-thousandths, the ledgers' own number as n / d.
        {{ whole('t.stated * 10000') }} as s,
        {{ whole('t.stated_to * 10000') }} as s_to,
        {{ whole('power(10, 4 - t.decimals)') }} as last_place,
        {{ whole('f.numerator * 100') }} * case when i.denominator_sql is null then 10000 else 1000000 end as n,
        case when i.denominator_sql is null then {{ whole('100') }} else {{ whole('f.denominator * 100') }} end as d
    from {{ source('inputs', 'fact') }} as t
    inner join {{ source('inputs', 'indicator') }} as i on t.plan_id = i.plan_id and t.indicator_id = i.indicator_id
    left join {{ ref('fct_indicator') }} as f
        on
            t.plan_id = f.plan_id
            and t.period_id = f.period_id
            and t.indicator_id = f.indicator_id
            and f.district_code = 'ALL'
            and f.variant = 'audited'
            and f.is_main
)

select
    plan_id,
    'ALL' as district_code,
    period_id,
    indicator_id,
    operator,
    stated,
    stated_to,
    of_each,
    as_of,
    as_of_note,
    unit,
    clause,
    numerator,
    denominator,
    value,
    case
        when numerator is null or d = 0 then null
        when of_each or operator = 'is' then numerator = denominator
        when operator = 'eq' and denominator is null then n = s * d
        when operator = 'eq' then (n - s * d) * 2 < d * last_place and (s * d - n) * 2 <= d * last_place
        when operator = 'gt' then n > s * d
        when operator = 'gte' then n >= s * d
        when operator = 'lt' then n < s * d
        when operator = 'lte' then n <= s * d
        when operator = 'between'
            then n between s * d and s_to * d
    end as agrees,
    sort_order
from shown
