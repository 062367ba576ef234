#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the preset deflate dictionary of requests and replies from made-up text.

usage: train.py [--check | --check-again | --evaluate] [option ...]      see --help

Inputs are the lines of corpus/*.txt, one sample each, and the files of samples/, one unpacked request
or reply each. A dictionary is worth what deflate saves with it: a match of L bytes costs about as
much as PIECE - 1 literals, so it saves about L - (PIECE - 1) of them, one for each piece (run of PIECE
bytes) in it. A piece is worth the number of samples that hold it. Segments of samples are taken
greedily, the most worth per byte first; what is taken is worth nothing from then on. The first taken
stands last: there distances are shortest.

Whole numbers only, ties by place: the same inputs give the same bytes on every machine.
"""
import argparse
import collections
import hashlib
import heapq
import os
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
PIECE = 5
SEGMENT_MAX = 80
# What a segment pays for being a segment, in bytes: its ends match badly.
SEGMENT_COST = 16
SIZES = (2048, 4096, 8192)
SIZE_MAX = 32768 - 262  # zlib sees no further back
SCALE = 1 << 20
FOLDS = 5
BYTES_PER_LINE = 15


def read_corpus(folder):
    """{name of the file: its lines}"""
    kinds = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith('.txt'):
            with open(os.path.join(folder, name), 'rb') as file:
                kinds[name.removesuffix('.txt')] = [line for line in file.read().split(b'\n') if line]
    return kinds


def read_samples(folder):
    samples = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if not name.startswith('.'):
            with open(os.path.join(folder, name), 'rb') as file:
                samples.append(file.read())
    return samples


def pieces_of(sample):
    return {sample[at:at + PIECE] for at in range(len(sample) - PIECE + 1)}


def worths_of(options, lines, samples):
    """{piece: weighted number of lines and samples that hold it}"""
    worths = collections.Counter()
    for weight, inputs, rare in ((options.text_weight, lines, 1), (options.sample_weight, samples, 2)):
        counts = collections.Counter(piece for sample in inputs for piece in pieces_of(sample))
        # What one parcel alone holds is an id or a hash; a word in one line occurs elsewhere too.
        worths.update({piece: weight * count for piece, count in counts.items() if count >= rare})
    return worths


def best_segment(worths, sample, start):
    """(worth per byte, length) of the best segment that begins there"""
    best = (0, 0)
    worth = 0
    seen = set()
    for length in range(PIECE, min(SEGMENT_MAX, len(sample) - start) + 1):
        piece = sample[start + length - PIECE:start + length]
        if piece not in seen:
            seen.add(piece)
            worth += worths[piece]
        best = max(best, (worth * SCALE // (length + SEGMENT_COST), length))
    return best


def train(options, lines, samples, size):
    """The dictionary of that size; it is the end of a larger one."""
    worths = worths_of(options, lines, samples)
    inputs = lines + samples
    waiting = []
    for number, sample in enumerate(inputs):
        for start in range(len(sample) - PIECE + 1):
            waiting.append((-best_segment(worths, sample, start)[0], number, start))
    heapq.heapify(waiting)
    dictionary = b''
    while len(dictionary) < size and waiting:
        known, number, start = waiting[0]
        sample = inputs[number]
        worth, length = best_segment(worths, sample, start)
        # Worth only falls: what is still worth what it was is the best of all.
        if worth == -known and worth > 0:
            segment = sample[start:start + length]
            dictionary = segment + dictionary
            for piece in pieces_of(segment):
                worths[piece] = 0
        if worth == -known or worth == 0:
            heapq.heappop(waiting)
        else:
            heapq.heapreplace(waiting, (-worth, number, start))
    if len(dictionary) < size:
        sys.exit(f'train.py: the inputs yield {len(dictionary)} bytes, not {size}; add text')
    return dictionary[len(dictionary) - size:]


def lines_of(corpus):
    return [line for lines in corpus.values() for line in lines]


def inputs_hash(options, corpus, samples):
    """Of all that the dictionary follows from, this program included."""
    with open(os.path.abspath(__file__), 'rb') as program:
        inputs = [program.read(), repr((options.size, options.text_weight, options.sample_weight)).encode()]
    for kind, lines in corpus.items():
        inputs += [kind.encode(), *lines]
    whole = hashlib.sha256()
    for part in inputs + samples:
        whole.update(len(part).to_bytes(8, 'little') + part)
    return whole.hexdigest()


def c_source(options, dictionary, corpus, samples):
    inputs = ', '.join(f'{kind} ({len(lines)} lines)' for kind, lines in corpus.items())
    rows = [dictionary[at:at + BYTES_PER_LINE] for at in range(0, len(dictionary), BYTES_PER_LINE)]
    return '\n'.join([
        '/* SPDX-License-Identifier: Apache-2.0 */',
        '/* Generated by protocol/dictionary/train.py; do not edit: both sides need the same bytes.',
        ' * Inputs, all made up, from corpus/ and samples/:',
        f' *   {inputs};',
        f' *   {len(samples)} samples; weights {options.text_weight} and {options.sample_weight}.',
        f' * {len(dictionary)} bytes, SHA-256:',
        f' *   {hashlib.sha256(dictionary).hexdigest()}',
        ' * Inputs and train.py, SHA-256:',
        f' *   {inputs_hash(options, corpus, samples)}',
        ' */',
        '#include "dictionary_1.h"',
        '',
        '/* clang-format off */',
        'const uint8_t dictionary_1[] = {',
        *('\t' + ' '.join(f'0x{byte:02x},' for byte in row) for row in rows),
        '};',
        '/* clang-format on */',
        '',
        'const size_t dictionary_1_size = sizeof dictionary_1;',
        ''])


