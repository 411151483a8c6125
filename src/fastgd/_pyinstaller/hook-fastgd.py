"""What PyInstaller cannot read in Python code: modules that compiled code imports, and kernels of a computed name."""

from pathlib import Path
from pkgutil import iter_modules

FOLDERS = ("engine", "kernels")
PACKAGE = Path(__file__).parent.parent

hiddenimports = [f"fastgd.{folder}.{module.name}" for folder in FOLDERS for module in iter_modules([PACKAGE / folder])]
hiddenimports += ["fastgd.capi"]  # other compiled libraries import it
