"""Limits that threadpoolctl sets, also for everything with threads in a process, hold for fastgd's threads too."""

import importlib.util

from fastgd.engine import threads


def register() -> None:
    """
    Tell threadpoolctl, where it is installed, of fastgd's threads.

    It is imported for that, since limits may be set before the first step, and only libraries that it knows obey.
    """
    if importlib.util.find_spec("threadpoolctl") is None:
        return
    import threadpoolctl

    if not hasattr(threadpoolctl, "register"):  # before 3.2
        return

    class Controller(threadpoolctl.LibController):  # type: ignore[misc]
        """Fastgd's threads, which obey what is said to those of OpenMP."""

        user_api = "openmp"
        internal_api = "fastgd"
        filename_prefixes = ("pool.",)
        check_symbols = ("fastgd_threads",)

        def get_num_threads(self) -> int:
            return threads.get_limit()

        def set_num_threads(self, num_threads: int) -> None:
            threads.set_limit(num_threads)

        def get_version(self) -> None:
            return None

    threadpoolctl.register(Controller)
