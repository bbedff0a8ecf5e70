-- Patterns worth a question, each as (plan, period, district, rule, subject) with what was observed, what it is
-- compared with, and where it stands. A pattern needs enough rows to mean anything.
{% set few = 3 %}
{% set enough = 10 %}
{% set reported = reported_communities() %}
{% set needed = divided_up(whole('m.target * m.denominator'), 100) %}
with added_up as (
    select
        ledger_no,
        count(*) as communities,
        sum(households) as households,
        case when count(floor_area_sqm) = count(*) then sum(floor_area_sqm) end as area,
        avg(case when management_mode in ('none', 'unknown') then 1.0 else 0.0 end) as uncovered_share,
        sum(case when is_professional then 1 else 0 end) as managed,
        sum(
            case when is_professional and contract_end is not null and not has_current_contract then 1 else 0 end
        ) as ended
    from {{ reported }} as r
    group by ledger_no
),

place as (
    select
        d.plan_id,
        d.period_id,
        d.district_code,
        d.submission_id,
        a.*
    from added_up as a
    inner join {{ ref('int_district_period') }} as d on a.ledger_no = d.ledger_no
),

-- ── one company in several districts ──
firm as (
    select
        d.plan_id,
        d.period_id,
        d.district_code,
        coalesce(c.company_name, c.company_key) as company_name,
        c.company_key,
        c.uscc,
        c.managed_project_count,
        c.managed_area,
        c.submission_id,
        c.source_sheet,
        c.source_row
    from {{ ref('int_district_period') }} as d
    inner join {{ ref('stg_company') }} as c on d.submission_id = c.submission_id
    where coalesce(c.status, 'active') = 'active' and c.company_key is not null
),

codes as (
    select
        plan_id,
        period_id,
        company_key,
        count(distinct uscc) as codes,
        count(distinct case when uscc is not null then district_code end) as districts
    from firm
    group by plan_id, period_id, company_key
    having count(distinct uscc) > 1 and count(distinct case when uscc is not null then district_code end) > 1
),

complete as (
    select
        plan_id,
        period_id
    from {{ ref('int_district_period') }}
    group by plan_id, period_id
    having not bool_or(is_silent)
),

served as (
    select
        r.plan_id,
        r.period_id,
        c.company_key,
        count(*) as projects,
        case when count(r.floor_area_sqm) = count(*) then sum(r.floor_area_sqm) end as area
    from {{ reported }} as r
    inner join complete as p on r.plan_id = p.plan_id and r.period_id = p.period_id
    inner join {{ ref('stg_community') }} as c on r.record_no = c.record_no
    where r.is_professional
    group by r.plan_id, r.period_id, c.company_key
),

-- A ledger types what a company manages in all, or its own part of it: right is whatever agrees in either way.
claims as (
    select
        f.*,
        s.projects,
        s.area,
        max(f.managed_project_count) over firms as most_projects,
        sum(f.managed_project_count) over firms as all_projects,
        max(f.managed_area) over firms as most_area,
        sum(f.managed_area) over firms as all_area
    from firm as f
    inner join served as s
        on f.plan_id = s.plan_id and f.period_id = s.period_id and f.company_key = s.company_key
    window firms as (partition by f.plan_id, f.period_id, f.company_key)
),

-- ── rows like others ──
alike as (
    select
        ledger_no,
        households,
        floor_area_sqm,
        building_count,
        count(*) as rows_alike
    from {{ reported }} as r
    where households is not null and floor_area_sqm is not null and building_count is not null
    group by ledger_no, households, floor_area_sqm, building_count
    having count(*) >= {{ few }}
),

twins as (
    select
        a.ledger_no,
        a.rows_alike,
        min(r.source_sheet) as source_sheet,
        min(r.source_row) as source_row,
        min_by(r.community_name, r.source_row) as subject
    from alike as a
    inner join {{ reported }} as r
        on
            a.ledger_no = r.ledger_no
            and a.households = r.households
            and a.floor_area_sqm = r.floor_area_sqm
            and a.building_count = r.building_count
    group by a.ledger_no, a.households, a.floor_area_sqm, a.building_count, a.rows_alike
),

pairs as (
    select
        b.ledger_no,
        count(*) as both_have,
        sum(
            case
                when
                    a.households is not distinct from b.households
                    and a.floor_area_sqm is not distinct from b.floor_area_sqm
                    and a.management_mode is not distinct from b.management_mode
                    and a.company_name is not distinct from b.company_name
                    and a.fee_collection_rate is not distinct from b.fee_collection_rate
                    and a.disclosure_date is not distinct from b.disclosure_date
                    then 1
                else 0
            end
        ) as the_same
    from {{ reported }} as b
    inner join {{ ref('int_period') }} as p on b.plan_id = p.plan_id and b.period_id = p.period_id
    inner join {{ reported }} as a on p.previous_period_id = a.period_id and b.community_no = a.community_no
    group by b.ledger_no
),

