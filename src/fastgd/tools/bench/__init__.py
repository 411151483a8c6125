"""
What `python -m fastgd bench`, the asv suite and the report share.

`rows` is THE table of what is measured: a row for each rule, with what each peer calls it. `peers` makes from a row and
a library a step on given arrays, a `Stepper` (of `stepper`), which also checks that the step did something; `plain` is
what somebody writes who has only NumPy. `arrays` fills memory with ordinary numbers, `workloads` has lists of shapes
as networks have them, `training` trains such networks, `threads` gives everybody the same number of threads.

`limits` makes the steppers of the machine's limit, and `pairing` runs steppers in turn and compares them: every figure
is a median of ratios of such runs. `memory` counts what a step allocates. `machine` says where a table was taken,
`cli` prints it and `picture` draws it.
"""
