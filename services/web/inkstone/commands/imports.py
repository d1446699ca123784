"""import: take posts over from another blog"""

from pathlib import Path

import click

from inkstone.commands.running import explained, settings


@click.group("import")
def import_() -> None:
    """Take posts over from another blog."""


@import_.command("markdown")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Also write the report to this file, as JSON."
)
@explained
def import_markdown(folder: Path, report: Path | None) -> None:
    """Import a FOLDER of Markdown files with front matter, as Hugo, Zola, Jekyll and Hexo keep them.

    Run it as often as you like: what was imported before and hasn't changed is left alone. At the end it says what it
    took, what it skipped and why. The exit status is 0 unless the import itself fails.
    """
    from inkstone.importer.command import run  # Here, since nothing but this command needs Rich and the process pool.

    run(settings().database_url, folder, report)
