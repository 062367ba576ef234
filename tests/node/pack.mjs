// SPDX-License-Identifier: Apache-2.0
// Packed bytes: as they are, or raw deflate with a preset dictionary (docs/protocol.md, "Parcel").

import { readFileSync } from 'node:fs';
import zlib from 'node:zlib';

export const STORED = 0;
const DEFLATED = 1;

// Of what this client packs. It reads all up to it.
export const DICTIONARY = 1;

/** The bytes of a dictionary, from the C file that tells them to everybody. */
export function dictionaryRead(number) {
	const url = new URL(`../../protocol/dictionary/dictionary_${number}.c`, import.meta.url);
	const [, list] = /\{([^}]*)\}/.exec(readFileSync(url, 'utf8').replace(/\/\*.*?\*\//gs, ''));

	return Buffer.from(list.match(/0x[0-9a-f]{2}/g).map(Number));
}

const dictionaries = [{}];
for (let number = 1; number <= DICTIONARY; number++) {
	dictionaries.push({ dictionary: dictionaryRead(number) });
}

export function unpack(method, dictionary, packed, limit) {
	if (dictionaries[dictionary] === undefined || (method !== STORED && method !== DEFLATED)) {
		throw new Error(`unsupported: method ${method}, dictionary ${dictionary}`);
	}
	if (method === DEFLATED) {
		return zlib.inflateRawSync(packed, { maxOutputLength: limit, ...dictionaries[dictionary] });
	}
	if (packed.length > limit) {
		throw new Error(`more than ${limit} bytes`);
	}
	return packed;
}

/** [method, packed bytes], whichever are fewer. */
export function packSmaller(plain) {
	const deflated = zlib.deflateRawSync(plain, { level: 9, ...dictionaries[DICTIONARY] });

	return deflated.length < plain.length ? [DEFLATED, deflated] : [STORED, plain];
}
