"""The system calls that a student's process may make, as a seccomp filter: a list of what NumPy, IPython and matplotlib need.

Whatever is not on the list fails with ENOSYS, as on a kernel that does not have it, so libraries take the way they have
for that. What Python code may meet by its own doing (a fork, a socket) fails with EPERM. Nothing is killed. The filter is
a program of the kernel's classic BPF, which reads the number of the call and its first six arguments.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Sequence

PR_SET_SECCOMP, MODE_FILTER = 22, 2
ALLOW = 0x7FFF0000
FAIL = 0x00050000  # + errno
LOAD, EQUALS, AND, RETURN = 0x20, 0x15, 0x54, 0x06  # of BPF: a word of the call, compare, mask, answer
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in the kernel's struct seccomp_data
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the tables; the kernel's AUDIT_ARCH

# name:number on x86_64:number on aarch64 (- where that machine has no such call)
ALLOWED = """
read:0:63 write:1:64 close:3:57 openat:257:56 lseek:8:62 readv:19:65 writev:20:66 pread64:17:67
pwrite64:18:68 preadv:295:69 pwritev:296:70 sendfile:40:71 copy_file_range:326:285 fstat:5:80
newfstatat:262:79 statx:332:291 statfs:137:43 fstatfs:138:44 getdents64:217:61 getcwd:79:17 chdir:80:49
fchdir:81:50 readlinkat:267:78 faccessat:269:48 faccessat2:439:439 mkdirat:258:34 unlinkat:263:35
renameat:264:38 renameat2:316:276 linkat:265:37 symlinkat:266:36 fchmod:91:52 fchmodat:268:53 umask:95:166
truncate:76:45 ftruncate:77:46 fallocate:285:47 utimensat:280:88 fsync:74:82 fdatasync:75:83
fadvise64:221:223 getxattr:191:8 lgetxattr:192:9 fgetxattr:193:10 listxattr:194:11 llistxattr:195:12
flistxattr:196:13 dup:32:23 dup3:292:24 close_range:436:436 pipe2:293:59
brk:12:214 mmap:9:222 mprotect:10:226 munmap:11:215 mremap:25:216 madvise:28:233 msync:26:227 futex:202:98
futex_waitv:449:449 set_robust_list:273:99 get_robust_list:274:100 set_tid_address:218:96 rseq:334:293
membarrier:324:283 sched_yield:24:124 sched_getaffinity:204:123 sched_getscheduler:145:120
sched_getparam:143:121 sched_get_priority_max:146:125 sched_get_priority_min:147:126 getcpu:309:168
exit:60:93 exit_group:231:94
rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136 rt_sigtimedwait:128:137
rt_sigsuspend:130:133 sigaltstack:131:132 restart_syscall:219:128 kill:62:129 tkill:200:130 tgkill:234:131
wait4:61:260 waitid:247:95 ppoll:271:73 pselect6:270:72 epoll_create1:291:20 epoll_ctl:233:21
epoll_pwait:281:22 epoll_pwait2:441:441 eventfd2:290:19
recvfrom:45:207 recvmsg:47:212 sendto:44:206 sendmsg:46:211 shutdown:48:210 getsockname:51:204
getpeername:52:205 getsockopt:55:209
clock_gettime:228:113 clock_getres:229:114 clock_nanosleep:230:115 nanosleep:35:101 gettimeofday:96:169
getitimer:36:102 setitimer:38:103 times:100:153 getrandom:318:278 uname:63:160 sysinfo:99:179 getpid:39:172
getppid:110:173 gettid:186:178 getuid:102:174 geteuid:107:175 getgid:104:176 getegid:108:177
getresuid:118:148 getresgid:120:150 getgroups:115:158 getpgid:121:155 getsid:124:156 getrlimit:97:163
setrlimit:160:164 getrusage:98:165 getpriority:140:141 capget:125:90
open:2:- creat:85:- stat:4:- lstat:6:- access:21:- readlink:89:- getdents:78:- poll:7:- select:23:-
pipe:22:- dup2:33:- mkdir:83:- rmdir:84:- unlink:87:- rename:82:- link:86:- symlink:88:- chmod:90:-
time:201:- utime:132:- utimes:235:- futimesat:261:- epoll_create:213:- epoll_wait:232:- eventfd:284:-
getpgrp:111:- alarm:37:- pause:34:- arch_prctl:158:-
"""
REFUSED = """
fork:57:- vfork:58:- execve:59:221 execveat:322:281 socket:41:198 connect:42:203 bind:49:200 setsockopt:54:208
memfd_create:319:279 flock:73:32 setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7
"""
# Calls that depend on one argument: which, a mask for it, and the values that are allowed.
THREAD, NEW_NAMESPACES = 0x10000, 0x7E020000
DEPENDS = {
    "clone:56:220": (0, THREAD | NEW_NAMESPACES, (THREAD,)),
    "socketpair:53:199": (0, 0xFFFFFFFF, (1,)),  # AF_UNIX: asyncio wakes itself through a pair
    "prctl:157:167": (0, 0xFFFFFFFF, (15, 16, 0x53564D41)),  # a thread's name; the C library names its memory
    "prlimit64:302:261": (0, 0xFFFFFFFF, (0,)),  # of this process
    "ioctl:16:29": (1, 0xFFFFFFFF, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),  # is it a terminal; non-blocking
    "fcntl:72:25": (1, 0xFFFFFFFF, (0, 1, 2, 3, 4, 1030, 1032)),  # flags and copies; no locks, leases, notices
}

Instruction = tuple[int, int, int, int]  # code, how far to jump if equal, if not, and a number


def supported() -> bool:
    """Whether this kernel takes filters and we know its numbers."""
    known = platform.machine() in MACHINES and sys.maxsize > 2**32
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_SECCOMP, MODE_FILTER, None, 0, 0)  # no program at all: a kernel with filters says EFAULT
    return known and ctypes.get_errno() == errno.EFAULT


def install() -> None:
    """Filter this thread's calls, and those of all that it starts, from now on. Raises OSError.

    It takes no_new_privs to be set, or CAP_SYS_ADMIN.
    """
    code = b"".join(struct.pack("=HBBI", *line) for line in program(platform.machine()))
    buffer = ctypes.create_string_buffer(code, len(code))
    told = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, told, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "the filter of system calls was refused", "seccomp")


def program(machine: str) -> list[Instruction]:
    """The filter for a machine of MACHINES.

    Numbers are compared whole, so that those of x32, which have one bit more, are on no list.
    """
    column, architecture = MACHINES[machine]
    lines: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUALS, 1, 0, architecture),
        (RETURN, 0, 0, FAIL | errno.ENOSYS),  # the calls of 32-bit programs
        (LOAD, 0, 0, NUMBER),
    ]
    for number in numbers(ALLOWED, column):
        lines += [(EQUALS, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    for call, (argument, mask, values) in DEPENDS.items():
        (number,) = numbers(call, column)
        lines += on_argument(number, argument, mask, values)
    for number in numbers(REFUSED, column):
        lines += [(EQUALS, 0, 1, number), (RETURN, 0, 0, FAIL | errno.EPERM)]
    return [*lines, (RETURN, 0, 0, FAIL | errno.ENOSYS)]


def on_argument(number: int, argument: int, mask: int, values: Sequence[int]) -> list[Instruction]:
    """Allow a call if the low 32 bits of an argument, masked, are one of the values; the kernel reads no more of these."""
    block: list[Instruction] = [(LOAD, 0, 0, ARGUMENTS + 8 * argument), (AND, 0, 0, mask)]
    for value in values:
        block += [(EQUALS, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    block.append((RETURN, 0, 0, FAIL | errno.EPERM))
    return [(EQUALS, 0, len(block), number), *block]


def numbers(table: str, column: int) -> list[int]:
    """The numbers of a table's calls on one machine."""
    found = [entry.split(":")[1 + column] for entry in table.split()]
    return [int(number) for number in found if number != "-"]
