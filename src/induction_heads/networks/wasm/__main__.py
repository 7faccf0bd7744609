"""python -m induction_heads.networks.wasm FOLDER"""

import sys
from pathlib import Path

from . import build


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(f"usage: python -m induction_heads.networks.wasm FOLDER; got {arguments or 'no folder'}", file=sys.stderr)
        return 2
    try:
        made = build(Path(arguments[0]))
    except (ModuleNotFoundError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in made:
        print(f"{path}  {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
