"""dbt's own documentation of the warehouse, as one page that needs no server.

It is made from a build of a workspace of its own into which nobody ever handed anything in, so it holds no data.
"""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path

from pipelines.plans import load_plans
from pipelines.settings import Workspace
from pipelines.warehouse import dbt
from pipelines.warehouse.snapshot import write_inputs


def main(folder: Path) -> None:
    """Write ``<folder>/index.html`` and say where it is."""
    folder = folder.resolve()
    ws = Workspace(folder / "workspace").prepare()
    try:
        write_inputs(ws, load_plans(), datetime(2026, 1, 1))
        dbt.build(ws)
        page = shutil.copyfile(dbt.docs(ws), folder / "index.html")
    finally:
        shutil.rmtree(ws.root)
    sys.stdout.write(f"the warehouse, model by model: {page.as_uri()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
