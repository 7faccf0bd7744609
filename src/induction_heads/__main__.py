"""`python -m induction_heads COMMAND`: see `cli`."""

import sys

from .cli import main

sys.exit(main())
