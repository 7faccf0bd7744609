"""What the paper states, as claims: `main_text` holds those of the main text, `clamping` and `heads` those of the appendix.

Criteria, and what is measured for them. Nothing is trained or drawn here.
"""

from .clamping import CLAIMS as CLAMPING
from .heads import CLAIMS as HEADS
from .main_text import CLAIMS as MAIN_TEXT

LEDGER = (*MAIN_TEXT, *CLAMPING, *HEADS)
