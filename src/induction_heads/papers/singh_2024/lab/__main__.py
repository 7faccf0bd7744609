"""python -m induction_heads.papers.singh_2024.lab [HOME]: writes build/site/lab/index.html (`make lab-page`).

HOME is the address of the site's front page from there, which the page then links to.
"""

import sys

from induction_heads.machinery.paths import BUILD

from .page import write

if __name__ == "__main__":
    made = write(BUILD / "site" / "lab", *sys.argv[1:2])
    print(f"{made}  {made.stat().st_size:,} bytes")
