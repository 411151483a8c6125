"""
What changed by more than noise between commits that asv has measured, in words.

    python benchmarks/changes.py                 # each measured commit against the one measured before it
    python benchmarks/changes.py v1.0 main       # these two

Whether a difference is noise is asv's judgement, as of `asv compare`: by the samples of both where there are some, and
by the factor alone for a figure that stands for itself. Like dashboard.py, which puts the page beside asv's, the file
knows nothing of the package whose results it reads.
"""

import argparse
import html
import itertools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from asv.benchmarks import Benchmarks
from asv.commands.compare import _is_result_better, _isna, unroll_result
from asv.config import Config
from asv.results import iter_results
from asv.util import UserError, human_value

FACTOR = 1.1  # a smaller change is not worth a sentence
HEAD = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>What changed</title>
<link rel="icon" href="data:,">
<style>body {font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em} .worse {color: #a00}
.better {color: #060}</style>
<h1>What changed</h1>
<p>Each commit that was measured, against the one that was measured before it: what differs by more than noise and by
more than a factor of %g.</p>
"""


class Figure(NamedTuple):
    """What asv has of one benchmark with one choice of its parameters."""

    value: float | None  # None is a failure, NaN is n/a
    statistics: tuple[Any, Any]
    version: str | None
    unit: str | None

    def text(self) -> str:
        return str(human_value(self.value, self.unit or "seconds"))


@dataclass
class Measured:
    """A commit, and its figures by machine, environment and name."""

    commit: str
    date: int
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)


@dataclass
class Changes:
    """Sentences for what is worse and better, and how many figures say nothing."""

    worse: list[str] = field(default_factory=list)
    better: list[str] = field(default_factory=list)
    same: int = 0
    rewritten: int = 0
    single: int = 0

    def rest(self) -> str:
        parts = [f"{self.same} figures are the same but for noise"]
        if self.rewritten:
            parts.append(f"{self.rewritten} are of benchmarks that were rewritten, and cannot be compared")
        if self.single:
            parts.append(f"{self.single} are n/a or missing at one of the two")
        return "; ".join(parts) + "."


def load(config: Config) -> list[Measured]:
    """Every commit with results, the oldest first; none where nothing was measured."""
    try:
        benchmarks = Benchmarks.load(config)
    except UserError:
        return []
    units = {name: benchmark.get("unit") for name, benchmark in benchmarks.items()}
    found: dict[str, Measured] = {}
    for result in iter_results(config.results_dir):
        measured = found.setdefault(result.commit_hash, Measured(result.commit_hash, result.date))
        place = f"{result.params['machine']}, {result.env_name}"
        for key in result.get_all_result_keys():
            params = result.get_result_params(key)
            values = (result.get_result_value, result.get_result_stats, result.get_result_samples)
            version = result.benchmark_version.get(key)
            for name, value, statistics, samples in unroll_result(key, params, *(get(key, params) for get in values)):
                measured.figures[place, name] = Figure(value, (statistics, samples), version, units.get(key))
    return sorted(found.values(), key=lambda measured: measured.date)


def is_better(a: Figure, b: Figure, factor: float) -> bool:
    return bool(_is_result_better(a.value, b.value, a.statistics, b.statistics, factor))


def sentence(name: str, before: Figure, after: Figure) -> str:
    assert before.value is not None
    assert after.value is not None
    times = f"{after.value / before.value:.2f} times what it was" if before.value else "no longer zero"
    return f"{name} is {times}: {before.text()} became {after.text()}."


def compare(before: Measured, after: Measured, factor: float) -> Changes:
    changes = Changes()
    places = {place for place, _ in before.figures | after.figures}
    for key in sorted(before.figures | after.figures):
        a, b = before.figures.get(key), after.figures.get(key)
        name = key[1] if len(places) == 1 else f"{key[1]} [{key[0]}]"
        if a is None or b is None:
            changes.single += 1
        elif a.version != b.version:
            changes.rewritten += 1
        elif a.value is not None and b.value is None:
            changes.worse.append(f"{name} fails.")
        elif a.value is None and b.value is not None:
            changes.better.append(f"{name} no longer fails.")
        elif _isna(a.value) or _isna(b.value):
            changes.single += 1
        elif is_better(a, b, factor):
            changes.worse.append(sentence(name, a, b))
        elif is_better(b, a, factor):
            changes.better.append(sentence(name, a, b))
        else:
            changes.same += 1
    return changes


def subject(config: Config, commit: str) -> str:
    """The beginning of a commit's hash, and the first line of its message where the repository has it."""
    command = ["git", "-C", config.repo, "log", "-1", "--format=%s", commit, "--"]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    return f"{commit[:8]} {done.stdout.strip()}".strip()


def lines(config: Config, pairs: list[tuple[Measured, Measured]], factor: float) -> Iterator[tuple[str, str]]:
    """(kind, text) of each heading and sentence, the newest pair first."""
    for before, after in reversed(pairs):
        changes = compare(before, after, factor)
        yield "h2", f"{subject(config, after.commit)}, after {subject(config, before.commit)}"
        for kind in ("worse", "better"):
            for text in getattr(changes, kind):
                yield kind, text
        yield "rest", changes.rest()


def page(config: Config, factor: float = FACTOR) -> str:
    """HTML of all pairs of commits that were measured one after the other."""
    text = HEAD % factor
    measured = load(config)
    if len(measured) < 2:
        text += "<p>There are no two commits with results yet.</p>\n"
    for kind, said in lines(config, list(itertools.pairwise(measured)), factor):
        name = html.escape(said)
        text += f"<h2>{name}</h2>\n" if kind == "h2" else f'<p class="{kind}">{name}</p>\n'
    return text + "</html>\n"


def of_commit(measured: list[Measured], config: Config, name: str) -> Measured:
    command = ["git", "-C", config.repo, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]
    commit = subprocess.run(command, text=True, capture_output=True, check=False).stdout.strip() or name
    for one in measured:
        if one.commit == commit:
            return one
    sys.exit(f"asv has no results of {name}; measured are {', '.join(one.commit[:8] for one in measured) or 'none'}")


def read_config(path: Path) -> Config:
    """asv's config, whose paths are relative to its directory."""
    config = Config.load(str(path))
    for name in ("repo", "results_dir", "html_dir"):
        setattr(config, name, str((path.parent / getattr(config, name)).resolve()))
    return config


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Say what changed by more than noise between commits.")
    parser.add_argument("commits", nargs="*", help="two commits; without them, all that were measured, in turn")
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "asv.conf.json", help="an asv.conf.json")
    parser.add_argument("--factor", type=float, default=FACTOR, help=f"what is worth a sentence (default: {FACTOR})")
    options = parser.parse_args(arguments)
    if len(options.commits) not in (0, 2):
        parser.error(f"commits must be two, or none, got {len(options.commits)}")
    if not options.factor >= 1:
        parser.error(f"--factor must be at least 1, got {options.factor}")
    if not options.config.is_file():
        parser.error(f"--config must be an asv.conf.json, got {options.config}")
    config = read_config(options.config.resolve())
    measured = load(config)
    if options.commits:
        before, after = (of_commit(measured, config, name) for name in options.commits)
        pairs = [(before, after)]
    else:
        pairs = list(itertools.pairwise(measured))
    for kind, text in lines(config, pairs, options.factor):
        print(text if kind == "h2" else f"    {kind + ': ' if kind != 'rest' else ''}{text}")
    if not pairs:
        sys.exit("there are no two commits with results yet; run the benchmarks first")


if __name__ == "__main__":
    main()
