"""Hooks for PyInstaller, which finds this folder by the entry point `pyinstaller40`."""

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """The folders that have hooks, each named ``hook-`` and the module that it is for."""
    return [str(Path(__file__).parent)]
