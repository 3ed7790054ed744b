"""The greatest memory of a program, for scripts that tests start."""

import resource
import sys
from pathlib import Path


def peak() -> int:
    """Bytes; where the system does not tell them, those of `resource`, which begin with the peak of the parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
