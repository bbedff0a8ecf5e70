-- A result is what a district claims for an indicator in its workbook of the period; evidence is what the list of that
-- workbook names for it, by the indicator's id or that of an item of the assessment.
with claim as (
    select
        plan_id,
        period_id,
        district_code,
        indicator_id,
        numerator,
        case when numerator > 0 then 1 else 0 end as results
    from {{ ref('fct_indicator') }}
    where variant = 'reported' and is_main and district_code <> 'ALL'
),

subject as (
    select
        submission_id,
        plan_id,
        period_id,
        district_code,
        source_sheet,
        source_row,
        subject_id as indicator_id
    from {{ ref('int_evidence_subject') }}
    union
    select
        s.submission_id,
        s.plan_id,
        s.period_id,
        s.district_code,
        s.source_sheet,
        s.source_row,
        i.indicator_id
    from {{ ref('int_evidence_subject') }} as s
    inner join {{ source('inputs', 'rubric_item') }} as r on s.plan_id = r.plan_id and s.subject_id = r.item_id
    {{ each_of('r.indicator_ids', 'i', 'indicator_id') }}
),

listed as (
    select
        s.plan_id,
        s.period_id,
        s.district_code,
        s.indicator_id,
        count(*) as evidence_listed,
        sum(case when e.is_present then 1 else 0 end) as evidence_present,
        sum(case when e.uses > 0 then 1 else 0 end) as evidence_reused
    from subject as s
    left join {{ source('inputs', 'evidence_line') }} as e
        on s.submission_id = e.submission_id and s.source_sheet = e.source_sheet and s.source_row = e.source_row
    group by s.plan_id, s.period_id, s.district_code, s.indicator_id
),

asked as (
    select distinct
        r.plan_id,
        i.indicator_id
    from {{ source('inputs', 'rubric_item') }} as r
    {{ each_of('r.indicator_ids', 'i', 'indicator_id') }}
    where r.evidence = 'listed'
),

district_row as (
    select
        c.plan_id,
        c.period_id,
        c.district_code,
        c.indicator_id,
        c.numerator,
        c.results,
        case when l.evidence_listed > 0 then c.results else 0 end as results_listed,
        case when l.evidence_present > 0 then c.results else 0 end as results_present,
        coalesce(l.evidence_listed, 0) as evidence_listed,
        coalesce(l.evidence_present, 0) as evidence_present,
        coalesce(l.evidence_reused, 0) as evidence_reused
    from claim as c
    left join listed as l
        on
            c.plan_id = l.plan_id
            and c.period_id = l.period_id
            and c.district_code = l.district_code
            and c.indicator_id = l.indicator_id
),

figure as (
    select * from district_row
    union all
    select
        plan_id,
        period_id,
        'ALL' as district_code,
        indicator_id,
        sum(numerator) as numerator,
        sum(results) as results,
        sum(results_listed) as results_listed,
        sum(results_present) as results_present,
        sum(evidence_listed) as evidence_listed,
        sum(evidence_present) as evidence_present,
        sum(evidence_reused) as evidence_reused
    from district_row
    group by plan_id, period_id, indicator_id
)

select
    f.plan_id,
    f.district_code,
    f.period_id,
    f.indicator_id,
    a.indicator_id is not null as is_asked,
    {{ amount('f.numerator') }} as numerator,
    cast(f.results as bigint) as results,
    cast(f.results_listed as bigint) as results_listed,
    cast(f.results_present as bigint) as results_present,
    cast(f.evidence_listed as bigint) as evidence_listed,
    cast(f.evidence_present as bigint) as evidence_present,
    cast(f.evidence_reused as bigint) as evidence_reused,
    case when f.results > 0 then 100 * cast(f.results_listed as double) / f.results end as coverage,
    case when f.results > 0 then 100 * cast(f.results_present as double) / f.results end as coverage_present
from figure as f
left join asked as a on f.plan_id = a.plan_id and f.indicator_id = a.indicator_id
