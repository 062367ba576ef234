// SPDX-License-Identifier: Apache-2.0
// Which of these strings can still be found anywhere in these files and folders?
//
// usage: node find_traces.mjs STRINGS PATH...      STRINGS: a file, one string a line
//
// Each file is read whole, free pages and all: in any case of letters, as UTF-8, UTF-16 in both
// orders and hex. What looks like an SQLite database is besides read through sqlite3, every column
// of every row, so that a value that is spread over pages is found as well; each blob is also tried
// as something deflated. Prints {"wanted","found","strings":[…]} and which files.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync, inflateSync } from 'node:zlib';

const [list, ...places] = process.argv.slice(2);
const wanted = new Set(readFileSync(list, 'utf8').split('\n').filter(Boolean)
  .map((line) => line.toLowerCase()));
const found = new Map();

function* filesIn(place) {
  if (!statSync(place).isDirectory()) {
    yield place;
    return;
  }
  for (const name of readdirSync(place)) {
    yield* filesIn(join(place, name));
  }
}

// Strings are 14 or 16 letters and digits, perhaps amid others.
function lookIn(text, where) {
  for (const [run] of text.matchAll(/[a-z0-9]{14,}/g)) {
    for (let at = 0; at + 14 <= run.length; at++) {
      for (const length of [14, 16]) {
        const word = run.slice(at, at + length);
        if (word.length === length && wanted.has(word)) {
          found.set(word, where);
        }
      }
    }
  }
}

function lookInBytes(bytes, where) {
  const text = bytes.toString('latin1').toLowerCase();
  lookIn(text, where);
  // Every other byte, from either side: both orders of UTF-16, for what is ASCII.
  for (const [run] of text.matchAll(/(?:[a-z0-9]\0){14,}/g)) {
    lookIn(run.replaceAll('\0', ''), where);
  }
  for (const [run] of text.matchAll(/(?:[0-9a-f]{2}){28,}/g)) {
    for (const from of [0, 1]) {
      lookIn(Buffer.from(run.slice(from), 'hex').toString('latin1').toLowerCase(), where);
    }
  }
}

function lookInBlob(hex, where) {
  const bytes = Buffer.from(hex, 'hex');
  lookInBytes(bytes, where);
  for (const inflate of [inflateSync, inflateRawSync]) {
    for (const from of [0, 1, 2]) {
      try {
        lookInBytes(inflate(bytes.subarray(from)), where);
      } catch {
        // It is nothing deflated.
      }
    }
  }
}

function lookInDatabase(path) {
  const dump = execFileSync('sqlite3', [`file:${path}?mode=ro&immutable=1`, '.dump'],
    { encoding: 'latin1', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });
  lookIn(dump.toLowerCase(), `${path} (rows)`);
  for (const [, hex] of dump.matchAll(/X'([0-9a-fA-F]+)'/g)) {
    lookInBlob(hex, `${path} (blobs)`);
  }
}

for (const place of places) {
  for (const path of filesIn(place)) {
    const bytes = readFileSync(path);
    lookInBytes(bytes, path);
    if (bytes.subarray(0, 15).toString('latin1') === 'SQLite format 3') {
      lookInDatabase(path);
    }
  }
}
console.log(JSON.stringify({ wanted: wanted.size, found: found.size,
  strings: [...found].slice(0, 20) }));
