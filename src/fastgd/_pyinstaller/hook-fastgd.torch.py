"""What PyInstaller cannot read in Python code: the module that compiled code of `fastgd.torch` imports."""

hiddenimports = ["fastgd.torch.views"]
