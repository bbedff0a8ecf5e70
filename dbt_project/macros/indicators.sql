{# The indicator engine. Conditions and sums of a plan's indicators are data (inputs.indicator, inputs.indicator_basis):
   they are read when a model runs, so a new indicator is a row and never a model. Each entity relation int_<entity> has
   the columns its conditions may use, and
     in_register   the row counts in audited figures
     is_reported   the row is in the district's own workbook of the period (only such rows count above the line)
   The rows of a version that was replaced stand among them under a district code of its own (int_ledger): reported
   figures of it come out by the way, nothing else is asked for, and the whole area leaves it out.
   Everything an entity's indicators need is added up in one pass over its rows per plan and variant. #}

{# Entities, and for those whose rows may be one thing in several districts the column that tells. #}
{% macro entities() %}
    {{ return({
        'community': none, 'committee': none, 'company': 'company_id', 'survey': none, 'subdistrict': none,
        'neighbourhood': none, 'dispute': none, 'inspection': none, 'credit': none, 'task': none, 'party': none,
        'meeting': none, 'evidence': none, 'member': none, 'showcase': none, 'commitment': none, 'occasion': none,
    }) }}
{% endmacro %}

{# The indicators of the plans that have received anything: [{plan_id, entity, indicator_id, denominator, numerator,
   strict, basis, above, below, is_main, has_milestone}], one per basis. Empty while dbt only parses. #}
{% macro indicator_definitions() %}
    {% set query =
        "select i.plan_id, i.entity, i.indicator_id, i.denominator_sql, i.numerator_sql, i.strict_numerator_sql, b.basis, "
        ~ "b.numerator_measure_sql, b.denominator_measure_sql, b.is_main, exists (select 1 from " ~ source('inputs', 'milestone')
        ~ " as m where m.plan_id = i.plan_id and m.indicator_id = i.indicator_id) from " ~ source('inputs', 'indicator') ~ " as i join "
        ~ source('inputs', 'indicator_basis') ~ " as b using (plan_id, indicator_id) where i.plan_id in (select plan_id from "
        ~ ref('int_period') ~ " where is_active) and " ~ length_of('i.pools') ~ " = 0 order by i.plan_id, i.sort_order, b.is_main desc, b.basis"
    %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% set found = [] %}
    {% for r in run_query(query) %}
        {% do found.append({
            'plan_id': r[0], 'entity': r[1], 'indicator_id': r[2], 'denominator': r[3], 'numerator': r[4], 'strict': r[5],
            'basis': r[6], 'above': r[7], 'below': r[8], 'is_main': r[9], 'has_milestone': r[10],
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Every figure of every indicator before the question whether it is known: plan_id, period_id, district_code,
   indicator_id, basis, variant, numerator, denominator, is_answered (null where the rows can't tell). #}
{% macro all_figures() %}
    {% do depend_on(entities().keys()) %}
    {% do ref('int_first_list') %}
    {% set definitions = indicator_definitions() %}
    {% set parts = [] %}
    {% for entity, shared in entities().items() %}
        {% set plans = definitions | selectattr('entity', 'equalto', entity) | groupby('plan_id') %}
        {% for plan_id, bases in plans %}
            {% do parts.append(figures(entity, 'audited', bases)) %}
            {% do parts.append(figures(entity, 'reported', bases)) %}
            {% set strict = bases | selectattr('strict') | list %}
            {% if strict %}{% do parts.append(figures(entity, 'strict', strict)) %}{% endif %}
            {% if entity == 'community' %}{% do parts.append(figures(entity, 'frozen_baseline', bases)) %}{% endif %}
            {% if shared %}
                {% do parts.append(figures(entity, 'audited', bases, shared)) %}
                {% do parts.append(figures(entity, 'reported', bases, shared)) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(parts | join('\nunion all\n') if parts else no_figures()) }}
{% endmacro %}

{# The columns of figures, and no row: what a plan without a workbook comes to. #}
{% macro no_figures() %}
    {{ return("select cast(null as varchar) as plan_id, cast(null as varchar) as period_id, cast(null as varchar) as district_code, "
        ~ "cast(null as varchar) as indicator_id, cast(null as varchar) as basis, cast(null as varchar) as variant, "
        ~ "cast(null as decimal(18, 2)) as numerator, cast(null as decimal(18, 2)) as denominator, "
        ~ "cast(null as boolean) as is_answered where false") }}
{% endmacro %}

{# Tells dbt, while it parses, which entities a model reads once it runs. #}
{% macro depend_on(entities) %}
    {% for entity in entities %}{% do ref('int_' ~ entity) %}{% endfor %}
{% endmacro %}

{# The rows a variant looks at. #}
{% macro rows_of(entity, variant) %}
    {% set rows = ref('int_' ~ entity) %}
    {% if entity == 'community' and variant == 'reported' %}
        {{ return("(select * replace (reported_renovation_status as renovation_status, reported_is_renovated_old as is_renovated_old) from "
            ~ rows ~ " where not is_ended)") }}
    {% elif variant == 'frozen_baseline' %}
        {# Each community of the first list behind the one that stands for it now, with its own weight. #}
        {{ return("(select c.* replace (f.households as households, f.floor_area_sqm as floor_area_sqm) from (select *, "
            ~ each_element('baseline_ids') ~ " as baseline_id from " ~ rows ~ ") as c join " ~ ref('int_first_list')
            ~ " as f on f.plan_id = c.plan_id and f.community_id = c.baseline_id)") }}
    {% else %}
        {{ return(rows) }}
    {% endif %}
{% endmacro %}

{# The figures of one plan's indicators of an entity in one variant, per district; with ``shared`` for the whole plan,
   where rows with the same value there are one thing, above the line if any of them is. #}
{% macro figures(entity, variant, bases, shared=none) %}
    {% set plan_id = bases[0].plan_id %}
    {% set place = "'ALL'" if shared else 'district_code' %}
    {% set by_row = entity in ('commitment', 'occasion') %}
    {# Without a row that was reported nothing is known, as int_indicator has it; what a row weighs does not matter. #}
    {% set needs_rows = by_row or entity == 'survey' %}
    {% set indicators = bases | groupby('indicator_id') %}
    {% set sums = [] %}
    {% for b in bases %}
        {% for sum in (b.above, b.below) if sum not in sums %}{% do sums.append(sum) %}{% endfor %}
    {% endfor %}

    {% set flags, alike_in, merged, totals, figures = [], ['is_reported'] if needs_rows else [], [], [], [] %}
    {% for indicator_id, own in indicators %}
        {% set n = loop.index %}
        {% set condition = own[0].denominator or 'true' %}
        {% set counted = own[0].strict if variant == 'strict' else own[0].numerator %}
        {% set mine = " and indicator_id = '" ~ indicator_id ~ "'" if by_row else '' %}
        {% do flags.append("(" ~ condition ~ ")" ~ mine ~ " as d" ~ n) %}
        {% do flags.append("(" ~ condition ~ ")" ~ mine ~ " and is_reported and (" ~ counted ~ ") as n" ~ n) %}
        {% do merged.append("bool_or(d" ~ n ~ ") as d" ~ n) %}
        {% do merged.append("bool_or(n" ~ n ~ ") as n" ~ n) %}
        {% do alike_in.extend(['d' ~ n, 'n' ~ n]) %}
        {% set answered = 'cast(null as boolean)' %}
        {% if variant == 'strict' %}
            {# A strict condition is null where the workbook can't tell; told of nothing that counts it is unknown. #}
            {% do flags.append("case when (" ~ condition ~ ") and is_reported and (" ~ own[0].numerator ~ ") then (" ~ counted
                ~ ") is not null end as a" ~ n) %}
            {% do alike_in.append('a' ~ n) %}
            {% do totals.append("bool_or(a" ~ n ~ ") as a" ~ n) %}
            {% set answered = 'coalesce(a' ~ n ~ ', true)' %}
        {% elif needs_rows %}
            {% do totals.append("bool_and(is_reported) filter (where d" ~ n ~ ") as a" ~ n) %}
            {% set answered = 'coalesce(a' ~ n ~ ', false)' %}
        {% endif %}
        {% for b in own %}
            {% set m = loop.index %}
            {% do totals.append(total('n' ~ n, sums.index(b.above), b.above) ~ " as n" ~ n ~ "_" ~ m) %}
            {% do totals.append(total('d' ~ n, sums.index(b.below), b.below) ~ " as d" ~ n ~ "_" ~ m) %}
            {% do figures.append(
                "{'indicator_id': '" ~ indicator_id ~ "', 'basis': '" ~ b.basis ~ "', 'numerator': n" ~ n ~ "_" ~ m
                ~ ", 'denominator': " ~ ('d' ~ n ~ '_' ~ m if b.denominator else 'null::decimal(18, 2)')
                ~ ", 'is_answered': " ~ answered ~ "}"
            ) %}
        {% endfor %}
    {% endfor %}

    {% set measured, most, added = [], [], [] %}
    {% for sum in sums if sum != '1' %}
        {% set m = 'm' ~ sums.index(sum) %}
        {% do measured.append("(" ~ sum ~ ") as " ~ m) %}
        {% do most.append("max(" ~ m ~ ") as " ~ m) %}
        {% do added.append("sum(" ~ m ~ ") as " ~ m) %}
    {% endfor %}
    {# Thousands of rows count alike: they are put together first, and what is left is added up for each figure. #}
    {% set sql %}
select plan_id, period_id, district_code, figure.indicator_id, figure.basis, '{{ variant }}' as variant,
    figure.numerator, figure.denominator, figure.is_answered
from (
    select '{{ plan_id }}' as plan_id, period_id, district_code, {{ totals | join(', ') }}
    from (
        select period_id, {{ place }} as district_code, {{ (alike_in + ['count(*) as alike'] + added) | join(', ') }}
        from (
            {% if shared %}
            select period_id, {{ (merged + most) | join(', ') }}
            from (
            {% endif %}
            select period_id, district_code, is_reported, {{ shared ~ ', ' if shared else '' }}{{ (flags + measured) | join(', ') }}
            from {{ rows_of(entity, variant) }}
            where plan_id = '{{ plan_id }}' and {{ 'in_register' if variant != 'reported' else 'is_reported and in_register' if shared else 'is_reported' }}
            {% if shared %}) group by period_id, {{ shared }}{% endif %}
        )
        group by all
    )
    group by all
)
cross join unnest([{{ figures | join(', ') }}]) as u (figure)
    {% endset %}
    {{ return(sql) }}
{% endmacro %}

{# One sum over the rows a flag selects. #}
{% macro total(flag, nth, expression) %}
    {{ return(amount("coalesce(sum(" ~ ('alike' if expression == '1' else 'm' ~ nth) ~ ") filter (where " ~ flag ~ "), 0)")) }}
{% endmacro %}

{# Communities that are not, or not wholly, above the line of a rate, for each with a milestone. #}
{% macro uncovered_communities() %}
    {% do depend_on(['community']) %}
    {% set parts = [] %}
    {% for d in indicator_definitions() if d.entity == 'community' and d.denominator and d.is_main and d.has_milestone %}
        {% do parts.append(uncovered(d)) %}
    {% endfor %}
    {{ return(parts | join('\nunion all\n') if parts else
        "select cast(null as varchar) as plan_id, cast(null as varchar) as period_id, cast(null as varchar) as district_code, "
        ~ "cast(null as bigint) as ledger_no, cast(null as bigint) as community_no, cast(null as varchar) as community_id, "
        ~ "cast(null as varchar) as indicator_id, cast(null as boolean) as is_reported, "
        ~ "cast(null as bigint) as households, cast(null as decimal(18, 2)) as units where false"
    ) }}
{% endmacro %}

{# Those of one rate: plan_id, period_id, district_code, ledger_no, community_no, community_id, indicator_id,
   is_reported, households, units (what is below the line of it and not above, on the main basis). #}
{% macro uncovered(d) %}
    {% set counts = "coalesce(is_reported and (" ~ d.numerator ~ "), false)" %}
    {% set lacks = "coalesce(" ~ d.below ~ ", 0) - case when " ~ counts ~ " then coalesce(" ~ d.above ~ ", 0) else 0 end" %}
    {% set sql %}
select plan_id, period_id, district_code, ledger_no, community_no, community_id, '{{ d.indicator_id }}' as indicator_id,
    is_reported, coalesce(households, 0) as households, {{ amount(lacks) }} as units
from {{ ref('int_community') }}
where plan_id = '{{ d.plan_id }}' and in_register and not district_silent and ({{ d.denominator }})
    {# Where the same is added above and below, whoever counts above counts wholly. #}
    and {{ 'not ' ~ counts if d.above == d.below else lacks ~ ' > 0' }}
    {% endset %}
    {{ return(sql) }}
{% endmacro %}

{# Units of the main basis whose rows carry a warning nobody has answered, above the line and below it only: plan_id,
   period_id, district_code, indicator_id, doubtful_in, doubtful_out. For the entities whose figures rest on single rows. #}
{% macro doubtful_figures(warned) %}
    {% set kinds = ['community', 'committee', 'company', 'survey', 'subdistrict'] %}
    {% do depend_on(kinds) %}
    {% set parts = [] %}
    {% for d in indicator_definitions() if d.entity in kinds and d.denominator and d.is_main %}
        {% set sql %}
select plan_id, period_id, district_code, '{{ d.indicator_id }}' as indicator_id,
    {{ amount('coalesce(sum(' ~ d.above ~ ') filter (where is_in), 0)') }} as doubtful_in,
    {{ amount('coalesce(sum(' ~ d.below ~ ') filter (where not is_in), 0)') }} as doubtful_out
from (
    select e.*, coalesce({{ d.numerator }}, false) as is_in
    from {{ ref('int_' ~ d.entity) }} as e
    inner join {{ warned }} as w using (submission_id, source_sheet, source_row)
    where e.plan_id = '{{ d.plan_id }}' and e.in_register and e.is_reported and ({{ d.denominator }})
)
group by plan_id, period_id, district_code
        {% endset %}
        {% do parts.append(sql) %}
    {% endfor %}
    {{ return(parts | join('\nunion all\n') if parts else
        "select cast(null as varchar) as plan_id, cast(null as varchar) as period_id, cast(null as varchar) as district_code, "
        ~ "cast(null as varchar) as indicator_id, cast(null as decimal(18, 2)) as doubtful_in, cast(null as decimal(18, 2)) as doubtful_out where false"
    ) }}
{% endmacro %}

{# The audited figures on their main basis by the kind of row they rest on: [{plan_id, entity, figures, amounts}].
   `amounts`: the sums that are not just the number of rows, as SQL expressions. Duties are not among them. #}
{% macro figures_of_rows() %}
    {% set kinds = entities().keys() | reject('in', ['commitment', 'occasion']) | list %}
    {% set found = [] %}
    {% for plan_id, own in indicator_definitions() | selectattr('is_main') | selectattr('entity', 'in', kinds) | groupby('plan_id') %}
        {% for entity, figures in own | groupby('entity') %}
            {% set amounts = [] %}
            {% for d in figures %}
                {% for sum in (d.above, d.below if d.denominator) if sum and sum != '1' and sum not in amounts %}{% do amounts.append(sum) %}{% endfor %}
            {% endfor %}
            {% do found.append({'plan_id': plan_id, 'entity': entity, 'figures': figures, 'amounts': amounts}) %}
        {% endfor %}
    {% endfor %}
    {% do depend_on(kinds) %}
    {{ return(found) }}
{% endmacro %}

{# The rows behind those figures, once each: plan_id, period_id, district_code, entity, submission_id, source_sheet,
   source_row, community_id, row_name, is_reported, figure_set (figure_sets), amounts (null where no figure needs them). #}
{% macro figure_rows() %}
    {# Where a row's name stands: the staging model of its form and the column. A person has none; a community's is told
       by fct_community_status. #}
    {% set names = {
        'company': ('stg_company', 'company_name'), 'subdistrict': ('stg_subdistrict', 'subdistrict'),
        'neighbourhood': ('stg_neighbourhood', 'neighbourhood'),
    } %}
    {% do ref('stg_mechanism') %}
    {% for model, _ in names.values() %}{% do ref(model) %}{% endfor %}
    {% set parts = [] %}
    {% for kind in figures_of_rows() %}
        {% set name = names.get(kind.entity) %}
        {% set flags, digits, is_part, is_measured = [], [], [], [] %}
        {% for d in kind.figures %}
            {% set n = loop.index %}
            {% set counts = "is_reported and (" ~ d.numerator ~ ")" %}
            {% do flags.append("(" ~ (d.denominator or counts) ~ ") as d" ~ n) %}
            {% do flags.append("(" ~ (d.denominator or 'true') ~ ") and " ~ counts ~ " as n" ~ n) %}
            {% do digits.append("case when e.n" ~ n ~ " then '2' when e.d" ~ n ~ " then '1' else '0' end") %}
            {% do is_part.append("e.d" ~ n) %}
            {% if d.above in kind.amounts or (d.denominator and d.below in kind.amounts) %}{% do is_measured.append("e.d" ~ n) %}{% endif %}
        {% endfor %}
        {% set measured, amounts = [], [] %}
        {% for sum in kind.amounts %}
            {% do measured.append("(" ~ sum ~ ") as m" ~ loop.index) %}
            {% do amounts.append(amount('coalesce(e.m' ~ loop.index ~ ', 0)')) %}
        {% endfor %}
        {% set sql %}
select e.plan_id, e.period_id, e.district_code, '{{ kind.entity }}' as entity, e.submission_id, e.source_sheet, e.source_row,
    {{ 'e.community_id' if kind.entity in ('community', 'committee') else text('null') }} as community_id,
    {{ 'c.community_name' if kind.entity == 'committee' else 'n.' ~ name[1] if name else text('null') }} as row_name,
    e.is_reported, concat({{ digits | join(', ') }}) as figure_set,
    {{ 'case when ' ~ is_measured | join(' or ') ~ ' then [' ~ amounts | join(', ') ~ '] end' if amounts
        else 'cast(null as decimal(18, 2)[])' }} as amounts
from (
    select *, {{ (flags + measured) | join(', ') }}
    from {{ ref('int_' ~ kind.entity) }}
    where plan_id = '{{ kind.plan_id }}' and in_register
) as e
        {% if kind.entity == 'committee' %}
left join {{ ref('int_community') }} as c on e.period_id = c.period_id and e.community_no = c.community_no
        {% elif name %}
left join {{ ref(name[0]) }} as n on e.submission_id = n.submission_id and e.source_sheet = n.source_sheet and e.source_row = n.source_row
        {% endif %}
where {{ is_part | join(' or ') }}
        {% endset %}
        {% do parts.append(sql) %}
    {% endfor %}
    {# What a ledger says of a duty. #}
    {% set sql %}
select d.plan_id, d.period_id, d.district_code, 'mechanism' as entity, m.submission_id, m.source_sheet, m.source_row,
    {{ text('null') }} as community_id, coalesce(m.document_name, m.document_no) as row_name, true as is_reported,
    m.indicator_id as figure_set, cast(null as decimal(18, 2)[]) as amounts
from {{ ref('int_district_period') }} as d
inner join {{ ref('stg_mechanism') }} as m on d.submission_id = m.submission_id
where m.indicator_id is not null
    {% endset %}
    {% do parts.append(sql) %}
    {{ return(parts | join('\nunion all\n')) }}
{% endmacro %}

{# What each digit of a set of figures stands for: plan_id, entity, nth, indicator_id, is_rate, numerator_at,
   denominator_at (which of a row's amounts is added; null: the row itself). #}
{% macro figures_in_sets() %}
    {% set parts = [] %}
    {% for kind in figures_of_rows() %}
        {% for d in kind.figures %}
            {% set at = [] %}
            {% for sum in (d.above, d.below if d.denominator) %}
                {% do at.append("cast(" ~ (kind.amounts.index(sum) + 1 if sum in kind.amounts else 'null') ~ " as bigint)") %}
            {% endfor %}
            {% do parts.append("select '" ~ kind.plan_id ~ "' as plan_id, '" ~ kind.entity ~ "' as entity, " ~ loop.index ~ " as nth, '"
                ~ d.indicator_id ~ "' as indicator_id, " ~ ('true' if d.denominator else 'false') ~ " as is_rate, "
                ~ at[0] ~ " as numerator_at, " ~ at[1] ~ " as denominator_at") %}
        {% endfor %}
    {% endfor %}
    {{ return(parts | join('\nunion all\n') if parts else
        "select cast(null as varchar) as plan_id, cast(null as varchar) as entity, cast(null as bigint) as nth, "
        ~ "cast(null as varchar) as indicator_id, cast(null as boolean) as is_rate, cast(null as bigint) as numerator_at, "
        ~ "cast(null as bigint) as denominator_at where false"
    ) }}
{% endmacro %}
