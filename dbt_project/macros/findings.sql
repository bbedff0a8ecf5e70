{# The columns of a finding of a rule about a subject: keys from one relation, the workbook from it or another one, and
   the row where it is about a single row. #}
{% macro finding(rule, subject, observed, compared, keys, workbook=none, at_row=none) -%}
    {{ keys }}.plan_id,
    {{ keys }}.period_id,
    {{ keys }}.district_code,
    '{{ rule }}' as rule_id,
    {{ subject }} as subject,
    cast({{ observed }} as double) as observed,
    cast({{ compared }} as double) as compared_with,
    {{ workbook or keys }}.submission_id,
    {{ at_row ~ '.source_sheet' if at_row else text('null') }} as source_sheet,
    {{ at_row ~ '.source_row' if at_row else 'cast(null as bigint)' }} as source_row
{%- endmacro %}

{# Districts in whose rows one value of a column stands nearly everywhere. `rows`: a relation with ledger_no and the
   column, which a workbook calls `header`. #}
{% macro mostly_one_value(rows, column, header, rule, least=10, share=0.8) -%}
    select {{ finding(rule, "'" ~ header ~ "'", 'v.most', 'v.given', 'd') }}
    from (
        select
            ledger_no,
            max(same) as most,
            sum(same) as given
        from (
            select
                ledger_no,
                count(*) as same
            from {{ rows }} as r
            where {{ column }} is not null
            group by ledger_no, {{ column }}
        ) as u
        group by ledger_no
    ) as v
    inner join {{ ref('int_district_period') }} as d on v.ledger_no = d.ledger_no
    where v.given >= {{ least }} and v.most >= {{ share }} * v.given
{%- endmacro %}

{# A number inside a sentence: whole ones without decimals, others to two places. #}
{% macro in_words(number) -%}
    case
        when {{ number }} = floor({{ number }}) then {{ text('cast(' ~ number ~ ' as bigint)') }}
        else {{ text(amount(number)) }}
    end
{%- endmacro %}

{# A sentence with its two numbers in place. #}
{% macro with_numbers(sentence, a, b) -%}
    replace(replace({{ sentence }}, '{a}', {{ in_words(a) }}), '{b}', {{ in_words(b) }})
{%- endmacro %}

{# The columns of a row that a finding stands on: the finding's key, where the row is, and the value that matters in it,
   which a workbook calls `value_of` (an SQL expression). Rows that weigh less come first. #}
{% macro example(found, at, name, value_of, value, weight='0', before='null') -%}
    {{ found }}.plan_id,
    {{ found }}.period_id,
    {{ found }}.district_code,
    {{ found }}.rule_id,
    {{ found }}.subject,
    cast({{ weight }} as double) as weight,
    {{ name }} as name,
    {{ value_of }} as value_of,
    {{ text(value) }} as value,
    {{ text(before) }} as value_before,
    {{ at }}.district_code as found_in,
    {{ at }}.submission_id,
    {{ at }}.source_sheet,
    {{ at }}.source_row
{%- endmacro %}
