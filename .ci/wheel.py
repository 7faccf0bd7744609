"""What a wheel carries beside the package: notebooks, and the students' course where it was made before.

Called by hatchling, which pyproject.toml tells so.
"""

import os
import runpy
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MATERIAL = Path("src", "induction_heads", "machinery", "material.py")


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":  # the repository itself is there
            return
        root = Path(self.root)
        build = Path(os.environ.get("INDUCTION_HEADS_BUILD") or root / "build")
        for path in runpy.run_path(str(root / MATERIAL))["material"](root, build).values():
            place = path.relative_to(build if path.is_relative_to(build) else root)
            build_data["force_include"][str(path)] = f"induction_heads/carried/{place.as_posix()}"
