"""machine.py - what was measured on what: lines for the head of every table."""

import hashlib
import os
import platform
import subprocess
import time


def said(*command):
    """The first line a command prints, or `unknown`."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def field(path, name):
    """The text after `name:` in a file such as /proc/cpuinfo."""
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(name):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def memory():
    """Of the machine, in whole GiB."""
    kib = field("/proc/meminfo", "MemTotal").split()[0]
    return "%.0f GiB" % (int(kib) / 1048576) if kib.isdigit() else "unknown"


def commit():
    """What the program was built from."""
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "engine", "importers", "schema",
                              "queries"], stderr=subprocess.DEVNULL, check=False).returncode
    return said("git", "rev-parse", "--short", "HEAD") + (" with changes" if changed == 1 else "")


def describe():
    """The head, a line a fact."""
    return [
        "measured %s at commit %s" % (time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), commit()),
        "machine: %s, %d processors, %s, %s" % (field("/proc/cpuinfo", "model name"),
                                                len(os.sched_getaffinity(0)), memory(),
                                                "load %.1f before" % os.getloadavg()[0]),
        "system: %s, Linux %s" % (field_quoted("/etc/os-release", "PRETTY_NAME"),
                                  platform.release()),
        "built with: %s; SQLite %s" % (said("gcc", "--version"), sqlite_version()),
    ]


def field_quoted(path, name):
    """The text of NAME="text" in a file such as /etc/os-release."""
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(name + "="):
                    return line.split("=", 1)[1].strip().strip('"')
    except OSError:
        pass
    return "unknown"


def sqlite_version():
    """Of the library the program is linked with."""
    return said("dpkg-query", "-W", "-f=${Version}\n", "libsqlite3-0")


def digest(data):
    """Of bytes, as a text."""
    return hashlib.sha256(data).hexdigest()


def program(build):
    """The version of Ringfence."""
    return said(os.path.join(build, "ringfence"), "--version").split()[-1]
