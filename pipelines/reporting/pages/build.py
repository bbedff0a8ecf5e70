"""Writing the pages: which plans, which languages, and each file replaced whole."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

from pipelines.reporting import data
from pipelines.reporting.exports import FOLDER, TABLES, Downloads
from pipelines.reporting.files import put
from pipelines.reporting.marts import Marts
from pipelines.reporting.messages import LANGUAGES, catalogue
from pipelines.reporting.pages import assessment, city, district, intake, register
from pipelines.reporting.pages.site import Site
from pipelines.settings import Workspace

ASSETS = Path(__file__).parent.parent / "assets"
PAGES = (district.pages, assessment.pages, intake.pages, register.pages, city.pages)
"""What makes pages, the city's page last: when it is new, everything it leads to is."""


def build_reports(
    ws: Workspace,
    plan_id: str | None = None,
    lang: str = "zh",
    marts_dir: Path | None = None,
    out: Path | None = None,
    known_on: date | None = None,
) -> list[Path]:
    """Write the pages of one plan, or of every plan that has received a workbook; returns the pages' paths.

    Chinese pages go to ``<out>/<plan>/``, English ones to ``<out>/<plan>/en/``, and what they offer for download to
    ``downloads/`` beside them (of a past day without receipts, which tell what is known now). A language that was built
    before is built again along with the one asked for, so that no page is older than its sibling. Files are replaced
    one by one, each whole; what no longer belongs to the plan is removed. ``known_on``: the marts are as known on that
    past day, and every page says so. Raises ValueError for an unknown language or plan.
    """
    catalogue(lang)
    out = out or ws.reports
    written: list[Path] = []
    with Marts(marts_dir or ws.marts) as marts:
        plans = list(marts.plans(plan_id))
        if plan_id and not plans:
            raise ValueError(f"no plan {plan_id!r} in the published tables")
        _write_assets(out / "assets")
        for plan in plans:
            facts = data.load(marts, plan, known_on)
            folder = out / plan.plan_id
            languages = [code for code in LANGUAGES if code == lang or (_home(folder, code) / "index.html").is_file()]
            # What pages lead to is there before them.
            Downloads(facts, "zh").write_tables(folder / FOLDER / TABLES)
            for code in languages:
                Downloads(facts, code).write(_home(folder, code) / FOLDER, ws.receipts if known_on is None else None)
                written += _write(Site(facts, code, languages), _home(folder, code))
    return written


def _home(folder: Path, lang: str) -> Path:
    return folder if lang == "zh" else folder / lang


def _write(site: Site, folder: Path) -> list[Path]:
    """Write every page into a folder and remove pages of earlier builds that are no longer made."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (page for pages in PAGES for page in pages(site)):
        put(folder / name, text.encode())
        written.append(folder / name)
    for old in set(folder.glob("*.html")) - set(written):
        old.unlink()
    return written


def _write_assets(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    package = importlib.util.find_spec("plotly")
    if package is None or package.origin is None:
        raise RuntimeError("the package plotly, whose script the charts need, is not installed")
    put(folder / "plotly.min.js", (Path(package.origin).parent / "package_data" / "plotly.min.js").read_bytes())
    for file in sorted(ASSETS.iterdir()):
        put(folder / file.name, file.read_bytes())
