"""The CPU quota of a container, of which the affinity mask says nothing, and its memory."""

import math
from collections.abc import Callable


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _quota_v2(directory: str) -> float:
    quota, period = _read(f"{directory}/cpu.max").split()
    return math.inf if quota == "max" else int(quota) / int(period)


def _quota_v1(directory: str) -> float:
    quota = int(_read(f"{directory}/cpu.cfs_quota_us"))
    return math.inf if quota <= 0 else quota / int(_read(f"{directory}/cpu.cfs_period_us"))


def _memory_v2(directory: str) -> float:
    limit = _read(f"{directory}/memory.max").strip()
    return math.inf if limit == "max" else int(limit)


def _memory_v1(directory: str) -> float:
    return int(_read(f"{directory}/memory.limit_in_bytes"))


def _hierarchies(root: str, controller: str) -> list[tuple[str, str]]:
    """(mount point, path of this process) of the hierarchies that may have limits of a controller."""
    found = []
    for line in _read(f"{root}/proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            found.append((f"{root}/sys/fs/cgroup", path))
        elif controller in controllers.split(","):
            found.append((f"{root}/sys/fs/cgroup/{controller}", path))
    return found


def _least(root: str, controller: str, limits: tuple[Callable[[str], float], ...]) -> float:
    """The least that the cgroup of this process and its ancestors allow, in files of either version."""
    limit = math.inf
    try:
        hierarchies = _hierarchies(root, controller)
    except OSError:
        return limit
    for mount, path in hierarchies:
        names = [name for name in path.split("/") if name]
        for depth in range(len(names), -1, -1):
            directory = "/".join([mount, *names[:depth]])
            for read in limits:
                try:
                    limit = min(limit, read(directory))
                except (OSError, ValueError):
                    continue
    return limit


def cpu_limit(root: str = "") -> int | None:
    """CPUs that the cgroup of this process and its ancestors allow, rounded up; None without a quota."""
    limit = _least(root, "cpu", (_quota_v2, _quota_v1))
    return None if limit == math.inf else max(1, math.ceil(limit))


def memory_limit(root: str = "") -> float:
    """Bytes of memory that they allow; infinity without a limit."""
    return _least(root, "memory", (_memory_v2, _memory_v1))
