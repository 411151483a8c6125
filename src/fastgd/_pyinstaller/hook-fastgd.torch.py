"""What PyInstaller cannot read in Python code: the modules that compiled code of `fastgd.torch` imports."""

hiddenimports = ["fastgd.torch.shown", "fastgd.torch.views"]
