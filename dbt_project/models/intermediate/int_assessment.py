"""Score and items of every district, worked out by ``pipelines.warehouse.assessment``: one row each, items nested."""


def model(dbt, session):
    """What the assessment asks for, as Polars frames in, one frame out."""
    dbt.config(materialized="table")

    import polars as pl

    from pipelines.warehouse.assessment import AssessmentInputs, assess

    run = dbt.source("inputs", "run").pl()
    active = dbt.ref("int_period").pl().filter("is_active").select("plan_id").unique()

    def of_active_plans(relation) -> pl.DataFrame:
        return relation.pl().join(active, on="plan_id", how="semi", maintain_order="left")

    evidence = dbt.ref("int_evidence_subject").pl()
    figures = dbt.ref("fct_indicator").pl()
    inputs = AssessmentInputs.of(
        run["known_at"].fill_null(run["now"])[0],
        plan=of_active_plans(dbt.source("inputs", "plan")),
        district=of_active_plans(dbt.source("inputs", "district")),
        period=of_active_plans(dbt.source("inputs", "period")),
        indicator=of_active_plans(dbt.source("inputs", "indicator")),
        milestone=of_active_plans(dbt.source("inputs", "milestone")),
        rubric_item=of_active_plans(dbt.source("inputs", "rubric_item")),
        rubric=of_active_plans(dbt.source("inputs", "rubric")),
        indicator_value=figures.filter(pl.col("is_main") & (pl.col("district_code") != "ALL")),
        occasion=of_active_plans(dbt.ref("int_duty")),
        commitment=of_active_plans(dbt.ref("int_commitment")),
        evidence=evidence.group_by("plan_id", "district_code", "subject_id").agg(evidence_count=pl.len()),
        submission_status=of_active_plans(dbt.ref("mart_submission_status")),
        doubt=of_active_plans(dbt.ref("int_doubt")),
        assessment_entry=of_active_plans(dbt.source("inputs", "assessment_entry")),
    )
    items, scores = assess(inputs)
    place = ["plan_id", "district_code"]
    nested = items.group_by(place, maintain_order=True).agg(items=pl.struct(pl.exclude(place)))
    return scores.join(nested, on=place, how="left", maintain_order="left")
