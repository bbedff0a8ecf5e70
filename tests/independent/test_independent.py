"""Everything published for the Bayannur plan, against a calculation that shares nothing with the product.

Synthetic districts of known truth are sent through the whole way (receive, read, validate, register, dbt, assessment,
publish); every published figure must be what the truth says under the published semantics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.plans.loader import load_plans
from pipelines.samples import histories, write_drops
from tests.conftest import Done
from tests.independent import differences as against
from tests.independent.account import Account
from tests.independent.indicators import all_figures
from tests.independent.points import assess
from tests.independent.progress import milestone_progress, rate_changes, submission_status

PLAN = load_plans()["bayannur_2023_2025"]

WORLDS = [
    pytest.param(8, 1, "2025-12-10T10:00:00", id="small"),
    pytest.param(10, 3, "2024-12-15T10:00:00", id="last-year"),
    pytest.param(15, 5, "2023-12-10T10:00:00", id="first-ledgers", marks=pytest.mark.slow),
    pytest.param(13, 2, "2026-03-10T10:00:00", id="afterwards", marks=pytest.mark.slow),
    pytest.param(None, 2023, "2025-12-10T10:00:00", id="full-size", marks=pytest.mark.slow),
]
"""Communities per district (None: as many as the stories have), seed, and the moment of looking."""


@pytest.mark.parametrize(("communities", "seed", "now"), WORLDS)
def test_every_published_figure(
    communities: int | None, seed: int, now: str, tmp_path: Path, actionplan: Callable[..., Done]
) -> None:
    account = Account(PLAN, list(histories(PLAN, communities=communities, seed=seed)), datetime.fromisoformat(now))
    send(tmp_path, communities, seed, account.now, actionplan)
    marts = against.Marts(tmp_path, PLAN)
    figures, register = all_figures(account)
    items, scores = assess(account, figures)
    found = [
        *against.status_differences(marts, submission_status(account)),
        *against.bridge_differences(marts, register, account),
        *against.figure_differences(marts, account, figures),
        *against.change_differences(marts, rate_changes(account, figures)),
        *against.progress_differences(marts, milestone_progress(account, figures)),
        *against.assessment_differences(marts, items, scores),
    ]
    assert not found, told(found)


def send(root: Path, communities: int | None, seed: int, until: datetime, actionplan: Callable[..., Done]) -> None:
    """Hand in every workbook that had arrived by then, and run."""
    for drop in write_drops(PLAN, root / "sent", communities=communities, seed=seed):
        if drop.received_at <= until:
            sent = actionplan(root, "submit", drop.path, "--received-at", drop.received_at.isoformat())
            assert sent.returncode == 0, sent.stderr
    done = actionplan(root, "run", now=until.isoformat())
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def told(found: list[against.Difference]) -> str:
    """The differences, after a summary of where they are."""
    summary = Counter((d.table, d.what) for d in found)
    head = [f"{count} × {table}.{what}" for (table, what), count in summary.most_common()]
    return "\n".join([f"{len(found)} differences", *head, "", *(str(d) for d in found[:200])])
