"""measure.py - runs a command to its end through build/measure: wall seconds, processor seconds, peak
memory, what it said."""

import os
import signal
import subprocess
import tempfile
from collections import namedtuple

MEASURE = os.path.join(os.environ.get("BUILD", "build"), "measure")

# seconds and cpu in seconds (user and system, all threads), peak in MiB; status as the shell's,
# None when the time limit ended it (there are no figures then).
Sample = namedtuple("Sample", "seconds cpu peak status output errors")


def run(command, limit=None, keep=True):
    """Runs a command (a list of texts), for limit seconds at most. With keep its output is returned,
    else thrown away."""
    with tempfile.NamedTemporaryFile() as figures, tempfile.TemporaryFile() as output, \
            tempfile.TemporaryFile() as errors:
        child = subprocess.Popen([MEASURE, figures.name, *command], stdin=subprocess.DEVNULL,
                                 stdout=output if keep else subprocess.DEVNULL, stderr=errors,
                                 start_new_session=True)
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            status = None
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
        seconds, cpu, peak = map(float, (figures.read().decode() or "0 0 0").split())
        return Sample(seconds, cpu, peak / 1024, status, *texts)


def must(command, **how):
    """The same, but whoever measures something that fails must know: ends the program."""
    sample = run(command, **how)
    if sample.status != 0:
        raise SystemExit("%s: exit status %s\n%s" % (" ".join(command), sample.status,
                                                     sample.errors[-2000:]))
    return sample
