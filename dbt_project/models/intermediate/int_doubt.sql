with warned as (
    select distinct
        i.submission_id,
        i.sheet as source_sheet,
        i.source_row
    from {{ ref('stg_issue') }} as i
    inner join {{ ref('stg_submission') }} as s on i.submission_id = s.submission_id
    where s.is_effective and i.severity = 'warning' and i.answer is null and i.source_row is not null
)

select
    plan_id,
    period_id,
    district_code,
    indicator_id,
    doubtful_in,
    doubtful_out
from (
    {{ doubtful_figures('warned') }}
) as d
