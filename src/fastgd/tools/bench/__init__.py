"""
What `python -m fastgd bench`, the asv suite and the report share.

`rows` is THE table of what is measured: a row for each rule, with the peers that have it. `peers` makes from a row and
a library a step on given arrays, a `Stepper` (of `stepper`), which also checks that the step did something; `plain` is
what somebody writes who has only NumPy. `arrays` has the work by name and fills memory with ordinary numbers,
`training` puts steps between the passes of a network, `embeddings` has steps of a few rows, `roofs` makes steps of what
the hardware allows, `threads` gives everybody the same number of threads.

`pairing` runs steppers in turn, compares them and judges whether a figure is noise, and `measures` has the comparisons
that are made: every figure is a median of ratios; `following` has those of what follows a parameter. `memory` counts
what a step allocates. `machine` says where a figure was taken, `table` sets figures in tables, `cli` prints them and
`picture` draws them.
"""
