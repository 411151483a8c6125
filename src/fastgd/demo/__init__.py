"""The demonstration: `python -m fastgd demo`. The library itself does not import it."""
