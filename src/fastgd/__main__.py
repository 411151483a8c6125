"""`python -m fastgd info`, `demo`, `bench` and `examples`."""

import argparse
import sys
from collections.abc import Sequence

from fastgd import show_config
from fastgd.examples import cli as examples


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fastgd", description="Optimizer steps in one pass over memory.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("info", help="version, instruction sets, OpenMP, threads and compiler flags")
    commands.add_parser("demo", help="train a network on handwritten digits with every optimizer", add_help=False)
    commands.add_parser("bench", help="fastgd against the machine's limit and the installed peers", add_help=False)
    examples_parser = commands.add_parser("examples", help="list the examples, or run one by its name")
    examples.add_arguments(examples_parser)
    arguments, rest = parser.parse_known_args(argv)
    if arguments.command == "demo":
        from fastgd.demo import digits

        return digits.main(rest)
    if arguments.command == "bench":
        from fastgd.bench import cli

        return cli.main(rest)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if arguments.command == "examples":
        return examples.run(arguments)
    show_config()
    return 0


if __name__ == "__main__":
    sys.exit(main())
