from typing_extensions import disjoint_base

from fastgd.engine.plan import Plan

@disjoint_base
class Measured(Plan): ...