-- ── who is no longer there ──
vanished as (
    select
        ledger_no,
        sum(case when management_mode in ('none', 'unknown') then 1 else 0 end) as uncovered,
        count(*) as gone
    from {{ ref('int_community') }}
    where in_register and not is_reported and not is_version
    group by ledger_no
),

yeses as (
    select
        r.ledger_no,
        count(*) as communities,
        sum(case when c.contract_filed then 1 else 0 end) as contract_filed,
        sum(case when c.disclosure_done then 1 else 0 end) as disclosure_done,
        sum(case when c.has_party_branch then 1 else 0 end) as has_party_branch,
        sum(case when c.building_steward then 1 else 0 end) as building_steward
    from {{ reported }} as r
    inner join {{ ref('stg_community') }} as c on r.record_no = c.record_no
    group by r.ledger_no
),

steps as (
    select
        b.plan_id,
        b.period_id,
        b.district_code,
        b.submission_id,
        b.households,
        a.households as households_before,
        b.area,
        a.area as area_before
    from place as b
    inner join {{ ref('int_period') }} as p on b.plan_id = p.plan_id and b.period_id = p.period_id
    inner join place as a
        on b.plan_id = a.plan_id and p.previous_period_id = a.period_id and b.district_code = a.district_code
),

-- What is merged or split keeps its households.
weighed as (
    select
        g.plan_id,
        g.period_id,
        g.district_code,
        g.group_id,
        max(n.submission_id) as submission_id,
        min(n.community_name) as subject,
        min(n.source_sheet) as source_sheet,
        min(n.source_row) as source_row,
        sum(case when n.is_reported and n.households is not null or n.community_id is null then 0 else 1 end)
        + sum(case when b.households is not null or b.community_id is null then 0 else 1 end) as unknown,
        sum(n.households) as households,
        sum(b.households) as households_before
    from {{ ref('int_regrouped') }} as g
    left join {{ ref('int_community') }} as n
        on
            g.plan_id = n.plan_id
            and g.period_id = n.period_id
            and g.community_id = n.community_id
            and n.in_register
            and not n.is_version
    left join {{ ref('int_community') }} as b
        on
            g.plan_id = b.plan_id
            and g.period_from = b.period_id
            and g.community_id = b.community_id
            and b.in_register
            and not b.is_version
    group by g.plan_id, g.period_id, g.district_code, g.group_id
),

-- Targets that a district's first ledger missed and a later version of it reaches.
turned as (
    select
        m.plan_id,
        m.period_id,
        m.district_code,
        m.milestone_id,
        r.submission_id,
        r.value,
        r.first_value
    from {{ ref('mart_milestone_progress') }} as m
    inner join {{ ref('mart_restatement') }} as r
        on
            m.plan_id = r.plan_id
            and m.period_id = r.period_id
            and m.district_code = r.district_code
            and m.indicator_id = r.indicator_id
    where
        m.status = 'met' and m.is_restated and m.period_id = m.deciding_period_id
        and m.operator in ('gte', 'eq', 'hold_gte')
        and r.first_numerator * 100 < m.target * r.first_denominator
),

bodies as (
    select
        plan_id,
        period_id,
        district_code,
        max(submission_id) as submission_id,
        sum(case when is_filed and is_in_term then 0 else 1 end) as doubtful,
        count(*) as counted
    from {{ ref('int_committee') }}
    where is_counted and is_reported
    group by plan_id, period_id, district_code
),

surveys as (
    select
        d.plan_id,
        d.period_id,
        d.district_code,
        max(d.submission_id) as submission_id,
        sum(case when s.satisfied_answers = s.valid_answers then 1 else 0 end) as perfect,
        count(*) as asked
    from {{ ref('int_district_period') }} as d
    inner join {{ ref('int_survey') }} as s on d.submission_id = s.submission_id
    where s.valid_answers > 0 and s.satisfied_answers is not null
    group by d.plan_id, d.period_id, d.district_code
),

filings as (
    select
        d.plan_id,
        d.period_id,
        d.district_code,
        d.ledger_no,
        d.submission_id,
        c.filed_date,
        c.established_date
    from {{ ref('int_district_period') }} as d
    inner join {{ ref('stg_committee') }} as c on d.submission_id = c.submission_id
),

