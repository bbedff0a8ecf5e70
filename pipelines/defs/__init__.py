"""Dagster's view of the warehouse: assets, checks, jobs, schedules and sensors. Each calls a package."""
