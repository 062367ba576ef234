// SPDX-License-Identifier: Apache-2.0
// Deterministic CBOR, the part of it that Sambung uses (docs/protocol.md, "CBOR").
//
// Integers are numbers where these are exact and BigInts beyond; byte strings are Buffers; maps are
// Maps. What decode() takes, encode() writes to the same bytes again.

const DEPTH_MAX = 16;

/** Bytes that are CBOR already, to stand inside something that is encoded. */
export class Encoded {
	constructor(bytes) {
		this.bytes = bytes;
	}
}

function head(major, argument) {
	const value = BigInt(argument);

	if (value < 24n) {
		return Buffer.from([(major << 5) | Number(value)]);
	}
	for (const [code, size] of [[24, 1], [25, 2], [26, 4], [27, 8]]) {
		if (value < 1n << BigInt(8 * size)) {
			const bytes = Buffer.alloc(1 + size);

			bytes[0] = (major << 5) | code;
			for (let i = 0; i < size; i++) {
				bytes[size - i] = Number((value >> BigInt(8 * i)) & 255n);
			}
			return bytes;
		}
	}
	throw new Error(`an integer of more than 64 bits: ${value}`);
}

function encodeInteger(value) {
	const integer = BigInt(value);

	return integer >= 0n ? head(0, integer) : head(1, -1n - integer);
}

function encodeText(text) {
	const bytes = Buffer.from(text, 'utf8');

	if (bytes.includes(0) || bytes.toString('utf8') !== text) {
		throw new Error('a text with NUL or half a character');
	}
	return Buffer.concat([head(3, bytes.length), bytes]);
}

function encodeMap(map) {
	const pairs = [...map].map(([key, value]) => [encode(key), encode(value)]);

	pairs.sort(([a], [b]) => Buffer.compare(a, b));
	for (let i = 1; i < pairs.length; i++) {
		if (pairs[i - 1][0].equals(pairs[i][0])) {
			throw new Error('a key stands twice');
		}
	}
	return Buffer.concat([head(5, map.size), ...pairs.flat()]);
}

export function encode(value) {
	if (value instanceof Encoded) {
		return value.bytes;
	}
	if (value instanceof Uint8Array) {
		return Buffer.concat([head(2, value.length), value]);
	}
	if (value instanceof Map) {
		return encodeMap(value);
	}
	if (Array.isArray(value)) {
		return Buffer.concat([head(4, value.length), ...value.map(encode)]);
	}
	if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
		return encodeInteger(value);
	}
	if (typeof value === 'string') {
		return encodeText(value);
	}
	if (value === false || value === true || value === null) {
		return Buffer.from([value === null ? 0xf6 : value ? 0xf5 : 0xf4]);
	}
	throw new Error(`no CBOR for ${typeof value} ${String(value)}`);
}

class Reader {
	constructor(bytes, at) {
		this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
		this.at = at;
	}

	take(length) {
		if (length > this.bytes.length - this.at) {
			throw new Error(`CBOR is cut off at byte ${this.bytes.length}`);
		}
		this.at += length;
		return this.bytes.subarray(this.at - length, this.at);
	}

	head() {
		const first = this.take(1)[0];
		const major = first >> 5;
		const short = first & 31;

		if (short < 24) {
			return [major, BigInt(short)];
		}
		if (major === 7 || short > 27) {
			throw new Error(`not allowed here: CBOR byte 0x${first.toString(16)}`);
		}
		const size = 1 << (short - 24);
		const value = BigInt(`0x${this.take(size).toString('hex')}`);
		if (value < 24n || (size > 1 && value < 1n << BigInt(4 * size))) {
			throw new Error('CBOR that is not in shortest form');
		}
		return [major, value];
	}

	count(argument) {
		if (argument > BigInt(this.bytes.length - this.at)) {
			throw new Error('CBOR tells more items than there are bytes');
		}
		return Number(argument);
	}

	text(length) {
		const bytes = this.take(length);
		const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

		if (bytes.includes(0)) {
			throw new Error('a text with NUL');
		}
		return text;
	}

	map(pairs, depth) {
		const map = new Map();
		let before = null;

		for (let i = 0; i < pairs; i++) {
			const start = this.at;
			const key = this.item(depth + 1);
			const bytes = this.bytes.subarray(start, this.at);

			if (before !== null && Buffer.compare(before, bytes) >= 0) {
				throw new Error('the keys of a map do not ascend');
			}
			before = bytes;
			map.set(key, this.item(depth + 1));
		}
		return map;
	}

	array(count, depth) {
		const items = [];

		for (let i = 0; i < count; i++) {
			items.push(this.item(depth + 1));
		}
		return items;
	}

	item(depth) {
		if (depth > DEPTH_MAX) {
			throw new Error(`CBOR is nested more than ${DEPTH_MAX} deep`);
		}
		const [major, argument] = this.head();
		switch (major) {
		case 0:
			return plain(argument);
		case 1:
			return plain(-1n - argument);
		case 2:
			return this.take(this.count(argument));
		case 3:
			return this.text(this.count(argument));
		case 4:
			return this.array(this.count(argument), depth);
		case 5:
			return this.map(this.count(argument), depth);
		default:
			return simple(major, argument);
		}
	}
}

function plain(integer) {
	const number = Number(integer);

	return Number.isSafeInteger(number) ? number : integer;
}

function simple(major, argument) {
	const values = new Map([[20n, false], [21n, true], [22n, null]]);

	if (major !== 7 || !values.has(argument)) {
		throw new Error(`not allowed here: CBOR of major type ${major}`);
	}
	return values.get(argument);
}

/** One item from `at` on: [the value, where it ends]. */
export function decodeAt(bytes, at = 0) {
	const reader = new Reader(bytes, at);
	const value = reader.item(1);

	return [value, reader.at];
}

/** Exactly one item. */
export function decode(bytes) {
	const [value, end] = decodeAt(bytes);

	if (end !== bytes.length) {
		throw new Error(`${bytes.length - end} bytes behind the CBOR`);
	}
	return value;
}
