# SPDX-License-Identifier: Apache-2.0
"""What the lint allows. A new file or third-party header usually needs one word here."""

# Which folders a folder may include from, by the longest prefix that fits. Its own folder and the
# folders below it count as itself.
MAY_INCLUDE = {
    'protocol': ['protocol'],
    'protocol/sql': ['protocol'],
    'client': ['client', 'protocol'],
    'client/example': ['client/example', 'client/include'],
    'client/tool': ['client/tool', 'client/include', 'protocol'],
    'daemon': ['daemon', 'protocol'],
    # init founds a server, so it may use the daemon's parts
    'daemon/ctl': ['daemon', 'protocol'],
    'daemon/ingest': ['daemon/ingest', 'daemon/store', 'daemon/schema', 'daemon/trust',
                      'daemon/ledger', 'protocol'],
    'daemon/store': ['daemon/store', 'daemon/schema', 'protocol'],
    'tests': ['tests', 'client', 'daemon', 'protocol'],
}

# Inside protocol/ a file includes only its own row or rows above it. A file schema_check.c belongs to
# the row of schema, unless it has a word of its own here.
PROTOCOL_ORDER = [
    ['dictionary', 'status'],
    ['arena', 'bytes'],
    ['cbor', 'column', 'commitment', 'crypto', 'deflate', 'id', 'region'],
    ['columns', 'tree', 'value'],
    ['checkpoint', 'proof', 'schema'],
    ['change', 'entry'],
    ['receipt', 'record'],
    ['merge'],
    ['fork', 'form', 'rule'],
    ['message', 'parcel'],
    ['carry', 'enrolment', 'json'],
]

# Headers that only one folder may see: header -> folder.
PRIVATE_HEADERS = {
    'daemon/store/store_engine.h': 'daemon/store',
}

# Third-party header -> where it may stand (shell patterns). On each side (protocol, client, daemon,
# tests) it stands in one file only, except for those in MANY_PLACES.
THIRD_PARTY = {
    'cbor.h': ['tests/unit/cbor_oracle.c'],
    'cmocka.h': ['tests/testing.h'],
    'csv.h': ['daemon/http/csv_table.c', 'tests/*'],
    'curl/curl.h': ['client/transport_http.c', 'daemon/ctl/*', 'tests/*'],
    'gnutls/abstract.h': ['daemon/http/tls.c'],
    'gnutls/x509.h': ['daemon/http/tls.c'],
    'ini.h': ['daemon/config.c'],
    'jansson.h': ['client/tool/*', 'daemon/*', 'tests/*'],
    'microhttpd.h': ['daemon/http/server.c', 'tests/*'],
    'sambung.h': ['client/example/*'],
    'nettle/sha2.h': ['daemon/trust/sha256.c'],
    'sodium.h': ['protocol/crypto.c', 'protocol/crypto_sha256.c', 'daemon/trust/*', 'tests/*'],
    'sqlite3.h': ['protocol/sql/sql.c', 'tests/*'],
    'sys/prctl.h': ['daemon/process.c'],
    'zlib.h': ['protocol/deflate.c', 'tests/*'],
}
MANY_PLACES = ['jansson.h', 'sodium.h', 'sqlite3.h']

# C11 and POSIX 2008. Anything else in <> is a third-party header and must be in the table above.
SYSTEM_HEADERS = '''
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign
    stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar
    wchar wctype
    arpa/inet dirent fcntl fnmatch ftw getopt glob grp iconv langinfo libgen netdb net/if
    netinet/in netinet/tcp poll pthread pwd regex sched semaphore strings sys/file sys/mman
    sys/random sys/resource sys/select sys/socket sys/stat sys/statvfs sys/time sys/types sys/uio
    sys/un sys/utsname sys/wait syslog termios unistd
'''.split()

BANNED = '''
    alloca asctime atof atoi atol ctime gets gmtime localtime mktemp popen rand random sprintf srand
    srandom strcat strcpy strncat strncpy strtok system tempnam tmpnam vfork vsprintf
'''.split()

# Banned in one folder besides (the longest prefix counts).
BANNED_IN = {
    # no IO, no clock, no surroundings
    'protocol': '''clock_gettime exit fopen fprintf getenv getrandom gettimeofday open perror printf
        putchar puts read time vfprintf vprintf write'''.split(),
    'protocol/sql': [],
    # a library never prints and never ends its host
    'client': 'abort exit fprintf perror printf putchar puts vfprintf vprintf'.split(),
    'client/example': [],
    'client/tool': [],
    # a function of (store, clock, random, parcels); only its writer and the mover have a thread
    'daemon/ingest/mover.c': [],
    'daemon/ingest/writer.c': [],
    'daemon/ingest': 'clock_gettime fopen getrandom gettimeofday open pthread_create time'.split(),
}

SQL_PLACES = ['protocol/sql/*', 'client/local*', 'daemon/store/*', 'daemon/report/*', 'tests/*']

MIGRATIONS = 'daemon/store/sql'

# Tables in the code against pages: (what, source, pattern, how a page writes it, pages). Every match
# of the pattern's group stands on one of the pages. A source that is there but yields nothing is an
# error; one that is absent is skipped.
COMMAND_ROW = r'\{\s*(?:\.name\s*=\s*)?"([a-z][a-z -]*)"'
DOCUMENTED = [
    ('route', 'daemon/http/routes.c', r'"(/[a-z][^"\s]*)"', '{}', ['docs/http-api.md']),
    ('command', 'client/tool/commands.c', COMMAND_ROW, '{}', ['docs/man/sambung.1']),
    ('command', 'daemon/ctl/commands.c', COMMAND_ROW, '{}', ['docs/man/sambungctl.8']),
    ('status', 'protocol/status.h', r'\bX\(([A-Z][A-Z_]*),', '`{}`',
     ['docs/http-api.md', 'docs/protocol.md']),
    ('quarantine reason', 'protocol/entry.h', r'\bX\(\d+, ([A-Z][A-Z_]*),', '`{}`',
     ['docs/http-api.md', 'docs/protocol.md']),
]

TOP_LEVEL = ['README.md', 'client', 'daemon', 'docs', 'meson.build', 'meson_options.txt', 'protocol',
             'tests']

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 600

# Files that must name their licence in the first two lines (a #! line may stand above it).
SPDX_ENDINGS = ('.c', '.h', '.sh', '.mjs', '.py', '.sql', '/meson.build', '/meson_options.txt')
SPDX_LINE = 'SPDX-License-Identifier: Apache-2.0'

TEXT_ENDINGS = SPDX_ENDINGS + ('.md', '.json', '.html', '.css', '.js', '.csv', '.cddl', '.ini', '.1',
                               '.8', '/run')
