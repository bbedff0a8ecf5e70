select
    r.submission_id,
    r.plan_id,
    s.unit_code as district_code,
    r.period_id,
    r.source_sheet,
    r.source_row,
    r.community_code,
    r.name_key,
    r.subdistrict_key,
    r.body_type,
    r.status,
    r.established_date,
    r.filed_date,
    r.term_end,
    r.term_end_precision,
    r.member_count,
    r.party_member_count,
    r.has_seal,
    r.chair_is_party_member,
    r.term_start,
    r.reported_to_party,
    r.has_common_revenue,
    r.exit_audited
from {{ source('records', 'committee') }} as r
inner join {{ ref('stg_submission') }} as s on r.submission_id = s.submission_id
where s.unit_code is not null
