{# Milestone arithmetic in whole numbers, so that 94.96 is never 95. An observation has
     n, d   numerator and denominator in hundredths (a count has d = 100 × 100, so that its rate is its number)
     t      the target in ten-thousandths
     turn   1 where more is better, -1 where less is
   Every macro is a comparison with all fractions multiplied out. #}

{# How far below the target, times d · 1000000; negative when beyond it. #}
{% macro shortfall(o) -%}
    {{ o }}.turn * ({{ o }}.t * {{ o }}.d - 1000000 * {{ o }}.n)
{%- endmacro %}

{# Whether the target is met; null where nothing is known or there is nothing below the line. #}
{% macro is_reached(o) -%}
    case
        when {{ o }}.n is null or {{ o }}.d = 0 then null
        when {{ o }}.operator in ('gt', 'lt') then {{ shortfall(o) }} < 0
        else {{ shortfall(o) }} <= 0
    end
{%- endmacro %}

{# Whole units still to win: the smallest number that reaches the target. A unit is 100 hundredths. #}
{% macro gap_units(o) -%}
    case
        when {{ shortfall(o) }} < 0 then 0
        when {{ o }}.operator in ('gt', 'lt') then {{ divided_down(shortfall(o), '100000000') }} + 1
        when {{ shortfall(o) }} = 0 then 0
        else {{ divided_up(shortfall(o), '100000000') }}
    end
{%- endmacro %}

{# Whether an observation is no more than ``margin`` ten-thousandths of a point below the straight path from the first
   observation (n0, d0 on first_as_of) to the target on the due date. #}
{% macro is_near_path(o, margin) -%}
    {{ o }}.turn * 1000000 * {{ o }}.n * {{ o }}.d0 * {{ o }}.days_total
    >= {{ o }}.turn * (
        1000000 * {{ o }}.n0 * {{ o }}.d * ({{ o }}.days_total - {{ o }}.days_passed)
        + {{ o }}.t * {{ o }}.d * {{ o }}.d0 * {{ o }}.days_passed
    ) - {{ margin }} * {{ o }}.d * {{ o }}.d0 * {{ o }}.days_total
{%- endmacro %}

{# The day on which the gap is closed when every day brings what a day of the last step brought, counted from the figures'
   own day. A gap of whole units, a step in hundredths over so many days. Null where the step led nowhere, and where it
   would take more than a hundred years. #}
{% macro reached_on(day, gap, step, step_days) -%}
    case
        when {{ step }} > 0 and 100 * {{ gap }} * {{ step_days }} <= 36525 * {{ step }}
            then {{ days_after(day, divided_up('100 * ' ~ gap ~ ' * ' ~ step_days, step)) }}
    end
{%- endmacro %}
