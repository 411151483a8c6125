"""
From a function and its gradient to a minimum, and the functions that tutorials teach.

`minimize` is what users call: it checks the arguments and makes a `Run`. `run` is the loop of one descent: evaluate,
judge whether to stop, update, again. `objective` calls the user's function and checks what it returns, and chooses
the batches. `line_search` has step lengths along a direction, each from its definition.

`textbook` has the update functions of documents on gradient descent, over the kernels, and `losses` the losses that
go with them. Neither is used by `minimize`.

Users import `fastgd.minimize`, `fastgd.scipy_method`, `fastgd.line_search`, `fastgd.losses` and `fastgd.textbook`.
This package exports nothing, since `fastgd.descent.minimize` must stay the module.
"""
