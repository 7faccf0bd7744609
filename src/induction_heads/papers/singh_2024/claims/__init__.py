"""What the paper states, as claims: the main text's in `main_text`, the appendix's in `clamping` and `heads`.

Criteria, and what is measured for them. Nothing is trained or drawn here.
"""

from .clamping import CLAIMS as CLAMPING
from .heads import CLAIMS as HEADS
from .main_text import CLAIMS as MAIN_TEXT

LEDGER = (*MAIN_TEXT, *CLAMPING, *HEADS)
