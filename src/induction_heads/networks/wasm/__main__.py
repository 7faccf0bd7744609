"""python -m induction_heads.networks.wasm: compiles the lab again (`make wasm`)."""

import sys

from . import build


def main() -> int:
    try:
        made = build()
    except (ModuleNotFoundError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    for path in made:
        print(f"{path}  {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
