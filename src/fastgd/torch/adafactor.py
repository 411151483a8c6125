"""What Adafactor does beyond others: moments of rows and columns, which have another shape than their parameter."""

from collections.abc import Mapping
from typing import Any

import torch

from fastgd.optimizers.adafactor import begun, update
from fastgd.torch.finishing import Finishing

MOMENTS = ("row_var", "col_var", "variance")


class AdafactorBase(Finishing):
    """Base of `fastgd.torch.Adafactor`."""

    def _finish(self, i: int) -> None:
        leaf, param = self._steps.leaves[i], self._steps.params[i]
        steps, _ = self._steps.progress(i)
        entry = self.state[leaf]
        for name, array in begun(param).items():
            if entry.get(name) is None:
                entry[name] = torch.from_numpy(array)
        number, _ = self._steps.place_of(i)
        values = dict(zip(self._numpy.checks, self._steps.plain(number), strict=True))
        moments = {name: entry[name].detach().numpy() for name in begun(param)}
        update(param, self._steps.gradient(i), moments, steps, values, self._steps.treatment())

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for entry in self.state.values():
            for name in MOMENTS:
                if entry.get(name) is not None:
                    entry[name] = entry[name].contiguous().clone()
