"""
Loops over arrays, compiled once for each instruction set.

`rules/` is the mathematics: in each file the hyperparameters of a family, their fold into scalars, and its loops.
`real.pxd` has the functions of one element that the loops share, `exact.pxd` the powers that the folds need, with the
same bits on every machine. `stages.pxd` and `reductions.pxd` are passes that are not rules, and
`roofs.pxd` loops that do only what the hardware limits, for benchmarks.

`direct.pxi`, written by `make derive`, has each rule of one pass for arrays of which some are in bfloat16; `direct.pxd`
is what it is made of. `sums.pxi`, written likewise, adds up what each measuring pass finds.

`rule.pxd` says what a row of the table is; `build_table.pxi` fills the table and refuses what it has no room for, and
`table.pxi`, written by `make derive`, has the rows. `generic.pyx` and `x86_64_v*.pyx` include it, each compiled with
the flags of its name; `engine.dispatch` imports one of them. `arithmetic.h` fails a build whose flags change bits.
"""
