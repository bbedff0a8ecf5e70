-- A company's own row says how the party reaches it; the party sheet of the same workbook fills a blank.
-- The same firm in two districts is one: by its credit code, which a row without one borrows from the firm of its name.
with in_force as (
    {{ form_in_force('company') }}
),

party as (
    select
        submission_id,
        subject_code,
        company_key,
        org_form,
        row_number() over (
            partition by submission_id, subject_code order by source_sheet, source_row
        ) as nth_of_code,
        row_number() over (
            partition by submission_id, company_key order by source_sheet, source_row
        ) as nth_of_name
    from {{ ref('stg_party') }}
    where subject_type = 'company' and org_form is not null
),

company as (
    select
        f.plan_id,
        f.period_id,
        f.district_code,
        f.is_given as is_reported,
        not f.is_version as in_register,
        c.submission_id,
        c.source_sheet,
        c.source_row,
        c.company_key,
        c.uscc,
        c.status,
        c.party_member_count,
        coalesce(c.party_org_form, by_code.org_form, by_name.org_form) as party_org_form,
        c.managed_project_count,
        c.managed_area,
        c.employee_count,
        c.annual_revenue,
        c.credit_grade,
        c.ownership_type,
        c.is_brand,
        c.is_model,
        c.head_checked_in,
        c.charter_has_party,
        c.fees_refunded
    from in_force as f
    inner join {{ ref('stg_company') }} as c on f.submission_id = c.submission_id
    left join party as by_code
        on c.submission_id = by_code.submission_id and c.uscc = by_code.subject_code and by_code.nth_of_code = 1
    left join party as by_name
        on c.submission_id = by_name.submission_id and c.company_key = by_name.company_key and by_name.nth_of_name = 1
),

code_of_name as (
    select
        plan_id,
        period_id,
        company_key,
        min(uscc) as uscc
    from company
    where in_register
    group by plan_id, period_id, company_key
    having count(distinct uscc) = 1
)

select
    c.plan_id,
    c.period_id,
    c.district_code,
    coalesce(c.uscc, n.uscc, c.company_key) as company_id,
    c.submission_id,
    c.source_sheet,
    c.source_row,
    c.in_register,
    c.is_reported,
    c.status,
    coalesce(c.status, 'active') = 'active' as is_active,
    c.party_member_count,
    c.party_org_form,
    {{ is_party_organisation('c.party_org_form') }} as has_party_org,
    {{ is_party_work('c.party_org_form') }} as has_party_work_coverage,
    c.managed_project_count,
    c.managed_area as managed_area_sqm,
    c.employee_count,
    c.annual_revenue as annual_revenue_yuan,
    c.credit_grade,
    c.ownership_type,
    c.is_brand,
    c.is_model,
    c.head_checked_in,
    c.charter_has_party,
    c.fees_refunded
from company as c
left join code_of_name as n
    on c.plan_id = n.plan_id and c.period_id = n.period_id and c.company_key = n.company_key
