"""`python -m fastgd info`, `demo`, `bench` and `examples`."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from fastgd import __version__

# Each command has a module of fastgd.tools, which is imported when it runs, and a line of help.
COMMANDS = {
    "info": ("info", "version, instruction sets, threads and compiler flags"),
    "demo": ("demo.digits", "train a network on handwritten digits with fastgd and with NumPy"),
    "bench": ("bench.cli", "fastgd against the machine's roof and the installed peers"),
    "examples": ("examples.cli", "list the examples, or run one by its name"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fastgd", description="Optimizer steps in one pass over memory.")
    parser.add_argument("--version", action="version", version=f"fastgd {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name, (_, text) in COMMANDS.items():
        # The command has a parser of its own, which also answers --help.
        commands.add_parser(name, help=text, add_help=False)
    arguments, rest = parser.parse_known_args(argv)
    if arguments.command is None:
        if rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        parser.print_help()
        return 0
    module = importlib.import_module(f"fastgd.tools.{COMMANDS[arguments.command][0]}")
    status: int = module.main(rest)
    return status


def run() -> int:
    """Run the command of `sys.argv`; quietly at an end where nobody reads what it prints."""
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its exit, into nothing now. The status is that of a program which SIGPIPE ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13


if __name__ == "__main__":
    sys.exit(run())
