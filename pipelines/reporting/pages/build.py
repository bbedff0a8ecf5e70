"""Writing the pages: which plans, which languages, and each plan's folder renewed whole."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

import pipelines
from pipelines.renewal import mend, renewed
from pipelines.reporting import data, editions
from pipelines.reporting.exports import FOLDER, TABLES, Files, written
from pipelines.reporting.files import put
from pipelines.reporting.marts import ALL, Marts, Plan
from pipelines.reporting.messages import LANGUAGES, catalogue
from pipelines.reporting.pages import assessment, changes, city, district, explore, findings, intake, methods, register
from pipelines.reporting.pages.site import STAMP, Publication, Site
from pipelines.settings import Workspace, now

ASSETS = Path(__file__).parent.parent / "assets"
PAGES = (
    district.pages,
    explore.pages,
    assessment.pages,
    intake.pages,
    register.pages,
    findings.pages,
    methods.pages,
    changes.pages,
    city.pages,
)
"""What makes pages."""
RECORD = "pages.json"


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
    before is built again along with the one asked for, so that no page is older than its sibling.

    A plan's folder is renewed whole, and left alone when nothing it is made of changed. What is published of a plan for
    the first time, or otherwise than before, is a publication of its own with the next number (see ``editions``); a
    page bears the number of the publication that last changed it. ``known_on``: the marts are as known on that past
    day, and every page says so; that is no publication. Raises ValueError for an unknown language or plan.
    """
    catalogue(lang)
    out = out or ws.reports
    written: list[Path] = []
    with Marts(marts_dir or ws.marts) as marts:
        plans = list(marts.plans(plan_id))
        if plan_id and not plans:
            raise ValueError(f"no plan {plan_id!r} in the published tables")
        assets = _write_assets(out / "assets")
        for plan in plans:
            folder = out / plan.plan_id
            languages = [code for code in LANGUAGES if code == lang or (_home(folder, code) / "index.html").is_file()]
            written += _Build(ws, marts, plan, folder, languages, assets, known_on).pages()
    return written


def _home(folder: Path, lang: str) -> Path:
    return folder if lang == "zh" else folder / lang


@dataclass(frozen=True)
class _Build:
    """The pages of one plan, in every language it has."""

    ws: Workspace
    marts: Marts
    plan: Plan
    folder: Path
    languages: list[str]
    assets: Mapping[str, str]
    known_on: date | None

    @property
    def _boundaries(self) -> Path:
        """Where somebody may provide the outlines of the districts."""
        return self.ws.geo / f"{self.plan.plan_id}.geojson"

    def pages(self) -> list[Path]:
        """Write what has to be written; the paths of all pages."""
        record = self._record
        stands = record.stands(self.folder)
        if not stands or record.inputs != self._inputs:
            publication = self._publication() if self.known_on is None else None
            with renewed(self.folder, lambda _: self._keep(publication)) as fresh:
                due = self._keys.items() - (record.districts.items() if stands else set())
                record = self._write(fresh, publication, record, {code for code, _ in due})
                record.write(fresh)
        else:
            mend(self.folder)
        return [self.folder / name for name in record.pages]

    @cached_property
    def _record(self) -> _Record:
        return _Record.read(self.folder)

    @cached_property
    def _facts(self) -> data.Facts:
        number = self._number if self.known_on is None else None
        return data.load(self.marts, self.plan, self.known_on, number, self._record.numbers)

    @cached_property
    def _number(self) -> int:
        """Of this publication: the next, or the last where nothing else is published than it was."""
        ledger = editions.read(self.folder)
        if ledger and ledger[-1].content == self.marts.content(self.plan.plan_id):
            return ledger[-1].number
        return ledger[-1].number + 1 if ledger else 1

    @cached_property
    def _inputs(self) -> str:
        """Stands for all that the files depend on: what is published of the plan, the program, the files beside it."""
        files = self._looks(self.ws.receipts / self.plan.plan_id), self._looks(self.ws.geo, self._boundaries.name)
        return self._digest(self.marts.content(self.plan.plan_id), *files)

    @cached_property
    def _keys(self) -> dict[str, str]:
        """The same for what is each district's own."""
        facts, receipts = self._facts, self.ws.receipts / self.plan.plan_id
        codes = [district.district_code for district in facts.districts]
        return {code: self._digest(facts.version_of(code), self._looks(receipts, f"*/{code}/*")) for code in codes}

    def _digest(self, *told: object) -> str:
        what = (told, _program(), self.languages, self.known_on, sorted(self.assets.items()))
        return hashlib.sha256(repr(what).encode()).hexdigest()

    def _looks(self, folder: Path, pattern: str = "*/*/*") -> list[tuple[str, int, int]]:
        """By what it is seen that a file was written anew; of a past day no files count."""
        files = sorted(folder.glob(pattern)) if self.known_on is None else []
        return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]

    def _publication(self) -> Publication:
        """The next one, or the last one once more where nothing else is published than it was."""
        facts = self._facts
        ledger = editions.read(self.folder)
        last = ledger[-1] if ledger else None
        content = self.marts.content(self.plan.plan_id)
        if last and last.number == self._number:
            edition, earlier = last, ledger[:-1]
            tables = editions.beside(self.folder, edition.number - 1)
        else:
            current = facts.current
            edition = editions.Edition(
                number=self._number,
                content=content,
                published_at=now(),
                as_of=current.as_of if current else None,
                period_id=current.period_id if current else None,
            )
            earlier, tables = ledger, self.folder
        tables = tables / editions.FOLDER
        found = data.compare(facts, tables, earlier[-1].period_id) if earlier and tables.is_dir() else None
        if found is not None and edition is not last:
            edition = replace(edition, changed=found.counts)
        kept = {number for number, has_pages in editions.kept(self.folder) if has_pages}
        if edition is not last and last:
            kept = {*sorted(kept | {last.number})[-editions.KEPT :]}
        return Publication([*earlier, edition], found, frozenset(kept))

    def _keep(self, publication: Publication | None) -> None:
        """Just before the folder is renewed for another publication: keep it as the one it was."""
        last = editions.read(self.folder)[-1:]
        if publication and last and last[0].number != publication.edition.number:
            editions.keep(self.folder, last[0].number)

    def _write(self, folder: Path, publication: Publication | None, old: _Record, due: Collection[str]) -> _Record:
        facts, receipts = self._facts, self.ws.receipts if self.known_on is None else None
        if publication:
            editions.write(folder, publication.ledger, self.marts, self.plan.plan_id)
        record = _Record(self._inputs, self._keys, sorted(self.assets.values()))
        if facts.number is not None:
            areas = [ALL, *(district.district_code for district in facts.districts)]
            record.numbers = {facts.version_of(code): facts.number_of(code) or facts.number for code in areas}
        record.pages = {name: page for name, page in old.pages.items() if page.of in self._keys.keys() - set(due)}
        homes = {lang: _home(folder, lang) for lang in self.languages}
        folders = {lang: home / FOLDER for lang, home in homes.items()}
        with written(facts, Files(folders, folder / FOLDER / TABLES, receipts, set(due))):
            for lang, home in homes.items():
                site = Site(facts, lang, self.languages, self.assets, due, publication, self._boundaries)
                for make in PAGES:
                    for file, text in make(site):
                        name = (home / file).relative_to(folder).as_posix()
                        body = hashlib.sha256(text.encode()).hexdigest()[:16]
                        was = old.pages.get(name)
                        stamp = was.stamp if was and was.body == body else self._stamp(facts, publication)
                        shown = catalogue(lang)(f"stamp.{stamp[0]}", number=stamp[1], version=stamp[2])
                        put(folder / name, text.replace(STAMP, shown).encode())
                        of = _district_of(file, self._keys) if make is district.pages else ""
                        record.pages[name] = _Page(body, stamp, of)
                for stale in set(home.glob("*.html")) - {folder / name for name in record.pages}:
                    stale.unlink()
        record.files = _files(folder)
        return record

    def _stamp(self, facts: data.Facts, publication: Publication | None) -> list[str]:
        """How a page names the publication it is from: the message, its number, the version."""
        if publication:
            return ["edition", str(publication.edition.number), publication.edition.version]
        for edition in editions.read(Workspace(self.ws.root).reports / self.plan.plan_id):
            if edition.version == facts.version:
                return ["as_edition", str(edition.number), edition.version]
        return ["bare", "", facts.version]


