-- One link for every sheet that names a community: by its code, else by name and subdistrict, else by name alone.
-- Where the best of these fits several communities the row stays unlinked: nothing is guessed.
with reference as (
    select
        'committee' as form,
        record_no,
        ledger_no,
        community_code,
        name_key,
        subdistrict_key
    from {{ ref('stg_committee') }}
    union all
    select
        'party' as form,
        record_no,
        ledger_no,
        subject_code as community_code,
        name_key,
        null as subdistrict_key
    from {{ ref('stg_party') }}
    where subject_type = 'community'
    union all
    select
        'satisfaction' as form,
        record_no,
        ledger_no,
        community_code,
        name_key,
        null as subdistrict_key
    from {{ ref('stg_satisfaction') }}
    union all
    select
        'special' as form,
        record_no,
        ledger_no,
        community_code,
        name_key,
        subdistrict_key
    from {{ ref('stg_special') }}
),

named as (
    select
        g.ledger_no,
        g.community_no,
        g.community_id,
        c.community_code,
        c.name_key,
        c.subdistrict_key
    from {{ register_of_ledgers() }} as g
    inner join {{ ref('stg_community') }} as c on g.record_no = c.record_no
    where not g.is_ended
),

by_code as (
    select
        r.form,
        r.record_no,
        r.ledger_no,
        min(n.community_no) as community_no,
        max(n.community_no) as another_no
    from reference as r
    inner join named as n on r.ledger_no = n.ledger_no and r.community_code = n.community_code
    group by r.form, r.record_no, r.ledger_no
),

by_name as (
    select
        r.form,
        r.record_no,
        r.ledger_no,
        min(n.community_no) as community_no,
        max(n.community_no) as another_no,
        min(case when r.subdistrict_key = n.subdistrict_key then n.community_no end) as nearer_no,
        max(case when r.subdistrict_key = n.subdistrict_key then n.community_no end) as another_nearer_no
    from reference as r
    left join by_code as k on r.form = k.form and r.record_no = k.record_no
    inner join named as n on r.ledger_no = n.ledger_no and r.name_key = n.name_key
    where k.form is null
    group by r.form, r.record_no, r.ledger_no
),

meant as (
    select
        form,
        record_no,
        ledger_no,
        community_no
    from by_code
    where community_no = another_no
    union all
    select
        form,
        record_no,
        ledger_no,
        coalesce(nearer_no, community_no) as community_no
    from by_name
    where coalesce(nearer_no, community_no) = coalesce(another_nearer_no, another_no)
)

select
    m.form,
    m.record_no,
    m.ledger_no,
    m.community_no,
    n.community_id
from meant as m
inner join named as n on m.ledger_no = n.ledger_no and m.community_no = n.community_no
