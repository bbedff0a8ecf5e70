-- The rows that a finding stands on, in the workbooks: five of them, those that weigh most first. A finding about a
-- whole column or ledger has none where each of its rows would do.
{% set at_most = 5 %}
{% set reported = reported_communities() %}
with found as (
    select *
    from {{ ref('int_finding') }}
),

firm as (
    select
        f.plan_id,
        f.period_id,
        f.district_code,
        f.rule_id,
        f.subject,
        c.company_key
    from found as f
    inner join {{ ref('stg_company') }} as c
        on f.submission_id = c.submission_id and f.source_sheet = c.source_sheet and f.source_row = c.source_row
    where f.rule_id in ('R36', 'T6', 'T7')
),

-- A chain's rows in all districts are the same for each district's finding: those that weigh most are chosen once.
company_row as (
    select *
    from (
        select
            d.plan_id,
            d.period_id,
            c.company_key,
            c.company_name,
            c.uscc,
            c.district_code,
            c.submission_id,
            c.source_sheet,
            c.source_row,
            row_number() over (
                partition by d.plan_id, d.period_id, c.company_key
                order by c.district_code, c.source_row, c.source_sheet, c.submission_id
            ) as nth
        from {{ ref('int_district_period') }} as d
        inner join {{ ref('stg_company') }} as c on d.submission_id = c.submission_id
        where c.uscc is not null and coalesce(c.status, 'active') = 'active'
    ) as c
    where nth <= {{ at_most }}
),

managed_row as (
    select *
    from (
        select
            c.plan_id,
            c.period_id,
            c.company_key,
            r.community_name,
            r.floor_area_sqm,
            r.district_code,
            r.submission_id,
            r.source_sheet,
            r.source_row,
            row_number() over (
                partition by c.plan_id, c.period_id, c.company_key
                order by
                    cast(coalesce(-r.floor_area_sqm, 0) as double),
                    r.district_code,
                    r.source_row,
                    r.source_sheet,
                    r.submission_id
            ) as nth
        from {{ ref('stg_community') }} as c
        inner join {{ reported }} as r on c.record_no = r.record_no
        where r.is_professional
    ) as r
    where nth <= {{ at_most }}
),

-- The communities of the last ledger, with what became of their households and area.
shrunk as (
    select
        f.plan_id,
        f.period_id,
        f.district_code,
        f.rule_id,
        f.subject,
        b.community_name,
        case f.rule_id when 'households_shrank' then b.households else b.floor_area_sqm end as was,
        case f.rule_id when 'households_shrank' then n.households else n.floor_area_sqm end as now,
        case f.rule_id
            when 'households_shrank' then {{ text('b.households') }} else {{ text('b.floor_area_sqm') }}
        end as said_before,
        case f.rule_id
            when 'households_shrank' then {{ text('n.households') }} else {{ text('n.floor_area_sqm') }}
        end as said,
        coalesce(n.submission_id, b.submission_id) as submission_id,
        coalesce(n.source_sheet, b.source_sheet) as source_sheet,
        coalesce(n.source_row, b.source_row) as source_row
    from found as f
    inner join {{ ref('int_period') }} as p on f.plan_id = p.plan_id and f.period_id = p.period_id
    inner join {{ reported }} as b
        on f.plan_id = b.plan_id and p.previous_period_id = b.period_id and f.district_code = b.district_code
    left join {{ reported }} as n
        on f.plan_id = n.plan_id and f.period_id = n.period_id and b.community_id = n.community_id
    where f.rule_id in ('households_shrank', 'area_shrank')
),

-- What came of mergers and splits, and of those that do not add up what was before them too.
regrouped as (
    select
        g.plan_id,
        g.period_id,
        g.district_code,
        g.group_id,
        n.community_name,
        n.households,
        n.submission_id,
        n.source_sheet,
        n.source_row,
        n.period_id = g.period_id as is_after
    from {{ ref('int_regrouped') }} as g
    inner join {{ reported }} as n
        on
            g.plan_id = n.plan_id
            and g.community_id = n.community_id
            and n.period_id in (g.period_id, g.period_from)
            and n.in_register
),

