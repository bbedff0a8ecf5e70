"""Static pages for officials, made from the published marts alone."""

from pipelines.reporting.pages import build_reports

__all__ = ["build_reports"]
