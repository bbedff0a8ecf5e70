{{ config(materialized='view') }}
-- Whose rows are worked out: every district in every open period, and beside it each version that the one in force
-- replaced, as if it were a district of its own. No audited figure and no whole rests on those.
select
    ledger_no,
    plan_id,
    period_id,
    district_code,
    district_code as home_code,
    false as is_version,
    seq,
    kind,
    as_of,
    previous_period_id,
    submission_id,
    is_silent,
    forms,
    missing_columns
from {{ ref('int_district_period') }}
union all
select
    s.ledger_no,
    d.plan_id,
    d.period_id,
    s.unit_code as district_code,
    d.district_code as home_code,
    true as is_version,
    d.seq,
    d.kind,
    d.as_of,
    d.previous_period_id,
    s.submission_id,
    false as is_silent,
    s.forms,
    s.missing_columns
from {{ ref('int_district_period') }} as d
inner join {{ ref('stg_submission') }} as s
    on d.plan_id = s.plan_id and d.period_id = s.period_id and d.district_code = s.district_code
where s.unit_code <> s.district_code
