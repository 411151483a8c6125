"""`python -m fastgd info`: what this build and this machine are."""

import argparse
from collections.abc import Sequence

from fastgd.config import show_config


def main(argv: Sequence[str] | None = None) -> int:
    """Print the configuration; returns the exit status."""
    argparse.ArgumentParser(prog="python -m fastgd info", description=__doc__).parse_args(argv)
    show_config()
    return 0
