"""The CPU quota of a container, of which the affinity mask says nothing."""

import math
from pathlib import Path


def _quota_v2(directory: Path) -> float:
    quota, period = (directory / "cpu.max").read_text().split()
    return math.inf if quota == "max" else int(quota) / int(period)


def _quota_v1(directory: Path) -> float:
    quota = int((directory / "cpu.cfs_quota_us").read_text())
    return math.inf if quota <= 0 else quota / int((directory / "cpu.cfs_period_us").read_text())


def _hierarchies(root: Path) -> list[tuple[Path, str]]:
    """(mount point, path of this process) of the hierarchies that may carry a CPU quota."""
    found = []
    for line in (root / "proc/self/cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            found.append((root / "sys/fs/cgroup", path))
        elif "cpu" in controllers.split(","):
            found.append((root / "sys/fs/cgroup/cpu", path))
    return found


def cpu_limit(root: Path = Path("/")) -> int | None:
    """CPUs that the cgroup of this process and its ancestors allow, rounded up; None without a quota."""
    limit = math.inf
    try:
        hierarchies = _hierarchies(root)
    except OSError:
        return None
    for mount, path in hierarchies:
        place = mount / path.lstrip("/")
        for directory in (place, *place.parents):
            for quota in (_quota_v2, _quota_v1):
                try:
                    limit = min(limit, quota(directory))
                except (OSError, ValueError):
                    continue
            if directory == mount:
                break
    return None if limit == math.inf else max(1, math.ceil(limit))
