#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the lint can fail: each folder in bad/ is a small tree with faults in it.

The folder is called <check>-<what>. Its check must report exactly the lines that say BAD, or, where
none can (a file's name or place is the fault), exactly the paths listed in its file .expected.
"""
import os
import sys

import lint

BAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'bad')


def expected(tree):
    if tree.has('.expected'):
        return {(path, 1) for path in tree.read('.expected').split()}
    return {(path, number) for path in tree.paths
            for number, line in enumerate(tree.read(path).split('\n'), start=1) if 'BAD' in line}


def main():
    wrong = 0
    tested = set()
    for name in sorted(os.listdir(BAD)):
        check = name.split('-')[0]
        tree = lint.Tree(os.path.join(BAD, name))
        want = expected(tree)
        lint.CHECKS[check](tree)
        got = {(path, line) for path, line, _ in tree.found}
        tested.add(check)
        if not want or got != want:
            wrong += 1
            print(f'bad/{name}: not reported {sorted(want - got)}, reported too {sorted(got - want)}')
    for check in sorted(set(lint.CHECKS) - tested):
        wrong += 1
        print(f'the check {check} has no example in bad/')
    print(f'{len(os.listdir(BAD))} examples, {wrong} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
