-- noqa: disable=RF01
select
    a.plan_id,
    a.district_code,
    i.item.item_id,
    i.item.indicator_id,
    i.item.group_id,
    i.item.group_name,
    i.item.item_name,
    i.item.max_points,
    i.item.points,
    i.item.points_low,
    i.item.points_high,
    i.item.method,
    i.item.method_params,
    i.item.period_id,
    i.item.numerator,
    i.item.denominator,
    i.item.actual,
    i.item.target,
    i.item.unit,
    i.item.status,
    i.item.evidence_count,
    i.item.reason,
    i.item.reason_en,
    i.item.clause,
    i.item.sort_order
from {{ ref('int_assessment') }} as a
{{ each_of('a.items', 'i', 'item') }}
