-- One link for every sheet that names a community: by its code, else by name and subdistrict, else by name alone.
-- Where the best of these fits several communities the row stays unlinked: nothing is guessed. Of several that hold a
-- code it means the one so named, else the one that the same workbook lists under it.
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
        g.is_reported,
        c.community_code,
        c.name_key,
        c.subdistrict_key
    from {{ register_of_ledgers() }} as g
    inner join {{ ref('stg_community') }} as c on g.record_no = c.record_no
    where not g.is_ended
),

coded as (
    select
        r.form,
        r.record_no,
        r.ledger_no,
        r.name_key,
        r.subdistrict_key,
        n.community_no,
        n.is_reported,
        n.subdistrict_key as held_in,
        r.name_key = n.name_key as is_named
    from reference as r
    inner join named as n on r.ledger_no = n.ledger_no and r.community_code = n.community_code
),

-- With another name and another subdistrict than its holder's a code has been reused (R32) and proves nothing. Where a
-- sheet says no subdistrict, the community that it names does.
reused as (
    select
        c.form,
        c.record_no,
        c.community_no
    from coded as c
    left join named as n on c.subdistrict_key is null and c.ledger_no = n.ledger_no and c.name_key = n.name_key
    where not c.is_named
    group by c.form, c.record_no, c.community_no
    having bool_and(coalesce(c.subdistrict_key, n.subdistrict_key) <> c.held_in)
),

by_code as (
    select
        c.form,
        c.record_no,
        c.ledger_no,
        coalesce(
            min(case when c.is_named then c.community_no end),
            min(case when c.is_reported then c.community_no end),
            min(c.community_no)
        ) as community_no,
        coalesce(
            max(case when c.is_named then c.community_no end),
            max(case when c.is_reported then c.community_no end),
            max(c.community_no)
        ) as another_no
    from coded as c
    left join reused as u
        on c.form = u.form and c.record_no = u.record_no and c.community_no = u.community_no
    where u.form is null
    group by c.form, c.record_no, c.ledger_no
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
