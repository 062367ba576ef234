# SPDX-License-Identifier: Apache-2.0
"""Runs a program under what a systemd unit asks for, where systemd itself is not process 1.

usage: sandbox.py UNIT FOLDER PROGRAM [ARGUMENT...]

FOLDER stands for the unit's state directory. The rules are read from UNIT; one that is not known
here is an error, so that the unit cannot ask for more than this tries. A system call outside
the filter ends the program (systemd would only refuse it), so nothing is refused unnoticed.

As root: user nobody, no capabilities, every file system read-only but FOLDER and an empty /var/tmp,
/proc with own processes only, a /dev of five devices. As another user only the system calls, the
address families and the limits are kept.
"""
import ctypes
import os
import resource
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
NOBODY = 65534
MOUNT_SETATTR = 442
AT_FDCWD, AT_RECURSIVE, MOUNT_READ_ONLY, MOUNT_NO_SUID = -100, 0x8000, 0x1, 0x2
MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID, MS_NOEXEC, MS_NODEV = 4096, 16384, 1 << 18, 2, 8, 4
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 38, 24
KILL, ALLOW = 0x80000000, 0x7FFF0000
MASKED_EQ, EQ = 7, 4
ENOSYS, EAFNOSUPPORT = 38, 97
FAMILIES = {'AF_UNIX': 1, 'AF_INET': 2, 'AF_INET6': 10}
NAMESPACES, NEW_MOUNTS, NEW_IPC, NEW_HOST_NAME = 0x7E020080, 0x20000, 0x8000000, 0x4000000
WRITE, EXECUTE, SET_IDS = 2, 4, 0o6000

# What a unit may ask for, and how it is kept here: by the filter, the mounts, the limits, the user,
# or not at all because it has nothing to do with what the program can do.
KNOWN = set('''
    AmbientCapabilities CapabilityBoundingSet LimitCORE LimitNOFILE LockPersonality
    MemoryDenyWriteExecute NoNewPrivileges PrivateDevices PrivateMounts PrivateTmp ProcSubset
    ProtectHome ProtectProc ProtectSystem RestrictAddressFamilies RestrictNamespaces
    RestrictRealtime RestrictSUIDSGID SystemCallArchitectures SystemCallFilter UMask User Group
    ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules
    ProtectKernelTunables PrivateIPC PrivateUsers
    ExecReload ExecStart KeyringMode MemoryMax MemorySwapMax RemoveIPC Restart RestartSec
    StateDirectory StateDirectoryMode SystemCallErrorNumber TasksMax TimeoutStartSec
    TimeoutStopSec Type
'''.split())


class Comparison(ctypes.Structure):
    _fields_ = [('argument', ctypes.c_uint), ('operation', ctypes.c_int),
                ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


def read_unit(path):
    """name -> values in their order; an empty one begins anew."""
    found = {}
    section = None
    for line in open(path, encoding='utf-8'):
        line = line.strip()
        if line.startswith('['):
            section = line
        elif section == '[Service]' and line and not line.startswith('#'):
            name, _, value = line.partition('=')
            if name not in KNOWN:
                raise SystemExit(f'sandbox.py does not know {name}=')
            found.setdefault(name, []).append(value)
    return found


def group(name):
    """The system calls of a group of systemd's, or the one that is named."""
    if not name.startswith('@'):
        return {name}
    text = subprocess.run(['systemd-analyze', 'syscall-filter', name], check=True,
                          capture_output=True, text=True).stdout
    calls = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith('#'):
            calls |= group(word)
    return calls


def allowed_calls(values):
    allowed = set(group('@default'))
    for value in values:
        drop = value.startswith('~')
        for name in value.lstrip('~').split():
            allowed = allowed - group(name) if drop else allowed | group(name)
    return allowed


class Filter:
    def __init__(self):
        self.library = ctypes.CDLL('libseccomp.so.2')
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(KILL)))

    def rule(self, name, *comparisons, action=ALLOW):
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # of another architecture
            return
        array = (Comparison * max(1, len(comparisons)))(*comparisons)
        if self.library.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number,
                                               len(comparisons), array) != 0:
            raise SystemExit(f'no rule for {name}')

    def load(self):
        if self.library.seccomp_load(self.context) != 0:
            raise SystemExit('the filter does not load')


