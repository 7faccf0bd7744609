"""Runs a command so that nothing of it outlives the one who asked for it: `python supervise.py COMMAND ...`.

The Makefile starts every long command through this file, and so does the command `induction-heads`. It imports nothing
but the standard library and not the package, so that it also watches pip before there is an environment.

Three processes: the *guard*, a child of make, which hears Ctrl-C and watches make; the *keeper*, in a session of its
own, which holds the other end of a pipe to the guard; and the command, a child of the keeper. The pipe breaks however
the guard ends, `kill -9` of the whole process group included, and then the keeper ends the command and all that came
from it: pip, training, papermill, and the notebook's kernel, which papermill puts in a session of its own where no
signal to make would reach it.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE_S = 10.0  # between asking the command to stop, and killing what is left of it
POLL_S = 0.2
ENDINGS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
INTERRUPTED = "interrupted: what was finished is kept, and the same command goes on from there"
UNGUARDED = (
    "This system cannot guard processes: should this window be killed, look for a Python that goes on (WSL can)."
)


def main(command: list[str]) -> int:
    """The exit status of `command`, or 128 plus the signal that ended it."""
    if not (hasattr(os, "fork") and hasattr(os, "setsid")):  # Windows
        print(UNGUARDED, file=sys.stderr, flush=True)
        return subprocess.call(command)
    reader, writer = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(writer)
        status = 70
        try:
            status = _keep(command, reader)
        finally:
            os._exit(status)
    os.close(reader)
    return _guard(keeper, writer)


def _guard(keeper: int, writer: int) -> int:
    """Waits for the keeper; breaks the pipe to it when told to stop, or when make is gone or has been interrupted."""
    parent = os.getppid()
    asked: list[int] = []
    for ending in ENDINGS:
        signal.signal(ending, lambda number, frame: asked.append(number))
    interruptible = _catches_interrupts(parent)
    while True:
        finished, status = os.waitpid(keeper, os.WNOHANG)
        if finished:
            code = os.waitstatus_to_exitcode(status)
            if asked and code:
                print(INTERRUPTED, file=sys.stderr)
            return 128 + asked[0] if asked else code if code >= 0 else 128 - code
        if not asked and os.getppid() != parent:
            asked.append(signal.SIGTERM)
        # `kill -INT` of make alone: make puts back the default action and waits for us, who were not told.
        if not asked and interruptible and not _catches_interrupts(parent):
            asked.append(signal.SIGINT)
        if asked and writer >= 0:
            os.close(writer)
            writer = -1
        time.sleep(0.02 if writer < 0 else 0.1)


def _keep(command: list[str], reader: int) -> int:
    """Starts the command and waits for it, or ends it and all its descendants when the pipe from the guard breaks."""
    os.setsid()
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    _adopt_orphans()
    try:
        child = subprocess.Popen(command, preexec_fn=_default_signals)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    code = None
    while code is None:
        if select.select([reader], [], [], POLL_S)[0]:
            code = _end(child.pid)
        else:
            code = _reap(child.pid)
    # What the command left running ends with it, also when it succeeded.
    for _ in range(50):  # a process may start another while we look
        living = descendants(os.getpid())
        if not living:
            break
        for process in living:
            _signal(process, signal.SIGKILL)
        time.sleep(0.02)
        _reap(child.pid)
    child.returncode = code  # so that Popen does not warn
    return code if code >= 0 else 128 - code


def _end(child: int) -> int:
    """Asks the command to stop, which may tidy up and end its children for `GRACE_S`; then kills it. Its exit code."""
    _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while (code := _reap(child)) is None:
        if time.monotonic() > deadline:
            _signal(child, signal.SIGKILL)
        time.sleep(0.02)
    return code


def _reap(child: int) -> int | None:
    """Buries the dead among our children, adopted ones included; the exit code of `child` if it is one of them."""
    code = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if process == 0:
            return code
        if process == child:
            code = os.waitstatus_to_exitcode(status)


def _signal(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except (ProcessLookupError, PermissionError):
        pass


def _default_signals() -> None:
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_DFL)


def _adopt_orphans() -> None:
    """On Linux, processes whose parent died become ours, so that `descendants` still finds them."""
    if sys.platform == "linux":
        PR_SET_CHILD_SUBREAPER = 36
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(ancestor: int) -> list[int]:
    """Process ids of all children of `ancestor`, their children and so on."""
    children: dict[int, list[int]] = {}
    for process, parent in _process_table():
        children.setdefault(parent, []).append(process)
    found, todo = [], [ancestor]
    while todo:
        more = children.get(todo.pop(), [])
        found += more
        todo += more
    return found


def _process_table() -> list[tuple[int, int]]:
    """(process id, parent's id) of every process, from /proc where there is one, else from `ps`."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True).stdout
        return [(int(process), int(parent)) for process, parent in (line.split() for line in listing.splitlines())]
    table = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name, in brackets, may hold anything; state and parent follow the last bracket.
                state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if state != "Z":
                table.append((int(entry.name), int(parent)))
    return table


def _catches_interrupts(process: int) -> bool:
    """Whether `process` has a handler for SIGINT; False where there is no /proc to tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
