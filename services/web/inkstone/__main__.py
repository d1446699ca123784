"""The command line: `inkstone`."""

import logging

import click

from inkstone.commands import backups, imports, schema, users


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="inkstone")
def main() -> None:
    """Look after an Inkstone blog.

    Settings come from the environment (INKSTONE_DATABASE_URL and others, each also as …_FILE); the README lists them.
    """
    # What goes wrong is said once, at the end.
    logging.getLogger("inkstone").addHandler(logging.NullHandler())


for command in (schema.migrate, schema.check, users.user, imports.import_, backups.backup, backups.restore):
    main.add_command(command)


if __name__ == "__main__":
    main()
