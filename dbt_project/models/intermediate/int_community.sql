{{ config(materialized='file') }}
-- The register with the attributes of the record in force. A community that its district did not report keeps its last
-- known attributes for the denominators; whoever counts above the line asks for is_reported as well.
with committee as (
    select
        period_id,
        community_no,
        bool_or(is_counted) as has_committee,
        bool_or(is_counted and is_filed and is_in_term) as has_committee_strict,
        bool_or(is_counted and is_in_term) as committee_in_term,
        coalesce(
            max(case when is_counted and body_type = 'owners_committee' then body_type end),
            max(case when is_counted then body_type end)
        ) as committee_type
    from {{ ref('int_committee') }}
    where community_no is not null
    group by period_id, community_no
),

party as (
    select
        l.ledger_no,
        l.community_no,
        bool_or({{ is_party_organisation('p.org_form') }}) as has_party_org,
        bool_or(coalesce(p.org_form in ('own', 'joint', 'grid'), false)) as has_party_branch,
        bool_or(coalesce(p.org_form in ('joint', 'attached', 'grid'), false)) as shares_party_org,
        bool_or(coalesce(p.org_form in ('joint', 'grid'), false)) as shares_party_branch,
        bool_or({{ is_party_work('p.org_form') }}) as has_party_work
    from {{ ref('int_community_reference') }} as l
    inner join {{ ref('stg_party') }} as p on l.record_no = p.record_no
    where l.form = 'party'
    group by l.ledger_no, l.community_no
),

-- What only some plans ask of a community, on a sheet of its own.
special as (
    select
        l.ledger_no,
        l.community_no,
        bool_or(s.has_owners_assembly) as has_owners_assembly,
        max(s.party_activities) as party_activities,
        bool_or(s.common_revenue_disclosed) as common_revenue_disclosed,
        bool_or(s.fee_is_market) as fee_is_market,
        bool_or(s.grid_managed) as grid_managed,
        bool_or(s.enforcement_covered) as enforcement_covered,
        bool_or(s.mediation_covered) as mediation_covered,
        bool_or(s.committee_runs_well) as committee_runs_well,
        bool_or(s.is_improved) as is_improved,
        max(s.old_elevators) as old_elevators,
        max(s.assessed_elevators) as assessed_elevators,
        bool_or(s.item_board_posted) as item_board_posted,
        bool_or(s.consensus_before_listing) as consensus_before_listing,
        bool_or(s.consensus_before_start) as consensus_before_start,
        -- What is left blank is not there; nothing is known where all are blank.
        cast(
            case
                when
                    count(
                        coalesce(
                            s.station_place,
                            s.station_facilities,
                            s.station_sign,
                            s.station_flag,
                            s.station_books,
                            s.station_rules
                        )
                    ) > 0
                    then
                        max(case when s.station_place then 1 else 0 end)
                        + max(case when s.station_facilities then 1 else 0 end)
                        + max(case when s.station_sign then 1 else 0 end)
                        + max(case when s.station_flag then 1 else 0 end)
                        + max(case when s.station_books then 1 else 0 end)
                        + max(case when s.station_rules then 1 else 0 end)
            end as bigint
        ) as station_haves,
        bool_or(s.room_standard_met) as room_standard_met,
        bool_or(s.joint_account) as joint_account,
        bool_or(s.third_party_rating) as third_party_rating,
        bool_or(s.is_model) as is_model
    from {{ ref('int_community_reference') }} as l
    inner join {{ ref('stg_special') }} as s on l.record_no = s.record_no
    where l.form = 'special'
    group by l.ledger_no, l.community_no
)

select
    g.plan_id,
    g.period_id,
    g.district_code,
    g.ledger_no,
    g.community_no,
    g.record_no,
    g.community_id,
    g.community_name,
    g.subdistrict,
    g.in_register,
    g.is_reported,
    g.is_ended,
    g.fate,
    d.is_silent as district_silent,
    d.is_version,
    g.attributes_period_id,
    g.baseline_ids,
    g.submission_id,
    g.source_sheet,
    g.source_row,
    c.unit_type,
    c.property_type,
    c.construction_status,
    g.is_completed,
    case
        when c.delivered_date is null or p.new_build_cutoff is null then coalesce(c.is_new_build, false)
        else {{ on_or_after('c.delivered_date', 'p.new_build_cutoff') }}
    end as is_new_build,
    c.is_old_community,
    case when g.renovation_completed_ever then 'completed' else c.renovation_status end as renovation_status,
    coalesce(c.is_old_community and g.renovation_completed_ever, false)
    or g.renovated_old_ever as is_renovated_old,
    c.renovation_status as reported_renovation_status,
    coalesce(c.is_old_community and c.renovation_status = 'completed', false) as reported_is_renovated_old,
    c.households,
    c.floor_area_sqm,
    c.building_count,
    c.management_mode,
    coalesce(c.management_mode not in ('none', 'unknown'), false) as has_management,
    coalesce(c.management_mode in ('professional_market', 'professional_state'), false)
    and not coalesce(c.lacks_company, false) as is_professional,
    c.company_name,
    c.contract_start,
    c.contract_end,
    c.contract_filed,
    case
        when {{ holds('d.missing_columns', "'community.contract_end'") }} then null
        else
            coalesce(
                {{ on_or_after('c.contract_end', 'd.as_of') }}
                and (c.contract_start is null or c.contract_start <= d.as_of),
                false
            )
    end as has_current_contract,
    c.disclosure_done,
    c.disclosure_date,
    c.fee_standard,
    c.fee_collection_rate,
    case
        when {{ holds('s.forms', "'committee'") }} then coalesce(b.has_committee, false)
        else {{ holds('p.counted_statuses', 'c.committee_status_typed') }}
    end as has_committee,
    case
        when {{ holds('s.forms', "'committee'") }} then coalesce(b.has_committee_strict, false)
    end as has_committee_strict,
    coalesce(b.committee_in_term, false) as committee_in_term,
    b.committee_type,
    -- The list says whether it has a branch of its own; one that it shares with others only the party's sheet tells.
    coalesce(o.shares_party_org, false) or coalesce(c.has_party_branch, o.has_party_org, false) as has_party_org,
    coalesce(o.shares_party_branch, false)
    or coalesce(c.has_party_branch, o.has_party_branch, false) as has_party_branch,
    c.building_steward,
    coalesce(o.has_party_work, c.has_party_branch, false) as has_party_work,
    x.has_owners_assembly,
    x.party_activities,
    x.common_revenue_disclosed,
    x.fee_is_market,
    x.grid_managed,
    x.enforcement_covered,
    x.mediation_covered,
    x.committee_runs_well,
    x.is_improved,
    x.old_elevators,
    x.assessed_elevators,
    x.item_board_posted,
    x.consensus_before_listing,
    x.consensus_before_start,
    x.station_haves,
    x.room_standard_met,
    x.joint_account,
    x.third_party_rating,
    x.is_model
from {{ register_of_ledgers() }} as g
inner join {{ ref('int_ledger') }} as d on g.ledger_no = d.ledger_no
inner join {{ source('inputs', 'plan') }} as p on g.plan_id = p.plan_id
-- The workbook that last told of it: what that one had no sheet for, nobody knows.
left join {{ ref('stg_submission') }} as s on g.submission_id = s.submission_id
left join {{ ref('stg_community') }} as c on g.record_no = c.record_no
left join committee as b on g.period_id = b.period_id and g.community_no = b.community_no
left join party as o on c.ledger_no = o.ledger_no and g.community_no = o.community_no
left join special as x on c.ledger_no = x.ledger_no and g.community_no = x.community_no
