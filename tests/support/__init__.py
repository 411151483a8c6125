"""
What several tests share; a helper of one test file stays in that file.

    cases             one row for every rule and every option that changes its arithmetic
    reference         the oracle: every rule in plain NumPy, in the order of operations of its kernel
    comparing         what "the same" means: bit for bit, or number for number
    running           arrays as tests of numbers need them; instruction sets and threads
    stepping          optimizers over arrays of every kind, and runs of them
    torch_nets, thinc_twins          the same for the adapters
    bad_rows, bad_checkpoints        what is refused, and in which words
    capi              the C functions, called through the capsules that importers use
"""
