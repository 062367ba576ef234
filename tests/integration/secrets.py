# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets in a file, as they are written and as the bytes that this stands for.

usage: secrets.py FILE SECRET...
       secrets.py --hex|--raw SECRET...

A SECRET is a file: server.key, a device.key, or a token, an enrolment code or the value of a
cookie as text. Prints the names of those that FILE has; with --hex a line "NAME hex:BYTES" for each
of all, with --raw nothing but their bytes.
"""
import base64
import os
import sys

# As daemon/trust/keys.c and protocol/enrolment.c have them.
SERVER_KEY = {'log': slice(21, 53), 'box': slice(55, 87)}
CODE_SECRET = slice(34, 50)
PREFIXES = (b'sbt_', b'sb1.')


def decoded(text):
    return base64.urlsafe_b64decode(text + b'=' * (-len(text) % 4))


def secrets_of(path):
    name = os.path.basename(path)
    content = open(path, 'rb').read()
    if name == 'server.key':
        for part, place in SERVER_KEY.items():
            yield f'{name}:{part}', content[place]
    elif name == 'device.key':
        yield name, content
    else:
        text = content.strip()
        yield f'{name}:text', text
        bare = text[4:] if text[:4] in PREFIXES else text
        data = decoded(bare)
        yield f'{name}:bytes', data[CODE_SECRET] if text[:4] == b'sb1.' else data


def main():
    what = sys.argv[1]
    content = b'' if what in ('--hex', '--raw') else open(what, 'rb').read()
    for path in sys.argv[2:]:
        for name, secret in secrets_of(path):
            if len(secret) < 16:
                raise SystemExit(f'{name} has {len(secret)} bytes')
            if what == '--hex':
                print(f'{name} hex:{secret.hex()}')
            elif what == '--raw':
                sys.stdout.buffer.write(secret)
            elif secret in content:
                print(name)


main()
