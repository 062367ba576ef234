#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of the whole tree that no compiler makes. What is allowed stands in tables.py.

usage: lint.py [CHECK ...]      all checks without a name; exit 1 if anything was found

Python, because meson already needs it: the lint adds no package.
"""
import os
import re
import sys
from fnmatch import fnmatch

import tables

BAD_EXAMPLES = 'tests/lint/bad'


class Tree:
    """The files under a root (without build folders and the lint's own bad examples)."""

    def __init__(self, root):
        self.root = root
        self.paths = []
        self.found = []
        for folder, folders, names in os.walk(root):
            here = os.path.relpath(folder, root)
            here = '' if here == '.' else here + '/'
            folders[:] = sorted(name for name in folders if not self.passed_over(here, name))
            self.paths += [here + name for name in sorted(names)]

    @staticmethod
    def passed_over(here, name):
        if here == '' and (name.startswith('build') or name.startswith('.') and name != '.ci'):
            return True
        return name == '__pycache__' or here + name == BAD_EXAMPLES

    def read(self, path):
        with open(os.path.join(self.root, path), encoding='utf-8', errors='replace') as file:
            return file.read()

    def has(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def c_files(self):
        return [path for path in self.paths if path.endswith(('.c', '.h'))]

    def report(self, path, line, text):
        self.found.append((path, line, text))


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def blanked(text, strings=True):
    """C source with comments (and strings) blanked out, line breaks and lengths kept."""
    def blank(match):
        whole = match.group(0)
        if whole[0] in '"\'' and not strings:
            return whole
        return re.sub(r'[^\n]', ' ', whole)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.DOTALL)


def longest_prefix(table, path):
    fitting = [key for key in table if path == key or path.startswith(key + '/')]
    return max(fitting, key=len) if fitting else None


def includes(tree, path, kind):
    """(line, header) of each #include of `kind`, '"' or '<'."""
    code = blanked(tree.read(path), strings=False)
    close = '>' if kind == '<' else '"'
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*' + kind + '([^' + close + ']*)', code, re.M):
        yield line_of(code, match.start()), match.group(1)


def resolved(tree, path, header):
    """The path of an included header from the root, or None."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), header))
    for candidate in (beside, header, 'client/include/' + header):
        if tree.has(candidate):
            return candidate
    return None


def protocol_row(path):
    """The row of a file of protocol/ (schema_check.c: of schema), None if it has none."""
    if os.path.dirname(path) not in ('protocol', 'protocol/dictionary'):
        return None
    stem = os.path.splitext(os.path.basename(path))[0]
    while stem:
        for row, stems in enumerate(tables.PROTOCOL_ORDER):
            if stem in stems:
                return row
        stem = stem.rpartition('_')[0]
    return None


def check_layers(tree):
    """#include "…" only from the own layer or one above it."""
    for path in tree.c_files():
        folder = longest_prefix(tables.MAY_INCLUDE, path)
        if folder is None:
            tree.report(path, 1, 'stands in no layer; add its folder to MAY_INCLUDE')
            continue
        if folder == 'protocol' and protocol_row(path) is None:
            tree.report(path, 1, 'is not in PROTOCOL_ORDER; add it to the row it belongs to')
            continue
        for line, header in includes(tree, path, '"'):
            check_one_include(tree, path, folder, line, header)


def check_one_include(tree, path, folder, line, header):
    target = resolved(tree, path, header)
    if target is None:
        # Written by the build (embedded SQL, a schema): its folder cannot be known.
        if not header.startswith('generated/'):
            tree.report(path, line, f'includes "{header}", which is not in the tree '
                        '(a file made by the build is included as "generated/…")')
        return
    allowed = tables.MAY_INCLUDE[folder]
    if longest_prefix(dict.fromkeys(allowed), target) is None:
        tree.report(path, line, f'{folder} must not include {target}')
    elif folder == 'protocol' and (protocol_row(target) is None
                                   or protocol_row(target) > protocol_row(path)):
        tree.report(path, line, f'{target} is in a later row of PROTOCOL_ORDER, or in none')
    home = tables.PRIVATE_HEADERS.get(target)
    if home and not path.startswith(home + '/'):
        tree.report(path, line, f'{target} is for {home}/ only')


def check_headers(tree):
    """A third-party header stands in its allowed place, in one file of each side."""
    places = {}
    for path in tree.c_files():
        for line, header in includes(tree, path, '<'):
            if header.removesuffix('.h') in tables.SYSTEM_HEADERS:
                continue
            patterns = tables.THIRD_PARTY.get(header)
            if patterns is None:
                tree.report(path, line, f'<{header}> is neither C11, POSIX nor in THIRD_PARTY')
                continue
            if not any(fnmatch(path, pattern) for pattern in patterns):
                tree.report(path, line, f'<{header}> may stand only in ' + ', '.join(patterns))
            places.setdefault((header, path.split('/')[0]), []).append((path, line))
    for (header, side), where in places.items():
        if header not in tables.MANY_PLACES:
            for path, line in where[1:]:
                tree.report(path, line, f'<{header}> stands in {where[0][0]} already; '
                            f'{side}/ has one place for it')


def check_banned(tree):
    """Functions nobody should call."""
    for path in tree.c_files():
        folder = longest_prefix(tables.BANNED_IN, path)
        names = tables.BANNED + (tables.BANNED_IN[folder] if folder else [])
        code = blanked(tree.read(path))
        for match in re.finditer(r'(?<![.>\w])(' + '|'.join(names) + r')\s*\(', code):
            tree.report(path, line_of(code, match.start()), f'{match.group(1)}() is banned here')


def check_licence(tree):
    """An SPDX line at the top of each source file."""
    for path in tree.paths:
        if ('/' + path).endswith(tables.SPDX_ENDINGS) or path == '.ci/run':
            if not any(tables.SPDX_LINE in line for line in tree.read(path).split('\n')[:2]):
                tree.report(path, 1, f'"{tables.SPDX_LINE}" is missing in the first two lines')


def check_sql(tree):
    """SQL only where the stores are."""
    start = re.compile(r'"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE)\s')
    for path in tree.c_files():
        if any(fnmatch(path, pattern) for pattern in tables.SQL_PLACES):
            continue
        code = blanked(tree.read(path), strings=False)
        for match in start.finditer(code):
            tree.report(path, line_of(code, match.start()), 'SQL outside the stores')


def check_migrations(tree):
    """NNNN_name.sql from 0001 without a gap, the same names in each engine."""
    engines = {}
    for path in tree.paths:
        if path.startswith(tables.MIGRATIONS + '/'):
            engine, _, name = path[len(tables.MIGRATIONS) + 1:].partition('/')
            engines.setdefault(engine, []).append(name)
    for engine, names in engines.items():
        folder = f'{tables.MIGRATIONS}/{engine}'
        for number, name in enumerate(sorted(names), start=1):
            if not re.fullmatch(rf'{number:04d}_[a-z0-9_]+\.sql', name):
                tree.report(f'{folder}/{name}', 1, f'migration {number:04d}_*.sql expected here')
        for other, other_names in engines.items():
            for name in sorted(set(other_names) - set(names)):
                tree.report(f'{folder}/{name}', 1, f'{other} has this migration, {engine} has not')


def check_documented(tree):
    """What a table in the code names stands on a page."""
    for what, source, pattern, written, pages in tables.DOCUMENTED:
        if not tree.has(source):
            print(f'skipped: {source} not there yet')
            continue
        code = blanked(tree.read(source), strings=False)
        names = [(line_of(code, m.start()), m.group(1)) for m in re.finditer(pattern, code)]
        if not names:
            tree.report(source, 1, f'no {what} found in it; mend the pattern in DOCUMENTED')
        texts = [tree.read(page).replace('\\-', '-') for page in pages if tree.has(page)]
        if not texts:
            tree.report(source, 1, f'none of its pages is there: {", ".join(pages)}')
            continue
        for line, name in names:
            # Names in capitals are shown in lower case; all others stand as they are.
            shown = written.format(name.lower() if name.isupper() else name)
            word = re.compile(r'(?<![\w/-])' + re.escape(shown) + r'(?![\w/-])')
            if not any(word.search(text) for text in texts):
                tree.report(source, line, f'{what} {shown} is not in {" or ".join(pages)}')


def check_top(tree):
    """Exactly the agreed names at the top level."""
    names = {name for name in os.listdir(tree.root)
             if not name.startswith('.') and not (name.startswith('build') and
                os.path.isdir(os.path.join(tree.root, name)))}
    for name in sorted(names - set(tables.TOP_LEVEL)):
        tree.report(name, 1, 'does not belong at the top level')
    for name in sorted(set(tables.TOP_LEVEL) - names):
        tree.report(name, 1, 'is missing at the top level')


def check_length(tree):
    """Functions and files that outgrew a screen or two (tests may)."""
    for path in tree.c_files():
        if path.startswith('tests/'):
            continue
        lines = tree.read(path).split('\n')
        start = 0
        for number, line in enumerate(lines, start=1):
            if line.startswith('{'):
                start = number
            elif line.startswith('}') and start:
                if number - start > tables.FUNCTION_LINES_MAX:
                    tree.report(path, start, f'a function of {number - start} lines')
                start = 0
        if len(lines) - 1 > tables.FILE_LINES_MAX:
            tree.report(path, 1, f'a file of {len(lines) - 1} lines')


def check_unfinished(tree):
    """Words of unfinished work carry the number of an issue."""
    words = re.compile(r'\b(?:TO' r'DO|FIX' r'ME|X' r'XX)\b')
    each_line(tree, lambda path, line: words.search(line) and not re.search(r'#\d+', line),
              'unfinished work without an issue number (#N)')


def check_paths(tree):
    """No path of the machine it was written on."""
    anywhere = re.compile(r'(?<![^\s"\'`(=:])/(?:home|root|Users|work|workspace)/')
    scratch = re.compile(r'(?<![^\s"\'`(=:])/tmp/')
    each_line(tree, lambda path, line: anywhere.search(line) or
              (scratch.search(line) and not path.startswith('docs/') and path != 'README.md'),
              "a path of one machine (for scratch space use mktemp)")


def each_line(tree, wrong, text):
    for path in tree.paths:
        if ('/' + path).endswith(tables.TEXT_ENDINGS):
            for number, line in enumerate(tree.read(path).split('\n'), start=1):
                if wrong(path, line):
                    tree.report(path, number, text)


CHECKS = {name.removeprefix('check_'): check for name, check in list(globals().items())
          if name.startswith('check_') and name != 'check_one_include'}


def main(arguments):
    unknown = [name for name in arguments if name not in CHECKS]
    if unknown:
        print('There is no check ' + ', '.join(unknown) + '. The checks are: ' + ' '.join(CHECKS))
        return 2
    root = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
    tree = Tree(root)
    for name in arguments or CHECKS:
        CHECKS[name](tree)
    for path, line, text in sorted(tree.found):
        print(f'{path}:{line}: {text}')
    print(f'{len(tree.paths)} files, {len(tree.found)} findings')
    return 1 if tree.found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
