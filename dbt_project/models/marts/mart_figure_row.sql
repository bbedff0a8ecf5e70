-- What stands behind each figure: the rows of the denominator, what each adds, and where it was read. The rows of a
-- district add up to its audited figure (tests/rows_add_up.sql).
select
    r.plan_id,
    r.period_id,
    r.district_code,
    r.indicator_id,
    r.entity,
    r.submission_id,
    r.source_sheet,
    r.source_row,
    r.community_id,
    r.row_name,
    r.is_reported,
    r.numerator,
    r.denominator
from ({{ figure_rows() }}) as r
-- The rows of versions that were replaced have codes of their own.
inner join {{ ref('dim_district') }} as d on r.plan_id = d.plan_id and r.district_code = d.district_code
