{{ config(materialized='file') }}
-- A body belongs to the ledgers that list it. Where a district gave no list its last one is carried, and so are the
-- bodies of a community that silently left the ledger: they keep the denominator and cannot count above the line.
with in_force as (
    {{ form_in_force('committee') }}
),

body as (
    select
        b.*,
        l.community_no,
        l.community_id,
        f.seq
    from {{ ref('stg_committee') }} as b
    inner join in_force as f on b.submission_id = f.submission_id and f.is_given
    left join {{ ref('int_community_reference') }} as l
        on l.form = 'committee' and b.record_no = l.record_no
),

-- Which workbook's bodies stand in a period: all of its bodies, or those of one community that is missing.
span as (
    select
        plan_id,
        period_id,
        district_code,
        as_of,
        submission_id,
        is_given as is_reported,
        {{ text('null') }} as community_id
    from in_force
    where submission_id is not null
    union all
    -- Of a community that is missing, what the list in force said when it was last reported.
    select
        f.plan_id,
        f.period_id,
        f.district_code,
        f.as_of,
        last_told.submission_id,
        false as is_reported,
        g.community_id
    from in_force as f
    inner join {{ source('inputs', 'register') }} as g
        on f.plan_id = g.plan_id and f.period_id = g.period_id and f.district_code = g.district_code
    inner join in_force as last_told
        on
            g.plan_id = last_told.plan_id
            and g.district_code = last_told.district_code
            and g.attributes_period_id = last_told.period_id
            and f.submission_id <> last_told.submission_id
    where g.in_register and not g.is_reported
)

select
    t.plan_id,
    t.period_id,
    t.district_code,
    b.community_no,
    b.community_id,
    b.submission_id,
    b.source_sheet,
    b.source_row,
    true as in_register,
    t.is_reported,
    b.body_type,
    b.status,
    {{ holds('p.bodies_counted', 'b.body_type') }}
    and {{ holds('p.counted_statuses', 'b.status') }}
    and (b.established_date is null or b.established_date <= t.as_of) as is_counted,
    coalesce(b.filed_date <= t.as_of, false) as is_filed,
    coalesce({{ on_or_after('b.term_end', 't.as_of') }}, false) as is_in_term,
    b.filed_date,
    b.term_end,
    b.member_count,
    b.party_member_count,
    b.has_seal,
    b.chair_is_party_member,
    b.established_date,
    b.term_start,
    b.reported_to_party,
    b.has_common_revenue,
    b.exit_audited
from span as t
inner join body as b
    on t.submission_id = b.submission_id and coalesce(t.community_id = b.community_id, t.community_id is null)
inner join {{ source('inputs', 'plan') }} as p on t.plan_id = p.plan_id
