# Nothing of it is for Python: docs/C_API.md says who cimports it.
