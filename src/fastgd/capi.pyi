"""What other libraries cimport; docs/C_API.md describes it. Nothing of it is for Python."""