def _district_of(file: str, codes: Collection[str]) -> str:
    """Whose page it is: ``<code>.html``, ``<code>-….html``. A code may begin with another one."""
    return max((code for code in codes if file.startswith((f"{code}.", f"{code}-"))), key=len)


def _files(folder: Path) -> dict[str, int]:
    """The files of a plan and their sizes, but for those that say what it was made from."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != editions.FOLDER)
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths}


@dataclass(frozen=True)
class _Page:
    """One page: the digest of its text, how it names its publication, and the district whose own it is."""

    body: str
    stamp: list[str]
    of: str


@dataclass
class _Record:
    """What a plan's folder was made from, as a whole and of each district, and what was made."""

    inputs: str = ""
    districts: dict[str, str] = field(default_factory=dict)
    assets: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """``data.Facts.numbers`` for the next publication."""
    pages: dict[str, _Page] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    """All files with their sizes."""

    @classmethod
    def read(cls, folder: Path) -> _Record:
        """The record in a folder; an empty one where there is none, or one of another version of this program."""
        try:
            told = json.loads((folder / editions.FOLDER / RECORD).read_text("utf-8"))
            pages = {name: _Page(**page) for name, page in told.pop("pages").items()}
            return cls(**told, pages=pages)
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return cls()

    def write(self, folder: Path) -> None:
        put(folder / editions.FOLDER / RECORD, json.dumps(asdict(self), indent=0).encode())

    def stands(self, folder: Path) -> bool:
        """Whether the folder has these files and no others."""
        return bool(self.files) and _files(folder) == self.files


def amiss(folder: Path) -> list[str]:
    """The files of a plan's folder that are missing, of another size than was written, or that nobody wrote."""
    record = _Record.read(folder)
    there = _files(folder)
    return sorted(name for name in record.files.keys() | there.keys() if record.files.get(name) != there.get(name))


@cache
def _program() -> str:
    """Stands for everything of the program that pages depend on."""
    digest = hashlib.sha256(
        repr([version(name) for name in ("jinja2", "plotly", "polars", "python-docx", "xlsxwriter")]).encode()
    )
    root = Path(pipelines.__file__).parent
    for file in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _write_assets(folder: Path) -> dict[str, str]:
    """Write what pages share under names that tell their content, so that a page always finds what it was made with.

    Returns each one's name there. Those that no page in the folder above refers to any more are removed.
    """
    package = importlib.util.find_spec("plotly")
    if package is None or package.origin is None:
        raise RuntimeError("the package plotly, whose script the charts need, is not installed")
    script = Path(package.origin).parent / "package_data" / "plotly.min.js"
    names = {}
    for file in (script, *sorted(ASSETS.iterdir())):
        content = file.read_bytes()
        names[file.name] = f"{file.stem}.{hashlib.sha256(content).hexdigest()[:8]}{file.suffix}"
        put(folder / names[file.name], content)
    used = {name for home in folder.parent.iterdir() for name in _Record.read(home).assets}
    for old in set(folder.iterdir()) - {folder / name for name in used | set(names.values())}:
        old.unlink()
    return names
