"""The site: `make docs` builds it in build/docs."""

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastgd
from fastgd.tools.examples.cli import EXAMPLES, describe

HERE = Path(__file__).resolve().parent

project = "fastgd"
default_role = "code"  # single backticks in docstrings
author = "The fastgd developers"
copyright = author  # noqa: A001  Sphinx reads it by this name
version = release = fastgd.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = f"fastgd {release}"
html_favicon = "favicon.svg"
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
html_theme_options = {"navigation_with_keys": False, "show_prev_next": False, "search_as_you_type": True}
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
# A heading of README that is included begins at the second level where a page has its own.
suppress_warnings = ["myst.header"]
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections have the types, in words
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def reference() -> None:
    """Write the pages of the API reference, from what each module exports."""
    optimizers = [name for name in fastgd.__all__ if isinstance(getattr(fastgd, name), type)]
    modules = [name for name in fastgd.__all__ if inspect.ismodule(getattr(fastgd, name))]
    rest = [name for name in fastgd.__all__ if name not in {*optimizers, *modules}]
    pages = {"optimizers": ("Optimizers", "fastgd", optimizers), "functions": ("Functions", "fastgd", rest)}
    for name in (*modules, "torch", "mpi", "thinc", "sklearn"):
        module = importlib.import_module(f"fastgd.{name}")
        own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        listed = getattr(module, "__all__", [key for key in own if not key.startswith("_")])
        pages[name] = (f"fastgd.{name}", f"fastgd.{name}", sorted(listed, key=str.lower))
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    for page, (title, module, names) in pages.items():
        lines = [title, "=" * len(title), "", f".. currentmodule:: {module}", ""]
        if module != "fastgd":
            lines += [f".. automodule:: {module}", "   :no-members:", ""]
        lines += [".. autosummary::", "   :toctree: generated", "", *(f"   {name}" for name in names), ""]
        (folder / f"{page}.rst").write_text("\n".join(lines), encoding="utf-8")


def gallery() -> None:
    """Draw the pictures of the examples, and write the page that shows them beside their code."""
    folder = HERE / "pictures"
    budget = os.environ.get("FASTGD_GALLERY", "0.1")
    command = [sys.executable, "-m", "fastgd", "examples", "all", "--output", str(folder), "--budget", budget]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    lines = ["Examples with their code", "========================", ""]
    lines += [f"With a share of {budget} of their iterations, as ``--budget`` sets it.", ""]
    for name, module in EXAMPLES.items():
        lines += [name, "-" * len(name), "", describe(name), "", f".. image:: {name}.png", f"   :alt: {name}", ""]
        lines += [f".. literalinclude:: ../../src/fastgd/tools/examples/{module}.py", "   :language: python", ""]
    (folder / "index.rst").write_text("\n".join(lines), encoding="utf-8")


def setup(app: Any) -> None:
    """Write the pages that are made, before Sphinx looks which there are."""
    reference()
    gallery()