example as (
    select
        {{ example('f', 'c', 'c.company_name', "'统一社会信用代码'", 'c.uscc') }}
    from firm as f
    inner join company_row as c
        on f.plan_id = c.plan_id and f.period_id = c.period_id and f.company_key = c.company_key
    where f.rule_id = 'R36'
    union all
    select
        {{ example('f', 'r', 'r.community_name', "'建筑面积'", 'r.floor_area_sqm', 'coalesce(-r.floor_area_sqm, 0)') }}
    from firm as f
    inner join managed_row as r
        on f.plan_id = r.plan_id and f.period_id = r.period_id and f.company_key = r.company_key
    where f.rule_id in ('T6', 'T7')
    union all
    select
        {{ example('f', 'r', 'r.community_name', "'总户数'", 'r.households') }}
    from found as f
    inner join {{ reported }} as t
        on f.submission_id = t.submission_id and f.source_sheet = t.source_sheet and f.source_row = t.source_row
    inner join {{ reported }} as r
        on
            t.submission_id = r.submission_id
            and t.households = r.households
            and t.floor_area_sqm = r.floor_area_sqm
            and t.building_count = r.building_count
    where f.rule_id = 'identical_rows'
    union all
    {% for column, header in [
        ('disclosure_date', '公示日期'), ('contract_start', '合同开始日期'), ('fee_collection_rate', '物业费收缴率')
    ] %}
        select
            {{ example(
                'f', 'r', 'r.community_name', "'" ~ header ~ "'", 'r.' ~ column,
                '-count(*) over (partition by r.submission_id, r.' ~ column ~ ')'
            ) }}
        from found as f
        inner join {{ reported }} as r on f.submission_id = r.submission_id
        where f.rule_id in ('same_date', 'same_value') and f.subject = '{{ header }}' and r.{{ column }} is not null
        union all
    {% endfor %}
    {% for column, header, chosen in [
        ('filed_date', '备案日期', "f.rule_id = 'same_date' and f.subject = '备案日期' and b.filed_date is not null"),
        ('established_date', '成立日期', "f.rule_id = 'same_date' and f.subject = '成立日期' and b.established_date is not null"),
        ('filed_date', '备案日期', "f.rule_id = 'committees_on_paper' and b.is_counted and not b.is_filed"),
        ('term_end', '本届任期结束日期', "f.rule_id = 'committees_on_paper' and b.is_counted and b.is_filed and not b.is_in_term")
    ] %}
        select
            {{ example(
                'f', 'b', 'c.community_name', "'" ~ header ~ "'", 'b.' ~ column,
                '-count(*) over (partition by b.submission_id, b.' ~ column ~ ')' if 'same_date' in chosen else '0'
            ) }}
        from found as f
        inner join {{ ref('int_committee') }} as b
            on f.submission_id = b.submission_id and f.period_id = b.period_id and b.is_reported
        left join {{ ref('int_community') }} as c
            on b.plan_id = c.plan_id and b.period_id = c.period_id and b.community_id = c.community_id
        where {{ chosen }}
        union all
    {% endfor %}
    select
        {{ example('f', 'r', 'r.community_name', "'合同结束日期'", 'r.contract_end') }}
    from found as f
    inner join {{ reported }} as r on f.submission_id = r.submission_id
    where
        f.rule_id = 'managed_on_paper'
        and r.is_professional and r.contract_end is not null and not r.has_current_contract
    union all
    select
        {{ example('f', 'r', 'r.community_name', "'总户数'", 'r.households', 'coalesce(-r.households, 0)') }}
    from found as f
    inner join {{ ref('int_community') }} as r
        on f.plan_id = r.plan_id and f.period_id = r.period_id and f.district_code = r.district_code
    where
        f.rule_id = 'uncovered_vanished'
        and r.in_register and not r.is_reported and not r.is_version and r.management_mode in ('none', 'unknown')
    union all
    select
        {{ example(
            's', 's', 's.community_name', "case s.rule_id when 'households_shrank' then '总户数' else '建筑面积' end",
            's.said', 'coalesce(s.now, 0) - s.was', 's.said_before'
        ) }}
    from shrunk as s
    where s.was > coalesce(s.now, 0)
    union all
    select
        {{ example('f', 'g', 'g.community_name', "'总户数'", 'g.households', 'coalesce(-g.households, 0)') }}
    from found as f
    inner join regrouped as g
        on f.plan_id = g.plan_id and f.period_id = g.period_id and f.district_code = g.district_code and g.is_after
    where f.rule_id = 'rate_rose_by_merging'
    union all
    select
        {{ example('f', 'g', 'g.community_name', "'总户数'", 'g.households', 'case when g.is_after then 0 else 1 end') }}
    from found as f
    inner join regrouped as t
        on f.submission_id = t.submission_id and f.source_sheet = t.source_sheet and f.source_row = t.source_row
    inner join regrouped as g
        on
            t.plan_id = g.plan_id
            and t.period_id = g.period_id
            and t.district_code = g.district_code
            and t.group_id = g.group_id
    where f.rule_id = 'not_conserved'
)

select
    plan_id,
    period_id,
    district_code,
    rule_id,
    subject,
    cast(nth as bigint) as example_no,
    name,
    value_of,
    value,
    value_before,
    found_in,
    submission_id,
    source_sheet,
    source_row
from (
    select
        *,
        row_number() over (
            partition by plan_id, period_id, district_code, rule_id, subject
            order by weight, found_in, source_row, source_sheet, submission_id
        ) as nth
    from example
) as e
where nth <= {{ at_most }}
