"""What stands for this program itself where a result is kept: another program may come to another result."""

from __future__ import annotations

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

import pipelines
from pipelines.settings import CHECKOUT

_READ = (".py", ".yaml", ".yml", ".sql", ".txt")
"""Endings of the files that decide what comes out; of dbt's project as of the package."""
PROJECT = CHECKOUT / "dbt_project"
PACKAGE = Path(pipelines.__file__).parent


def fingerprint() -> bytes:
    """Of every file of the package and of dbt's project, of Python and of the libraries that work out tables."""
    return _digest((PACKAGE, PROJECT), ("polars", "duckdb", "dbt-core", "dbt-duckdb"))


def project_fingerprint() -> bytes:
    """Of what dbt's parse of its project depends on: the project's files, Python and dbt."""
    return _digest((PROJECT,), ("dbt-core", "dbt-duckdb"))


def _digest(roots: tuple[Path, ...], libraries: tuple[str, ...]) -> bytes:
    digest = hashlib.sha256(f"{sys.version} {[version(library) for library in libraries]}".encode())
    for root in roots:
        for file in sorted(root.rglob("*")):
            if file.suffix in _READ and file.is_file():
                name = file.relative_to(root).as_posix()
                digest.update(f"{name} {file.stat().st_size} ".encode() + file.read_bytes())
    return digest.digest()
