-- One link for every sheet that names a community: by its code, else by name and subdistrict, else by name alone.
-- Where the best of these fits several communities the row stays unlinked: nothing is guessed.
with reference as (
    select
        'committee' as form,
        plan_id,
        period_id,
        district_code,
        submission_id,
        source_sheet,
        source_row,
        community_code,
        name_key,
        subdistrict_key
    from {{ ref('stg_committee') }}
    union all
    select
        'party' as form,
        plan_id,
        period_id,
        district_code,
        submission_id,
        source_sheet,
        source_row,
        subject_code as community_code,
        name_key,
        null as subdistrict_key
    from {{ ref('stg_party') }}
    where subject_type = 'community'
    union all
    select
        'satisfaction' as form,
        plan_id,
        period_id,
        district_code,
        submission_id,
        source_sheet,
        source_row,
        community_code,
        name_key,
        null as subdistrict_key
    from {{ ref('stg_satisfaction') }}
    union all
    select
        'special' as form,
        plan_id,
        period_id,
        district_code,
        submission_id,
        source_sheet,
        source_row,
        community_code,
        name_key,
        subdistrict_key
    from {{ ref('stg_special') }}
),

named as (
    select
        g.plan_id,
        g.period_id,
        g.district_code,
        g.community_id,
        c.community_code,
        c.name_key,
        c.subdistrict_key
    from {{ register_of_ledgers() }} as g
    inner join {{ ref('stg_community') }} as c
        on g.submission_id = c.submission_id and g.source_sheet = c.source_sheet and g.source_row = c.source_row
    where not g.is_ended
),

by_code as (
    select
        r.form,
        r.submission_id,
        r.source_sheet,
        r.source_row,
        min(n.community_id) as community_id,
        max(n.community_id) as another_id
    from reference as r
    inner join named as n
        on
            r.plan_id = n.plan_id
            and r.period_id = n.period_id
            and r.district_code = n.district_code
            and r.community_code = n.community_code
    group by r.form, r.submission_id, r.source_sheet, r.source_row
),

by_name as (
    select
        r.form,
        r.submission_id,
        r.source_sheet,
        r.source_row,
        min(n.community_id) as community_id,
        max(n.community_id) as another_id,
        min(case when r.subdistrict_key = n.subdistrict_key then n.community_id end) as nearer_id,
        max(case when r.subdistrict_key = n.subdistrict_key then n.community_id end) as another_nearer_id
    from reference as r
    left join by_code as k
        on
            r.form = k.form
            and r.submission_id = k.submission_id
            and r.source_sheet = k.source_sheet
            and r.source_row = k.source_row
    inner join named as n
        on
            r.plan_id = n.plan_id
            and r.period_id = n.period_id
            and r.district_code = n.district_code
            and r.name_key = n.name_key
    where k.form is null
    group by r.form, r.submission_id, r.source_sheet, r.source_row
)

select
    form,
    submission_id,
    source_sheet,
    source_row,
    community_id
from by_code
where community_id = another_id
union all
select
    form,
    submission_id,
    source_sheet,
    source_row,
    coalesce(nearer_id, community_id) as community_id
from by_name
where coalesce(nearer_id, community_id) = coalesce(another_nearer_id, another_id)
