"""Tables of a benchmark: on the screen as Markdown, and as JSON."""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

Row = Mapping[str, object]


def show(title: str, rows: Sequence[Row]) -> None:
    """Print rows as a Markdown table."""
    print(f"\n### {title}\n")
    names = list(rows[0])
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(_cell(row[name]) for name in names) + " |", flush=True)


def keep(path: str | None, tables: Mapping[str, Sequence[Row]]) -> None:
    """Write all tables to a file, with the machine they were measured on."""
    if path is None:
        return
    content = {"machine": machine(), "tables": tables}
    Path(path).write_text(json.dumps(content, indent=2) + "\n")


def machine() -> str:
    """Processor, threads and device, in words."""
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return (
        f"{platform.machine()}, {torch.get_num_threads()} torch threads, {device},"
        f" Python {platform.python_version()}, torch {torch.__version__}"
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
