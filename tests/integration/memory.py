# SPDX-License-Identifier: Apache-2.0
"""Looks for words in the memory of a process, which takes root.

usage: memory.py PID <WORDS

A line of WORDS is "NAME TEXT" or "NAME hex:BYTES". Prints each NAME with how often its second half
was found there: memory that was freed begins with the allocator's own notes.
"""
import re
import sys

READABLE = re.compile(r'([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+\s*(?!\[v)')
PIECE = 1 << 24
LARGE = 1 << 28  # an address sanitizer's own


def second_half(text):
    whole = bytes.fromhex(text[4:]) if text.startswith('hex:') else text.encode()
    return whole[len(whole) // 2:]


def pieces(pid):
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as memory:
        for line in maps:
            found = READABLE.match(line)
            if not found:
                continue
            start, end = (int(number, 16) for number in found.groups())
            if end - start > LARGE:
                continue
            try:
                memory.seek(start)
                content = b''
                while len(content) < end - start:
                    piece = memory.read(min(PIECE, end - start - len(content)))
                    if not piece:
                        break
                    content += piece
                yield content
            except OSError:  # of a device, or given back since
                continue


def main():
    words = [line.split(maxsplit=1) for line in sys.stdin if line.strip()]
    wanted = [(name, second_half(text.strip())) for name, text in words]
    counts = dict.fromkeys((name for name, _ in wanted), 0)
    for content in pieces(sys.argv[1]):
        for name, word in wanted:
            counts[name] += content.count(word)
    for name, count in counts.items():
        print(name, count)


main()
