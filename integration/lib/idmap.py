# SPDX-License-Identifier: Apache-2.0
"""Whether the kernel shows a file system through another's ids: asked of it, for a version says little (tmpfs: since 6.3)."""
import ctypes
import errno
import os
import subprocess
from pathlib import Path

from lib import slowness

OPEN_TREE, MOUNT_SETATTR = 428, 442  # system calls, the same on every architecture
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
OPEN_TREE_CLONE = 1
MOUNT_ATTR_IDMAP = 0x00100000


class MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace")]


def syscall(*words) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.syscall(*words)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def mapped(pid: int) -> bool:
    """It has left our user namespace, which has a map as well, and got one of its own."""
    own, its = (os.readlink(f"/proc/{process}/ns/user") for process in ("self", pid))
    return own != its and bool(Path(f"/proc/{pid}/uid_map").read_text())


def possible(path: str) -> bool:
    """Tried on a clone of the mount that nobody else sees."""
    holder = subprocess.Popen(["unshare", "--user", "--map-root-user", "cat"], stdin=subprocess.PIPE)
    try:
        for _ in slowness.moments(10):
            if mapped(holder.pid):
                break
        namespace = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
        tree = syscall(OPEN_TREE, AT_FDCWD, path.encode(), OPEN_TREE_CLONE)
        attributes = MountAttributes(set=MOUNT_ATTR_IDMAP, user_namespace=namespace)
        try:
            syscall(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, ctypes.byref(attributes), ctypes.sizeof(attributes))
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return False
        finally:
            os.close(tree)
            os.close(namespace)
        return True
    finally:
        holder.stdin.close()
        holder.wait(slowness.seconds(10))
