"""backup, restore: all that a blog keeps, in one file"""

from pathlib import Path

import click

from inkstone.commands.running import explained, settings

# Their modules are imported when they are called, since nothing else needs Rich and Alembic.


@click.command(short_help="Write the whole blog into one file.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@explained
def backup(file: Path | None) -> None:
    """Write every post, comment, user and image into FILE, as they are at this moment.

    The blog goes on meanwhile. Without FILE, or where it is a folder, the name says when. Passwords are in it as they
    are stored, and no secret key is: keep it where nobody else can read it.
    """
    from inkstone.backup.command import backup as run

    run(settings(), file)


@click.command(short_help="Fill an empty blog from such a file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Only check FILE, from its first byte to its last; needs no database.")
@explained
def restore(file: Path, check: bool) -> None:
    """Fill an empty blog from FILE, which `inkstone backup` has written.

    FILE is checked whole before anything is touched. Its rows appear all at once: what is interrupted has changed
    nothing, and may be run again. Needs the database user who may change the schema.
    """
    from inkstone.backup import command

    if check:
        command.check(file)
    else:
        command.restore(settings(), file)
