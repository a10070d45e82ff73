# SPDX-License-Identifier: Apache-2.0
"""The rows of controllers as a table in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

TITLE = "Turbofan"


def table_of(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a table of rows (see `rows.row`) by the controller's name."""
    table = Table("controller", "steady", "transient", "fuel saved (95 %)", "beyond", "regret", title=TITLE)
    for name, row in rows.items():
        low, high = row["fuel_saved_ci"]
        table.add_row(
            name,
            f"{row['thrust_error_steady']:.2f} %",
            f"{row['thrust_error_transient']:.2f} %",
            f"{row['fuel_saved']:.2f} % ({low:.2f} to {high:.2f})",
            str(row["limit_violations"]),
            "" if row["regret"] is None else f"{row['regret']:.2f}",
        )
    return table


def worn_table_of(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a table of rows (see `fine_tuning.worn_rows`) by the state of engine and model."""
    table = Table(
        "engine", "profiles", "steady", "transient", "beyond", "surprise", title="2 % of efficiency lost"
    )
    for name, row in rows.items():
        table.add_row(
            name,
            str(row["profiles"]),
            f"{row['thrust_error_steady']:.2f} %",
            f"{row['thrust_error_transient']:.2f} %",
            str(row["limit_violations"]),
            f"{row['surprise']:.2f}",
        )
    return table
