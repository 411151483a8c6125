"""Step lengths along a direction of descent: the public name of `fastgd.descent.line_search`."""

from fastgd.descent.line_search import armijo, goldstein

__all__ = ["armijo", "goldstein"]