def dictionary_in(source):
    """The bytes of the array in a C file."""
    array = source.partition('dictionary_1[] = {')[2].partition('}')[0]
    return bytes(int(word.strip(), 16) for word in array.split(',') if word.strip())


def deflated_length(plain, dictionary):
    arguments = (zlib.Z_BEST_COMPRESSION, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY)
    packer = zlib.compressobj(*arguments, dictionary) if dictionary else zlib.compressobj(*arguments)
    return len(packer.compress(plain) + packer.flush())


def joined(lines, count):
    """Lines from all over the list, `count` at a time, one after the other as in a column."""
    step = len(lines) // count
    return [b''.join(lines[first::step][:count]) for first in range(step)]


def batches_of(corpus, samples):
    """{what it is: its batches}"""
    families = [b''.join(parts) for parts in zip(corpus['names'], corpus['addresses'])]
    long = [note for note in corpus['notes'] if len(note) >= 60]
    return {
        '6 notes': joined(corpus['notes'], 6),
        '20 notes': joined(corpus['notes'], 20),
        '20 notes of 60-120 bytes': joined(long, 20),
        '1 family (name, address)': families,
        '5 families, by column': [names + addresses for names, addresses in
                                  zip(joined(corpus['names'], 5), joined(corpus['addresses'], 5))],
        '1 stored sample': samples,
    }


def evaluate(options, corpus, samples):
    """Each line and sample is held out once, in one of the folds.

    Samples that quote the corpus make its text look better than it is: for text alone, --samples
    names an empty folder.
    """
    lengths = {}
    for fold in range(FOLDS):
        kept = {kind: [line for at, line in enumerate(lines) if at % FOLDS != fold]
                for kind, lines in corpus.items()}
        held = {kind: lines[fold::FOLDS] for kind, lines in corpus.items()}
        kept_samples = [sample for at, sample in enumerate(samples) if at % FOLDS != fold]
        dictionary = train(options, lines_of(kept), kept_samples, max(SIZES))
        for what, batches in batches_of(held, samples[fold::FOLDS]).items():
            for plain in batches:
                row = [len(plain), deflated_length(plain, b'')]
                row += [deflated_length(plain, dictionary[-size:]) for size in SIZES]
                lengths.setdefault(what, []).append(row)
    print(f'mean bytes of a batch by raw deflate; {FOLDS} folds, each batch unseen in training')
    print(f'{"":26}{"batches":>8}{"plain":>8}{"none":>8}' + ''.join(f'{size:>8}' for size in SIZES))
    for what, rows in lengths.items():
        means = [sum(column) / len(rows) for column in zip(*rows)]
        print(f'{what:26}{len(rows):8}' + ''.join(f'{mean:8.1f}' for mean in means))


def options_of(arguments):
    parser = argparse.ArgumentParser(description='Trains the preset deflate dictionary.')
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument('--check', action='store_true', help='fail unless the file is of these inputs')
    mode.add_argument('--check-again', action='store_true', help='likewise, by training again (30 s)')
    mode.add_argument('--evaluate', action='store_true', help='print bytes of text held out; write nothing')
    parser.add_argument('--corpus', default=os.path.join(HERE, 'corpus'), help='folder of text')
    parser.add_argument('--samples', default=os.path.join(HERE, 'samples'), help='folder of binary samples')
    parser.add_argument('--output', default=os.path.join(HERE, 'dictionary_1.c'), help='C file')
    parser.add_argument('--size', type=int, default=8192, help='bytes of the dictionary (8192)')
    parser.add_argument('--text-weight', type=int, default=1, help='worth of a line of text (1)')
    parser.add_argument('--sample-weight', type=int, default=1, help='worth of a sample (1)')
    options = parser.parse_args(arguments)
    if not 1 <= options.size <= SIZE_MAX or options.text_weight < 0 or options.sample_weight < 0:
        parser.error(f'the size is 1 to {SIZE_MAX}, weights are not negative')
    return options


def main(arguments):
    options = options_of(arguments)
    corpus = read_corpus(options.corpus)
    samples = read_samples(options.samples)
    if options.evaluate:
        evaluate(options, corpus, samples)
        return 0
    stored = ''
    if options.check or options.check_again:
        with open(options.output, encoding='ascii', newline='') as file:
            stored = file.read()
    dictionary = (dictionary_in(stored) if options.check else
                  train(options, lines_of(corpus), samples, options.size))
    source = c_source(options, dictionary, corpus, samples)
    if not stored:
        with open(options.output, 'w', encoding='ascii', newline='\n') as file:
            file.write(source)
        return 0
    if stored == source:
        return 0
    print(f'{options.output} is not what its inputs give. Before a release run train.py; after one, '
          'devices have it: leave it, and give new bytes a new number.')
    return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
