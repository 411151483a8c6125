"""
What `python -m fastgd` runs; `fastgd` itself imports none of it.

`__main__` has a row for each command here, and calls the `main` of its module with the rest of the command line:
`info` prints the build, `demo` trains a network on digits with fastgd and with NumPy, `bench` measures fastgd against
the machine and other libraries, `examples` shows gradient descent at work. What a command needs beyond NumPy is
imported when it runs, so that each runs without the others' packages.

`bench` is also the harness of the asv suite in `benchmarks/`. It uses the public names of fastgd, and of the engine
only what a roof needs, so that it can measure a fastgd that was built from another commit.
"""
