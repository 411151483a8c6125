"""What a table of figures has to say about where it was taken."""

import datetime
import importlib.metadata
import os
import platform
import time

from fastgd.config import config
from fastgd.tools.bench import peers
from fastgd.tools.bench.threads import usable_cores

DISTRIBUTIONS = {"sklearn": "scikit-learn"}


class Bystanders:
    """How many cores others kept busy since it was made: with a core taken away, a parallel step waits for it."""

    def __init__(self) -> None:
        self.wall, self.own, self.all = time.perf_counter(), time.process_time(), self._busy()

    @staticmethod
    def _busy() -> float | None:
        """Seconds of all cores that were not idle; None where the system does not say."""
        try:
            with open("/proc/stat", encoding="ascii") as lines:
                user, nice, system, _, _, irq, softirq, steal, *_ = map(int, lines.readline().split()[1:])
        except (OSError, ValueError):
            return None
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")

    def cores(self) -> float | None:
        now = self._busy()
        if now is None or self.all is None:
            return None
        others = now - self.all - (time.process_time() - self.own)
        return max(0.0, others / (time.perf_counter() - self.wall))


def versions() -> dict[str, str]:
    """Peer -> version, for the installed ones; jax is what runs optax."""
    names = [*dict.fromkeys(name for name in peers.MODULES.values() if name != "numpy"), "jax"]
    found = {}
    for name in names:
        try:
            found[DISTRIBUTIONS.get(name, name)] = importlib.metadata.version(DISTRIBUTIONS.get(name, name))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def describe() -> dict[str, str]:
    """fastgd's configuration, the system, its load before the measurement, the date and the versions of peers."""
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        **config(),
        "cores": str(usable_cores()),
        "system": f"{platform.system()} {platform.release()}",
        "load before": load,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "peers": ", ".join(f"{name} {version}" for name, version in versions().items()) or "none installed",
    }
