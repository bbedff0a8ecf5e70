"""Writing the pages: which plans, which languages, and each file replaced whole."""

from __future__ import annotations

import importlib.util
import os
from datetime import date
from pathlib import Path

from pipelines.reporting import data
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

    Chinese pages go to ``<out>/<plan>/``, English ones to ``<out>/<plan>/en/``. A language that was built before is
    built again along with the one asked for, so that no page is older than its sibling. Files are replaced one by one,
    each whole; pages that no longer belong to the plan are removed. ``known_on``: the marts are as known on that past
    day, and every page says so. Raises ValueError for an unknown language or plan.
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
            for code in languages:
                written += _write(Site(facts, code, languages), _home(folder, code))
    return written


def _home(folder: Path, lang: str) -> Path:
    return folder if lang == "zh" else folder / lang


def _write(site: Site, folder: Path) -> list[Path]:
    """Write every page into a folder and remove pages of earlier builds that are no longer made."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (page for pages in PAGES for page in pages(site)):
        _replace(folder / name, text.encode())
        written.append(folder / name)
    for old in set(folder.glob("*.html")) - set(written):
        old.unlink()
    return written


def _write_assets(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    package = importlib.util.find_spec("plotly")
    if package is None or package.origin is None:
        raise RuntimeError("the package plotly, whose script the charts need, is not installed")
    _replace(folder / "plotly.min.js", (Path(package.origin).parent / "package_data" / "plotly.min.js").read_bytes())
    for file in sorted(ASSETS.iterdir()):
        _replace(folder / file.name, file.read_bytes())


def _replace(path: Path, content: bytes) -> None:
    """Put the whole file in place at once; leave it alone when nothing changed."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    part.write_bytes(content)
    os.replace(part, path)
