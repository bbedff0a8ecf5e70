-- What stands behind each figure: the rows that are part of one, and where each was read. Which figures those are, and
-- what the row adds to each, is told by the set of figures it is in (mart_figure_set): thousands of rows share one.
select
    r.plan_id,
    r.period_id,
    r.district_code,
    r.entity,
    r.submission_id,
    r.source_sheet,
    r.source_row,
    r.community_id,
    r.row_name,
    r.is_reported,
    r.figure_set,
    r.amounts
from ({{ figure_rows() }}) as r
-- The rows of versions that were replaced have codes of their own.
inner join {{ ref('dim_district') }} as d on r.plan_id = d.plan_id and r.district_code = d.district_code
