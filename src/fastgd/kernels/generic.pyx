# Compiled by setup.py for the instruction set that the file is named after.
include "table.pxi"
