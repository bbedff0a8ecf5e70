"""Score and items of every district, worked out by ``pipelines.warehouse.assessment``: one row each, items nested."""


def model(dbt, session):
    """What the assessment asks for, as Polars frames in, one frame out."""
    dbt.config(materialized="table")

    import polars as pl

    from pipelines.warehouse.assessment import AssessmentInputs, assess

    inputs = AssessmentInputs.gathered(
        {
            "run": dbt.source("inputs", "run").pl(),
            "plan": dbt.source("inputs", "plan").pl(),
            "district": dbt.source("inputs", "district").pl(),
            "period": dbt.source("inputs", "period").pl(),
            "indicator": dbt.source("inputs", "indicator").pl(),
            "milestone": dbt.source("inputs", "milestone").pl(),
            "rubric_item": dbt.source("inputs", "rubric_item").pl(),
            "rubric": dbt.source("inputs", "rubric").pl(),
            "assessment_entry": dbt.source("inputs", "assessment_entry").pl(),
            "int_period": dbt.ref("int_period").pl(),
            "fct_indicator": dbt.ref("fct_indicator").pl(),
            "int_duty": dbt.ref("int_duty").pl(),
            "int_commitment": dbt.ref("int_commitment").pl(),
            "int_evidence_subject": dbt.ref("int_evidence_subject").pl(),
            "mart_submission_status": dbt.ref("mart_submission_status").pl(),
            "int_doubt": dbt.ref("int_doubt").pl(),
        }
    )
    items, scores = assess(inputs)
    place = ["plan_id", "district_code"]
    nested = items.group_by(place, maintain_order=True).agg(items=pl.struct(pl.exclude(place)))
    return scores.join(nested, on=place, how="left", maintain_order="left")
