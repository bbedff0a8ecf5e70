-- A company's place on the red and black list is that of its last rating in the workbook; a blank is no place on it.
with listed as (
    select
        submission_id,
        company_key,
        list_flag,
        row_number() over (
            partition by submission_id, company_key
            order by rating_year desc, list_flag is null asc, source_sheet asc, source_row asc
        ) as nth
    from {{ ref('int_credit') }}
    where company_key is not null
)

select
    i.plan_id,
    i.period_id,
    i.district_code,
    i.submission_id,
    i.source_sheet,
    i.source_row,
    true as in_register,
    true as is_reported,
    i.date,
    i.type,
    coalesce(i.type = 'double_random', false) as is_double_random,
    l.list_flag as company_list_flag,
    i.problems,
    i.rectified
from {{ ref('stg_inspection') }} as i
left join listed as l on i.submission_id = l.submission_id and i.company_key = l.company_key and l.nth = 1
