# SPDX-License-Identifier: Apache-2.0
"""Tables of the benchmark pages, from docs/benchmarks/results/*.json.

The pages hold the tables, so that a reader of the bare files sees the figures, too. After a change of a JSON
file, `PYTHONPATH=docs python -m generate.results` writes them again; a test compares.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from generate.markdown import table

DOCS = Path(__file__).resolve().parents[1]
RESULTS = DOCS / "benchmarks" / "results"
PLACE = re.compile(r"<!-- figures: ([\w/]+) -->\n.*?<!-- end -->", re.DOTALL)


def read(name: str) -> dict[str, Any]:
    """Return one result: `title`, `columns`, `rows`, and where it says how, `commands` and `hardware`."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return found


def shown(name: str) -> str:
    """Return a result as Markdown: the table, then how it was measured."""
    result = read(name)
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (result["columns"], *result["rows"])]
    parts = [table(escaped[0], escaped[1:])]
    if result.get("commands"):
        parts.append("Measured with:\n\n```bash\n" + "\n".join(result["commands"]) + "\n```")
    if result.get("hardware"):
        parts.append(f"Hardware: {result['hardware']}.")
    return "\n\n".join(parts)


def filled(text: str) -> str:
    """Return a page with each of its results in its place."""
    return PLACE.sub(lambda m: f"<!-- figures: {m[1]} -->\n{shown(m[1])}\n<!-- end -->", text)


def pages() -> list[Path]:
    """Return the pages that show results."""
    return [path for path in sorted(DOCS.rglob("*.md")) if PLACE.search(path.read_text())]


def main() -> None:
    """Write the tables of all pages again."""
    for path in pages():
        if (new := filled(old := path.read_text())) != old:
            path.write_text(new)
            print(path.relative_to(os.getcwd()))


if __name__ == "__main__":
    main()
