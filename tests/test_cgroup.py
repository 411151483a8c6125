"""The CPU quota and the memory of a container, in files of both versions of cgroups."""

import math
from pathlib import Path

import pytest

from fastgd.engine import cgroup

V1, V2 = "3:cpuset:/x\n2:cpu,cpuacct:/a/b\n", "0::/a/b\n"
IN_V1, IN_V2 = "sys/fs/cgroup/cpu/", "sys/fs/cgroup/"


def v1(quota: int, period: int = 100_000) -> dict[str, str]:
    return {"cpu.cfs_quota_us": f"{quota}\n", "cpu.cfs_period_us": f"{period}\n"}


CGROUPS: dict[str, tuple[str | None, dict[str, dict[str, str]], int | None]] = {
    "no cgroups": (None, {}, None),
    "v2, no files": (V2, {}, None),
    "v2, no quota": (V2, {"a/b": {"cpu.max": "max 100000\n"}}, None),
    "v2, whole CPUs": (V2, {"a/b": {"cpu.max": "400000 100000\n"}}, 4),
    "v2, part of a CPU": (V2, {"a/b": {"cpu.max": "20000 100000\n"}}, 1),
    "v2, rounded up": (V2, {"a/b": {"cpu.max": "150000 100000\n"}}, 2),
    "v2, another period": (V2, {"a/b": {"cpu.max": "150000 50000\n"}}, 3),
    "v2, of the parent": (V2, {"a/b": {"cpu.max": "max 100000\n"}, "a": {"cpu.max": "300000 100000\n"}}, 3),
    "v2, smallest of all": (V2, {"a/b": {"cpu.max": "300000 100000\n"}, "a": {"cpu.max": "200000 100000\n"}}, 2),
    "v2, of the root alone": (V2, {".": {"cpu.max": "200000 100000\n"}}, 2),
    "v2, not numbers": (V2, {"a/b": {"cpu.max": "many\n"}, "a": {"cpu.max": "200000 100000\n"}}, 2),
    "v1, no files": (V1, {}, None),
    "v1, no quota": (V1, {"a/b": v1(-1)}, None),
    "v1, a quota": (V1, {"a/b": v1(250_000)}, 3),
    "v1, of the parent": (V1, {"a/b": v1(-1), "a": v1(100_000)}, 1),
    "v1, of the root alone": (V1, {".": v1(50_000, 10_000)}, 5),
    "v1, of another controller": ("3:cpuset:/a/b\n", {"a/b": v1(100_000)}, None),
}


@pytest.mark.parametrize("name", CGROUPS)
def test_the_quota_of_a_container(name: str, tmp_path: Path) -> None:
    lines, directories, expected = CGROUPS[name]
    write(tmp_path, lines, IN_V2 if name.startswith("v2") else IN_V1, directories)
    assert cgroup.cpu_limit(str(tmp_path)) == expected


def write(root: Path, lines: str | None, mount: str, directories: dict[str, dict[str, str]]) -> None:
    """The files of a system that has these cgroups."""
    if lines is not None:
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/self/cgroup").write_text(lines)
    for directory, files in directories.items():
        place = root / mount / directory
        place.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (place / file).write_text(text)


MEMORY: dict[str, tuple[str | None, str, dict[str, dict[str, str]], float]] = {
    "no cgroups": (None, IN_V2, {}, math.inf),
    "v2, no limit": (V2, IN_V2, {"a/b": {"memory.max": "max\n"}}, math.inf),
    "v2, of the parent": (V2, IN_V2, {"a/b": {"memory.max": "max\n"}, "a": {"memory.max": "4096\n"}}, 4096),
    "v1": ("4:memory:/a\n", "sys/fs/cgroup/memory/", {"a": {"memory.limit_in_bytes": "8192\n"}}, 8192),
    "v1, of another controller": (
        "2:cpu:/a\n",
        "sys/fs/cgroup/cpu/",
        {"a": {"memory.limit_in_bytes": "1\n"}},
        math.inf,
    ),
}


@pytest.mark.parametrize("name", MEMORY)
def test_the_memory_of_a_container(name: str, tmp_path: Path) -> None:
    lines, mount, directories, expected = MEMORY[name]
    write(tmp_path, lines, mount, directories)
    assert cgroup.memory_limit(str(tmp_path)) == expected
