"""The import as a person at a terminal sees it: a bar while it runs, and at the end what it did."""

import json
from concurrent.futures import Executor
from pathlib import Path

import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from inkstone.config import DatabaseAddress
from inkstone.importer.report import Remark, Report
from inkstone.importer.run import CONNECTIONS, import_folder, processes
from inkstone.storage import schema
from inkstone.storage.database import Database


def run(address: DatabaseAddress, folder: Path, report_file: Path | None) -> None:
    """Import a folder and print the report; also write it to a file, as JSON."""
    console = Console(highlight=False)
    with processes() as executor:
        report = uvloop.run(_imported(address, folder, executor, console))
    show(report, console)
    if report_file:
        report_file.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n")


async def _imported(address: DatabaseAddress, folder: Path, executor: Executor, console: Console) -> Report:
    database = Database(address, CONNECTIONS)
    columns = TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    try:
        async with database.connection() as db:
            await schema.check(db)
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("")
            return await import_folder(
                database,
                folder,
                executor=executor,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        await database.close()


def show(report: Report, console: Console) -> None:
    """Print a report: numbers last, where the eye is."""
    _list("Skipped", report.skipped, console)
    _list("Warnings", report.warnings, console)
    rate = f", {report.posts / report.seconds:.0f} posts/s" if report.seconds else ""
    console.print(
        f"[bold]{report.taken}[/] taken, [bold]{report.updated}[/] updated, [bold]{report.unchanged}[/] unchanged, "
        f"[bold]{len(report.skipped)}[/] skipped, [bold]{len(report.warnings)}[/] warnings "
        f"in {report.seconds:.1f} s{rate}."
    )


def _list(title: str, remarks: list[Remark], console: Console) -> None:
    if not remarks:
        return
    table = Table("File", title, box=None, padding=(0, 2, 0, 0), header_style="bold")
    for remark in remarks:
        table.add_row(escape(remark.path), escape(remark.text))
    console.print(table)
