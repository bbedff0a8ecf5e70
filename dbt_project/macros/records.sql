{# Which submission speaks for a form in a period: the district's own where it gave the form, else the last that did.
   Columns: plan_id, period_id, district_code, is_version, seq, as_of, submission_id, is_given (in the period's own
   workbook). #}
{% macro form_in_force(form) -%}
    select
        plan_id,
        period_id,
        district_code,
        is_version,
        seq,
        as_of,
        {{ holds('forms', "'" ~ form ~ "'") }} as is_given,
        {{ last_known(
            "case when " ~ holds('forms', "'" ~ form ~ "'") ~ " then submission_id end",
            'plan_id, district_code', 'seq'
        ) }} as submission_id
    from {{ ref('int_ledger') }}
{%- endmacro %}

{# The four ways in which a party organisation stands for itself. #}
{% macro is_party_organisation(form) -%}
    coalesce({{ form }} in ('own', 'joint', 'attached', 'grid'), false)
{%- endmacro %}

{# Those four, and an instructor or a working group. #}
{% macro is_party_work(form) -%}
    coalesce({{ form }} in ('own', 'joint', 'attached', 'grid', 'instructor', 'working_group'), false)
{%- endmacro %}

{# Who stands in the register, and who stood in the list that a replaced version gave: two tables of one schema. #}
{% macro register_of_ledgers() -%}
    (
        select * from {{ source('inputs', 'register') }}
        union all
        select * from {{ source('inputs', 'register_version') }}
    )
{%- endmacro %}

{# What districts list in the workbooks in force, with all columns of int_community. As a subquery: each use reads the
   columns it needs, where a common table expression is held in memory with those of all. #}
{% macro reported_communities() -%}
    (select * from {{ ref('int_community') }} where is_reported and not is_version)
{%- endmacro %}
