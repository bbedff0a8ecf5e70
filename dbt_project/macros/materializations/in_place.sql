{# A build writes into a folder of its own that nobody reads: models are made in place. dbt's own way, under another name
   first and then renamed, would cost each of them half as much again. #}

{# A published table (one with a contract) is a Parquet file as readers get it, sorted, with a view on it: so it is
   written once. Others are tables of DuckDB's. #}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
        {{ return(parquet_file(checked(get_select_subquery(sql)) ~ ' order by ' ~ order_of(model) | join(', '), 'zstd')) }}
    {%- endif -%}
    {%- set made = this.incorporate(type='table') -%}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- call statement('main', language=model['language']) -%}
        {{- create_table_as(False, made, compiled_code, model['language']) -}}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}

{# Very many rows that only later models read, in the order they come in: DuckDB takes half as long again to write them
   into a table of its own. Not for whole numbers beyond bigint, which Parquet does not have. #}
{% materialization file, adapter='duckdb' %}
    {{ return(parquet_file(sql, 'lz4')) }}
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

{% macro parquet_file(query, compression) %}
    {%- set made = this.incorporate(type='view') -%}
    {%- set path = (adapter.external_root() ~ '/' ~ this.identifier ~ '.parquet') | replace("'", "''") -%}
    {%- set pattern = path | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]') -%}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- call statement('main') -%}
        copy ({{ query }}) to '{{ path }}' (format parquet, compression {{ compression }}, row_group_size 122880);
        create view {{ made }} as from read_parquet('{{ pattern }}')
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [made]}) }}
{% endmacro %}

{# A query whose columns hold what the contract says: null in one that never is fails the model. #}
{% macro checked(query) %}
    {%- set never_null = [] -%}
    {%- for column in model.columns.values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list -%}
        {%- set failure = "error('NOT NULL constraint failed: " ~ this.identifier ~ '.' ~ column.name ~ "')" -%}
        {%- do never_null.append('coalesce(' ~ column.name ~ ', ' ~ failure ~ ') as ' ~ column.name) -%}
    {%- endfor -%}
    select *{% if never_null %} replace ({{ never_null | join(', ') }}){% endif %} from ({{ query }}) as made
{%- endmacro %}

{# The columns that a published table is sorted by: those named as sorted_by in its meta, else its key, from the test on
   it. Either way no two rows are equal. #}
{% macro order_of(model) %}
    {% if model.config.meta.sorted_by %}{{ return(model.config.meta.sorted_by) }}{% endif %}
    {% for node in graph.nodes.values() if node.attached_node == model.unique_id and node.test_metadata.name == 'key' %}
        {{ return(node.test_metadata.kwargs.columns) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error('A published table needs the test key.', model) }}
{% endmacro %}
