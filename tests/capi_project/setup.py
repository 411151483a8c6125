from Cython.Build import cythonize
from setuptools import Extension, setup

import fastgd

extension = Extension("logistic", ["logistic.pyx"])
setup(ext_modules=cythonize(extension, include_path=[fastgd.get_include()]))
