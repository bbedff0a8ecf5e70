select
    plan_id,
    indicator_id,
    indicator_name,
    indicator_name_en,
    kind,
    entity,
    basis,
    unit,
    direction,
    binding,
    clause,
    definition,
    definition_en,
    form,
    is_headline,
    sort_order
from {{ source('inputs', 'indicator') }}
