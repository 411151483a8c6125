"""What PyInstaller cannot read in Python code: the modules that compiled code of `fastgd.torch` imports."""

hiddenimports = [f"fastgd.torch.{name}" for name in ("clock", "found", "shown", "targets", "views")]
