{# What DuckDB and Spark write differently. Models use these words only, so another engine needs another version of this file. #}

{# Whether a list holds a value; an absent list holds nothing. #}
{% macro holds(list, value) -%}
    coalesce(array_contains({{ list }}, {{ value }}), false)
{%- endmacro %}

{# One row per element of a list: stands after a from clause. #}
{% macro each_of(list, alias, column) -%}
    cross join unnest({{ list }}) as {{ alias }} ({{ column }})
{%- endmacro %}

{# The same inside a select list: cheaper where rows are many and all of them are wanted. #}
{% macro each_element(list) -%}
    unnest({{ list }})
{%- endmacro %}

{# The parts of a text, as a list. #}
{% macro split(text, separator) -%}
    string_split({{ text }}, '{{ separator }}')
{%- endmacro %}

{# Days from one day to another. #}
{% macro days_between(start, end) -%}
    date_diff('day', {{ start }}, {{ end }})
{%- endmacro %}

{# So many days after a day. #}
{% macro days_after(day, days) -%}
    {{ day }} + cast({{ days }} as integer)
{%- endmacro %}

{# The same in months of 30.4375 days. #}
{% macro months_between(start, end) -%}
    {{ days_between(start, end) }} / 30.4375
{%- endmacro %}

{# The first day of the day's year, month or decade, so that it compares with a date known no closer. #}
{% macro floor_to(day, precision) -%}
    case {{ precision }}
        when 'month' then cast(date_trunc('month', {{ day }}) as date)
        when 'year' then cast(date_trunc('year', {{ day }}) as date)
        when 'decade' then cast(date_trunc('decade', {{ day }}) as date)
        else {{ day }}
    end
{%- endmacro %}

{# On or after a day, compared at the precision the date is known to. "On or before" needs no help: a coarse date is
   stored as its first day. #}
{% macro on_or_after(column, day) -%}
    {{ column }} >= {{ floor_to(day, column ~ '_precision') }}
{%- endmacro %}

{# The value of the row, else that of the nearest earlier row that has one. #}
{% macro last_known(value, partition, order) -%}
    last_value({{ value }} ignore nulls) over (partition by {{ partition }} order by {{ order }} rows unbounded preceding)
{%- endmacro %}

{# The nearest value before the row that is not null. #}
{% macro last_known_before(value, partition, order) -%}
    last_value({{ value }} ignore nulls) over (
        partition by {{ partition }} order by {{ order }} rows between unbounded preceding and 1 preceding
    )
{%- endmacro %}

{# Of the rows so far in the order of a window, a value of the one where another is greatest. #}
{% macro at_greatest(value, by, partition, order) -%}
    max_by({{ value }}, {{ by }}) over (partition by {{ partition }} order by {{ order }} rows unbounded preceding)
{%- endmacro %}

{# A value as text. #}
{% macro text(value) -%}
    cast({{ value }} as varchar)
{%- endmacro %}

{# Numbers and ㎡ as every figure has them. #}
{% macro amount(value) -%}
    cast({{ value }} as decimal(18, 2))
{%- endmacro %}

{# A whole number wide enough for the products of exact comparisons (37 digits). #}
{% macro whole(value) -%}
    cast({{ value }} as hugeint)
{%- endmacro %}

{# The smallest whole number not below a / b, for a >= 0 and b > 0. #}
{% macro divided_up(a, b) -%}
    ({{ a }} + {{ b }} - 1) // {{ b }}
{%- endmacro %}

{# The largest whole number not above a / b, for a >= 0 and b > 0. #}
{% macro divided_down(a, b) -%}
    {{ a }} // {{ b }}
{%- endmacro %}

{# Whether an SQL text names a column. #}
{% macro names_column(text, column) -%}
    regexp_matches({{ text }}, concat('\b', {{ column }}, '\b'))
{%- endmacro %}

{# The texts of a group in one, in an order. #}
{% macro joined(text, separator, order) -%}
    string_agg({{ text }}, '{{ separator }}' order by {{ order }})
{%- endmacro %}

{# How many elements a list has. #}
{% macro length_of(list) -%}
    coalesce(len({{ list }}), 0)
{%- endmacro %}

{# The nth element of a list, null where there is none. #}
{% macro nth_of(list, nth) -%}
    list_extract({{ list }}, {{ nth }})
{%- endmacro %}

{# The nth character of a text. #}
{% macro nth_character(text, nth) -%}
    substr({{ text }}, {{ nth }}, 1)
{%- endmacro %}

{# The nth part of a text. #}
{% macro part_of(text, separator, nth) -%}
    split_part({{ text }}, '{{ separator }}', {{ nth }})
{%- endmacro %}

{# The year, quarter and month of a day, as plans write them: 2024, 2024-Q1, 2024-01. #}
{% macro moments_of(day) -%}
    [
        strftime({{ day }}, '%Y'),
        concat(strftime({{ day }}, '%Y'), '-Q', extract(quarter from {{ day }})),
        strftime({{ day }}, '%Y-%m')
    ]
{%- endmacro %}
