{{ config(materialized='view') }}
select
    plan_id,
    period_id,
    district_code,
    ledger_no,
    community_no,
    community_id,
    indicator_id,
    is_reported,
    households,
    units
from (
    {{ uncovered_communities() }}
) as u