def refuse(error):
    return 0x00050000 | error


def without_bits(argument, bits):
    return Comparison(argument, MASKED_EQ, bits, 0)


def load_filter(unit):
    rules = Filter()
    special = {'clone', 'clone3', 'unshare', 'setns', 'socket', 'mmap', 'mprotect', 'pkey_mprotect',
               'personality', 'chmod', 'fchmod', 'fchmodat'}
    allowed = allowed_calls(unit['SystemCallFilter'])
    for name in sorted(allowed - special):
        rules.rule(name)
    rules.rule('clone', without_bits(0, NAMESPACES))
    rules.rule('clone3', action=refuse(ENOSYS))
    families = [FAMILIES[name] for name in unit['RestrictAddressFamilies'][0].split()]
    for family in range(46):
        rules.rule('socket', Comparison(0, EQ, family, 0),
                   action=ALLOW if family in families else refuse(EAFNOSUPPORT))
    for protection in (0, WRITE, EXECUTE):
        rules.rule('mmap', Comparison(2, MASKED_EQ, WRITE | EXECUTE, protection))
    rules.rule('mprotect', without_bits(2, EXECUTE))
    for name, argument in (('chmod', 1), ('fchmod', 1), ('fchmodat', 2)):
        rules.rule(name, without_bits(argument, SET_IDS))
    rules.load()


def must(result, what):
    if result != 0:
        raise SystemExit(f'{what}: {os.strerror(ctypes.get_errno())}')


def mount(source, target, kind, flags, options=None):
    must(LIBC.mount(source.encode(), target.encode(), kind and kind.encode(), flags,
                    options and options.encode()), f'mount {target}')


def set_attributes(path, add, clear, flags=0):
    attributes = (ctypes.c_uint64 * 4)(add, clear, 0, 0)
    must(LIBC.syscall(MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, attributes, 32), path)


def restrict_files(folder):
    """Only FOLDER and /var/tmp can be written."""
    must(LIBC.unshare(NEW_MOUNTS | NEW_IPC | NEW_HOST_NAME), 'unshare')
    mount('none', '/', None, MS_REC | MS_PRIVATE)
    mount(folder, folder, None, MS_BIND)
    devices = '/var/tmp/devices'
    mount('tmpfs', '/var/tmp', 'tmpfs', MS_NOSUID | MS_NODEV)
    os.mkdir(devices)
    for name in ('null', 'zero', 'full', 'random', 'urandom'):
        open(f'{devices}/{name}', 'w').close()
        mount(f'/dev/{name}', f'{devices}/{name}', None, MS_BIND)
    mount(devices, '/dev', None, MS_BIND | MS_REC)
    os.chmod('/var/tmp', 0o1777)
    mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC,
          'hidepid=invisible,subset=pid')
    set_attributes('/', MOUNT_READ_ONLY | MOUNT_NO_SUID, 0, AT_RECURSIVE)
    set_attributes('/var/tmp', 0, MOUNT_READ_ONLY)
    set_attributes(folder, 0, MOUNT_READ_ONLY)


def become_nobody():
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main():
    unit = read_unit(sys.argv[1])
    folder, program = sys.argv[2], sys.argv[3:]
    os.umask(int(unit['UMask'][0], 8))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.geteuid() == 0:
        limit = min(int(unit['LimitNOFILE'][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        for place, _, names in os.walk(folder):
            for path in [place] + [os.path.join(place, name) for name in names]:
                os.chown(path, NOBODY, NOBODY)
        restrict_files(folder)
        become_nobody()
    must(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'no new privileges')
    load_filter(unit)
    os.execv(program[0], program)


main()
