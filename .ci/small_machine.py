"""Runs a command as on a small machine: `python .ci/small_machine.py CORES MEGABYTES COMMAND ...`. Linux only.

The command and all that it starts use so many cores. When together they hold more memory than that, they are ended and
the exit status is 1; at the end it says what they held at most. Five times a second, by the kernel's proportional set
sizes: a page that several processes share counts once.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from induction_heads.machinery.supervise import descendants

POLL_S = 0.2


def held_megabytes(processes: list[int]) -> float:
    """What the processes hold together; those that have ended meanwhile hold nothing."""
    kilobytes = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def main(cores: int, megabytes: int, command: list[str]) -> int:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    begun, most = time.monotonic(), 0.0
    child = subprocess.Popen(command)
    while child.poll() is None:
        most = max(most, held_megabytes([child.pid, *descendants(child.pid)]))
        if most > megabytes:
            for process in [*descendants(child.pid), child.pid]:
                subprocess.run(["kill", "-KILL", str(process)], stderr=subprocess.DEVNULL)
            child.wait()
            print(f"ended: it held {most:.0f} MB, and {megabytes} is the limit", file=sys.stderr)
            return 1
        time.sleep(POLL_S)
    print(f"{time.monotonic() - begun:.0f} s on {cores} core(s); at most {most:.0f} MB of {megabytes}", file=sys.stderr)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
