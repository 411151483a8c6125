"""Print the requirements of pyproject.toml: for the build, or for an extra with the extras that it names."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

TABLE = tomllib.loads(Path("pyproject.toml").read_text())
REQUIREMENTS = {"build": TABLE["build-system"]["requires"], **TABLE["project"]["optional-dependencies"]}


def needs(name: str) -> Iterator[str]:
    for requirement in REQUIREMENTS[name]:
        if requirement.startswith("fastgd["):
            for extra in requirement.removeprefix("fastgd[").removesuffix("]").split(","):
                yield from needs(extra)
        else:
            yield requirement


print(*needs(sys.argv[1]))
