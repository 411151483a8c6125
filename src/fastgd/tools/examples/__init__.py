"""
Runnable examples, each with a table and a picture: ``python -m fastgd examples``.

`cli` lists them and runs one by its name. Each example is a module whose docstring begins with its line in the list,
with a function ``run(output, budget)`` that prints its table and draws its picture: `descent`, `rosenbrock`,
`regression`, `classification`, `rates` (listed as schedules), `clipping` and `holdout`.

`common` has what they share apart from pictures, `figures` the pictures, and `titanic` reads the passengers' file for
`classification`.
"""
