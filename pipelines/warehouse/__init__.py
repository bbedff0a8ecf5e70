"""From records to published tables: the register, dbt, the assessment, publishing."""
