"""
What a user constructs: one module for each family of rules.

A class has the formula in its docstring and one line for each hyperparameter in its signature: name, what it may be (a
type of `fastgd.hyperparameters`), default. `make derive` reads these and writes the functions of `fastgd.functional`
and the classes of `fastgd.torch`.

`base` is the front of the compiled step, `fastgd.engine.steps`: it checks parameters, and has the words for what a
step refuses. `tree` has the forms of parameters and gradients: an array, a list, a dict by name, groups of these.
`state_dict` writes state in torch's layout and reads it back.
"""
