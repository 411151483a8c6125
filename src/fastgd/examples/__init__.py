"""Runnable examples, each with a table and a picture: ``python -m fastgd examples``."""
