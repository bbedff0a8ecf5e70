{# A build writes into a file of its own that nobody reads: models are made in place. dbt's own way, under another name
   first and then renamed, would cost each of them half as much again. #}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set made = this.incorporate(type='table') -%}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- call statement('main', language=model['language']) -%}
        {{- create_table_as(False, made, compiled_code, model['language']) -}}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set made = this.incorporate(type='view') -%}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- call statement('main') -%}
        {{- get_create_view_as_sql(made, sql) -}}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}
