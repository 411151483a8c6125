"""RowWiseAdagrad: Adagrad with one number for each row of a table."""

from typing import Any, Unpack

from fastgd.hyperparameters import NonNegative, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class RowWiseAdagrad(Optimizer):
    r"""
    Adagrad with one sum for each row of a table.

    With ``g`` the gradient of a row, along the first axis, plus ``weight_decay`` times the row::

        sum += mean(g**2)
        row -= lr * g / (sqrt(sum) + eps)

    Parameters
    ----------
    params
        As for `Optimizer`, in C order.
    lr : float or schedule, default 1e-2
        Learning rate, at least 0.
    weight_decay : float, default 0
        L2 penalty, at least 0.
    eps : float, default 1e-10
        Outside the root, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step`` and ``sum`` (one number for each row, of shape ``param.shape[:1]``).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    For embeddings, whose state would be as large as they are: `Rows` are what it is made for. A vector's rows are its
    elements, for which it is Adagrad. torch has no such class; torchrec's and FBGEMM's have the formula. The mean is
    summed in double.

    References
    ----------
    Naumov et al., "Deep Learning Recommendation Model for Personalization and Recommendation Systems", 2019.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.ones((2, 2))
    >>> opt = fastgd.RowWiseAdagrad(w, lr=0.5)
    >>> opt.step(fastgd.Rows(np.array([1]), np.array([[3.0, -3.0]])))
    >>> w
    array([[1. , 1. ],
           [0.5, 1.5]])
    >>> opt.state[0]["sum"]
    array([0., 9.])
    """

    family = "row_wise_adagrad"
    rows = "always"
    elementwise = False
    in_c = False
    rereads_state = True
    state_bytes = "4 for each row"
    torch_signature = "lr weight_decay eps * foreach maximize"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        weight_decay: NonNegative = 0.0,
        eps: NonNegative = 1e-10,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)

    @classmethod
    def check_params(cls, named: list[tuple[str, Any]]) -> None:
        """Raise if the rows of a parameter do not lie in one piece."""
        for name, param in named:
            contiguous = getattr(param, "is_contiguous", None)  # of tensors
            if not (contiguous() if contiguous else param.flags.c_contiguous):
                raise ValueError(f"{name}: expected an array in C order for RowWiseAdagrad, got shape {param.shape}")
