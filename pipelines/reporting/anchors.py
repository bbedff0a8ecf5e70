"""Where things stand on a page: ids that any page may link to, made one way only."""

from __future__ import annotations

import re


def milestone(milestone_id: str) -> str:
    """A milestone's row: ``m-committee_rate-2025-11-30``."""
    return "m-" + milestone_id.replace("@", "-")


def indicator(indicator_id: str) -> str:
    """An indicator's definition on the page of data and methods: ``i-committee_rate``."""
    return f"i-{indicator_id}"


def clause(number: str) -> str:
    """A clause on the page of data and methods, as plans number them: ``二(四)1`` is ``c-二-四-1``.

    One clause at a time: ``format.clauses`` takes a list of them apart.
    """
    return "c-" + "-".join(re.findall(r"\w+", number))


def rows(indicator_id: str, which: str = "") -> str:
    """The rows behind an indicator on the list of a district: ``f-…`` the figure, ``y-…`` those that count, ``n-…``
    those that don't, ``o-…`` those that are no part of it.
    """
    return f"{which or 'f'}-{indicator_id}"
