"""The CPU quota of a container, of which the affinity mask says nothing."""

import math


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _quota_v2(directory: str) -> float:
    quota, period = _read(f"{directory}/cpu.max").split()
    return math.inf if quota == "max" else int(quota) / int(period)


def _quota_v1(directory: str) -> float:
    quota = int(_read(f"{directory}/cpu.cfs_quota_us"))
    return math.inf if quota <= 0 else quota / int(_read(f"{directory}/cpu.cfs_period_us"))


def _hierarchies(root: str) -> list[tuple[str, str]]:
    """(mount point, path of this process) of the hierarchies that may carry a CPU quota."""
    found = []
    for line in _read(f"{root}/proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            found.append((f"{root}/sys/fs/cgroup", path))
        elif "cpu" in controllers.split(","):
            found.append((f"{root}/sys/fs/cgroup/cpu", path))
    return found


def cpu_limit(root: str = "") -> int | None:
    """CPUs that the cgroup of this process and its ancestors allow, rounded up; None without a quota."""
    limit = math.inf
    try:
        hierarchies = _hierarchies(root)
    except OSError:
        return None
    for mount, path in hierarchies:
        names = [name for name in path.split("/") if name]
        for depth in range(len(names), -1, -1):
            directory = "/".join([mount, *names[:depth]])
            for quota in (_quota_v2, _quota_v1):
                try:
                    limit = min(limit, quota(directory))
                except (OSError, ValueError):
                    continue
    return None if limit == math.inf else max(1, math.ceil(limit))
