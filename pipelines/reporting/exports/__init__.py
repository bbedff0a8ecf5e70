"""Files to open, print and forward, from the published marts alone; written beside the pages that lead to them.

``figures`` shapes the figures into sheets, which ``book`` writes as a workbook; ``circular`` puts them into sentences,
which ``paper`` sets as a document; ``tables`` gives every published table to programs; ``bundle`` packs what one
district may see; ``build`` knows which files there are, ``beside`` who writes them. The same marts (and receipts) give
the same bytes.
"""

from pipelines.reporting.exports.beside import Files, written
from pipelines.reporting.exports.build import FOLDER, TABLES, Downloads

__all__ = ["FOLDER", "TABLES", "Downloads", "Files", "written"]