found as (
    select
        {{ finding('R36', 'f.company_name', 'c.codes', 'c.districts', 'f', at_row='f') }}
    from firm as f
    inner join codes as c on f.plan_id = c.plan_id and f.period_id = c.period_id and f.company_key = c.company_key
    union all
    select
        {{ finding('T6', 'c.company_name', 'c.managed_project_count', 'c.projects', 'c', at_row='c') }}
    from claims as c
    where c.managed_project_count is not null and c.projects not in (c.most_projects, c.all_projects)
    union all
    select
        {{ finding('T7', 'c.company_name', 'c.managed_area', 'c.area', 'c', at_row='c') }}
    from claims as c
    where
        c.managed_area is not null
        and abs(c.most_area - c.area) > 0.01 * c.area
        and abs(c.all_area - c.area) > 0.01 * c.area
    union all
    select
        {{ finding('exactly_on_threshold', 'm.milestone_id', 'm.numerator', needed, 'm', 'p') }}
    from {{ ref('mart_milestone_progress') }} as m
    inner join place as p
        on m.plan_id = p.plan_id and m.period_id = p.period_id and m.district_code = p.district_code
    where
        m.operator = 'gte' and m.status = 'met' and m.target < 100 and m.denominator >= 20
        and m.numerator = floor(m.numerator)
        and m.numerator * 100 >= m.target * m.denominator
        and (m.numerator - 1) * 100 < m.target * m.denominator
    union all
    select
        {{ finding('identical_rows', 't.subject', 't.rows_alike', 'p.communities', 'p', at_row='t') }}
    from twins as t
    inner join place as p on t.ledger_no = p.ledger_no
    union all
    select
        {{ finding('unchanged_ledger', "'小区明细'", 'b.the_same', 'b.both_have', 'p') }}
    from pairs as b
    inner join place as p on b.ledger_no = p.ledger_no
    where b.both_have >= {{ enough }} and b.the_same = b.both_have
    union all
    {% for flag, header in [
        ('contract_filed', '合同备案'), ('disclosure_done', '信息公开公示'),
        ('has_party_branch', '小区党支部'), ('building_steward', '楼栋长制')
    ] %}
        select
            {{ finding('all_yes', "'" ~ header ~ "'", 'y.' ~ flag, 'y.communities', 'p') }}
        from yeses as y
        inner join place as p on y.ledger_no = p.ledger_no
        where y.communities >= {{ enough }} and y.{{ flag }} = y.communities
        union all
    {% endfor %}
    {% for rows, column, header in [
        (reported, 'disclosure_date', '公示日期'), (reported, 'contract_start', '合同开始日期'),
        ('filings', 'filed_date', '备案日期'), ('filings', 'established_date', '成立日期')
    ] %}
        select *
        from (
            {{ mostly_one_value(rows, column, header, 'same_date') }}
        ) as d
        union all
    {% endfor %}
    select *
    from (
        {{ mostly_one_value(reported, 'fee_collection_rate', '物业费收缴率', 'same_value') }}
    ) as d
    union all
    select
        {{ finding('perfect_satisfaction', "'满意度调查'", 's.perfect', 's.asked', 's') }}
    from surveys as s
    where s.asked >= {{ few }} and s.perfect = s.asked
    union all
    select
        {{ finding('uncovered_vanished', "'小区明细'", 'v.uncovered', 'v.gone', 'p') }}
    from vanished as v
    inner join place as p on v.ledger_no = p.ledger_no
    where v.uncovered >= {{ few }} and v.uncovered > p.uncovered_share * v.gone
    union all
    select
        {{ finding('households_shrank', "'小区明细'", 'h.households', 'h.households_before', 'h') }}
    from steps as h
    where h.households * 10 < h.households_before * 9
    union all
    select
        {{ finding('area_shrank', "'小区明细'", 'h.area', 'h.area_before', 'h') }}
    from steps as h
    where h.area * 10 < h.area_before * 9
    union all
    select
        {{ finding('not_conserved', 'w.subject', 'w.households', 'w.households_before', 'w', at_row='w') }}
    from weighed as w
    where w.unknown = 0 and abs(w.households - w.households_before) * 100 > w.households_before
    union all
    select
        {{ finding('met_after_resending', 't.milestone_id', 't.value', 't.first_value', 't') }}
    from turned as t
    union all
    select
        {{ finding('rate_rose_by_merging', 'c.indicator_id', 'c.denominator_effect', 'b.merged_out', 'c', 'p') }}
    from {{ ref('mart_rate_change') }} as c
    inner join {{ ref('dim_indicator') }} as i
        on c.plan_id = i.plan_id and c.indicator_id = i.indicator_id and i.basis = 'communities'
    inner join {{ ref('mart_register_bridge') }} as b
        on c.plan_id = b.plan_id and c.district_code = b.district_code and c.period_id = b.period_id
    inner join place as p
        on c.plan_id = p.plan_id and c.period_id = p.period_id and c.district_code = p.district_code
    where b.merged_out > 0 and c.denominator_effect >= 1 and c.denominator_effect > c.work_effect
    union all
    select
        {{ finding('committees_on_paper', "'业委会(物管会)明细'", 'b.doubtful', 'b.counted', 'b') }}
    from bodies as b
    where b.doubtful >= {{ few }} and b.doubtful * 10 >= b.counted * 3
    union all
    select
        {{ finding('managed_on_paper', "'小区明细'", 'p.ended', 'p.managed', 'p') }}
    from place as p
    where p.ended >= {{ few }} and p.ended * 10 >= p.managed
)

-- A firm listed twice by one district is one subject.
select
    plan_id,
    period_id,
    district_code,
    rule_id,
    subject,
    observed,
    compared_with,
    submission_id,
    source_sheet,
    source_row
from (
    select
        *,
        row_number() over (
            partition by plan_id, period_id, district_code, rule_id, subject order by source_row, observed
        ) as nth
    from found
) as f
where nth = 1
