"""A network learns handwritten digits with a dozen optimizers; the same as `python -m fastgd demo`."""

import sys

from fastgd.tools.demo import digits

if __name__ == "__main__":
    sys.exit(digits.main())
