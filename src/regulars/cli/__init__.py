"""The command line: `regulars --help`. One module a noun; exit codes and options are in `docs/reference/cli.md`."""

from __future__ import annotations


def main() -> None:
    """Run the command line with the arguments of the process."""
    from regulars.cli.app import run

    run()
