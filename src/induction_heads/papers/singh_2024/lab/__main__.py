"""python -m induction_heads.papers.singh_2024.lab: writes build/site/lab/index.html (`make lab-page`)."""

from induction_heads.machinery.paths import BUILD

from .page import write

if __name__ == "__main__":
    made = write(BUILD / "site" / "lab")
    print(f"{made}  {made.stat().st_size:,} bytes")
