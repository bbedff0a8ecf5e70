select
    plan_id,
    district_code,
    district_name,
    district_name_en,
    short_name,
    parent_code,
    is_pseudo_region,
    tile_column,
    tile_row,
    sort_order
from {{ source('inputs', 'district') }}
