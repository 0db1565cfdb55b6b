/**
 * Imports entry points, one after the other, and says on what was its standard output what came of each, a line of JSON
 * before and one after it. Runs on CPython 3.4 and later, with `-I -S -B`: of the modules of this machine only the
 * standard library is found, and nothing is compiled.
 *
 * Importing runs other people's code. It is told to leave alone what is not its own: with an audit hook (PEP 578, Python
 * 3.8) or, before that, in the modules themselves, it gets no connection, and it may not write below the staging root, just
 * as a user of the installed package may not.
 */
export const importScript = String.raw`
import json, os, re, sys

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def say(**answer):
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


order = json.load(sys.stdin)
root = os.path.realpath(order["root"])
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGING = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate", "os.utime")
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto")


def inside(path):
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    return isinstance(path, str) and (os.path.abspath(path) + os.sep).startswith(root + os.sep)


# Addresses in numbers are converted without asking anybody: ansible does so to see whether its own patches work.
def numeric(host):
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host is None or isinstance(host, str) and re.match(r"[0-9]+(\.[0-9]+){3}$|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$", host)


def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if isinstance(flags, int) and flags & WRITING and inside(path):
            raise PermissionError(13, "Permission denied", path)
    elif event in CHANGING:
        for path in arguments[:2]:
            if inside(path):
                raise PermissionError(13, "Permission denied", path)
    elif event in NETWORK:
        if event in ("socket.getaddrinfo", "socket.gethostbyname") and numeric(arguments[0]):
            return
        raise OSError(101, "Network is unreachable")


def refuse(*arguments, **options):
    raise OSError(101, "Network is unreachable")


if hasattr(sys, "addaudithook"):
    sys.addaudithook(hook)
else:
    import socket
    socket.socket.connect = socket.socket.connect_ex = refuse
    resolve = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *more, **options: (resolve if numeric(host) else refuse)(host, *more, **options)
    socket.gethostbyname = refuse

import site
sys.prefix = sys.exec_prefix = order["prefix"]
site.addsitedir(order["site"])

# Modules of other systems, and those that a CPython is built without where a library is missing.
standard = set(getattr(sys, "stdlib_module_names", ())) | set(sys.builtin_module_names) | {
    "_bz2", "_ctypes", "_curses", "_curses_panel", "_dbm", "_gdbm", "_hashlib", "_lzma", "_sqlite3", "_ssl", "_tkinter",
    "_uuid", "_winapi", "_scproxy", "winreg", "msvcrt", "nt", "winsound", "nis", "readline", "curses", "tkinter", "sqlite3",
    "ssl", "ctypes", "lzma", "bz2", "zlib", "dbm", "distutils", "lib2to3", "ensurepip", "venv", "idlelib", "turtle"}
if sys.version_info >= (3, 12):
    standard.discard("distutils")
LIBRARY = re.compile(
    r"cannot open shared object file|version .\S+ not found|undefined symbol|ELF|static TLS block|no library called"
    r"|(?:find|found|locate|load|loading|open|install)\b.{0,40}\blib[\w-]+", re.S)


def chain(error):
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    return seen


def absent_of(error):
    # An ImportError without a name was raised by a program, which says in its own words what it did not find.
    for each in chain(error):
        if not isinstance(each, ImportError):
            return None
        if type(each).__name__ == "ModuleNotFoundError" or str(each).startswith("No module named"):
            if each.name:
                return str(each.name)
        if each.name:
            return None
    return None


def kind_of(error):
    absent = absent_of(error)
    if absent:
        return "platform" if absent.split(".")[0] in standard else "missing"
    if isinstance(error, (ImportError, OSError)):
        if any(LIBRARY.search(str(each)) for each in chain(error)):
            return "library"
    if isinstance(error, (ImportError, AttributeError, NameError, SyntaxError)):
        return "missing"
    return "other"


def place_of(error):
    import traceback
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        for beginning in (order["site"] + os.sep, order["site"][len(order["root"]):] + os.sep):
            if frame[0].startswith(beginning):
                return "%s:%s" % (frame[0][len(beginning):], frame[1])
    return None


for entry in order["entries"]:
    say(start=entry["id"])
    try:
        __import__(entry["module"])
        found = sys.modules[entry["module"]]
        for name in entry["attribute"].split("."):
            found = getattr(found, name)
        if not callable(found):
            raise TypeError("%s is no function" % entry["attribute"])
    except BaseException as error:
        text = str(error).strip().split("\n")[0]
        say(id=entry["id"], kind=kind_of(error), exception=type(error).__name__, message=text[:400],
            place=place_of(error), absent=absent_of(error))
    else:
        say(id=entry["id"], kind="ok")
answers.flush()
os._exit(0)
`;
