// SPDX-License-Identifier: Apache-2.0
// Rows of CBOR turned into columns and back (docs/protocol.md, "Columns").

import { decode, decodeAt, encode } from './cbor.mjs';
import { ColumnReader, ColumnWriter } from './column.mjs';

const ROWS_MAX = 8192;
const NODES_MAX = 4096;
const KEYS_MAX = 1100;
const DEPTH_MAX = 16;
const GROUPS_MAX = 256;
const WORK_MAX = 32 * 1024 * 1024;
const DIGITS = 128;
const DIGITS_MAX = 18;

// In the order of their bits.
const KINDS = ['integer', 'bytes', 'text', 'array', 'map', 'boolean', 'null'];

function kindOf(value) {
	switch (typeof value) {
	case 'number':
	case 'bigint':
		return 'integer';
	case 'string':
		return 'text';
	case 'boolean':
		return 'boolean';
	default:
		return value === null ? 'null' : Array.isArray(value) ? 'array' :
			value instanceof Map ? 'map' : 'bytes';
	}
}

// Order of the encodings: 0, 1, 2, … then -1, -2, …
function keyOrder(a, b) {
	return Buffer.compare(encode(a), encode(b));
}

/** What both directions may do at most. */
class Bounds {
	constructor() {
		this.nodes = 0;
		this.work = 0;
	}

	node(depth) {
		this.nodes++;
		if (this.nodes > NODES_MAX || depth > DEPTH_MAX) {
			throw new Error('too many nodes, or nested too deep');
		}
	}

	works(steps) {
		this.work += steps;
		if (this.work > WORK_MAX) {
			throw new Error('columns that make too much work');
		}
	}
}

// ---- writing

class Writer {
	constructor() {
		this.out = new ColumnWriter();
		this.bounds = new Bounds();
	}

	counts(values) {
		this.bounds.works(values.length);
		this.out.counts(values);
	}

	strings(list) {
		this.counts(list.map((bytes) => bytes.length));
		list.forEach((bytes) => this.out.bytes(bytes));
	}

	texts(list, digits) {
		if (digits) {
			this.out.counts([list[0].length]);
			this.counts(list.map(BigInt));
		} else {
			this.strings(list.map((text) => Buffer.from(text, 'utf8')));
		}
	}

	arrays(list, depth) {
		const longest = list.reduce((most, array) => Math.max(most, array.length), 0);

		this.counts(list.map((array) => array.length));
		this.bounds.works(longest * list.length);
		for (let i = 0; i < longest; i++) {
			this.node(list.filter((array) => array.length > i).map((array) => array[i]), depth + 1);
		}
	}

	maps(list, depth) {
		const keys = [...new Set(list.flatMap((map) => [...map.keys()]))].sort(keyOrder);

		if (keys.length > KEYS_MAX || keys.some((key) => kindOf(key) !== 'integer')) {
			throw new Error('keys that columns do not take');
		}
		this.out.varint(keys.length);
		this.bounds.works(keys.length * list.length);
		for (const key of keys) {
			const having = list.filter((map) => map.has(key));

			this.out.bytes(encode(key));
			this.counts(list.map((map) => (map.has(key) ? 1 : 0)));
			this.node(having.map((map) => map.get(key)), depth + 1);
		}
	}

	kind(kind, list, digits, depth) {
		switch (kind) {
		case 'integer':
			if (list.some((value) => BigInt.asIntN(64, BigInt(value)) !== BigInt(value))) {
				throw new Error('an integer beyond 64 bits');
			}
			this.bounds.works(list.length);
			return this.out.column(list);
		case 'bytes':
			return this.strings(list);
		case 'text':
			return this.texts(list, digits);
		case 'array':
			return this.arrays(list, depth);
		case 'map':
			return this.maps(list, depth);
		case 'boolean':
			return this.counts(list.map((value) => (value ? 1 : 0)));
		default:
			return undefined;
		}
	}

	node(items, depth) {
		const kinds = items.map(kindOf);
		const present = KINDS.filter((kind) => kinds.includes(kind));
		const texts = items.filter((item) => typeof item === 'string');
		const digits = texts.length > 0 && texts.every((text) => /^[0-9]{1,18}$/.test(text) &&
			text.length === texts[0].length);
		const bits = present.reduce((sum, kind) => sum + (1 << KINDS.indexOf(kind)), 0);

		this.bounds.node(depth);
		this.out.byte(bits + (digits ? DIGITS : 0));
		if (present.length > 1) {
			this.bounds.works(items.length);
			this.counts(kinds.map((kind) => present.indexOf(kind)));
		}
		for (const kind of present) {
			this.kind(kind, items.filter((item, i) => kinds[i] === kind), digits, depth);
		}
	}

	rows(rows, groups) {
		const different = [...new Set(groups)];

		if (rows.length < 1 || rows.length > ROWS_MAX || different.length > GROUPS_MAX) {
			throw new Error('too many rows or groups');
		}
		this.out.varint(different.length);
		this.bounds.works(2 * different.length * rows.length);
		if (different.length > 1) {
			this.counts(groups.map((group) => different.indexOf(group)));
		}
		for (const group of different) {
			this.node(rows.filter((row, i) => groups[i] === group).map((row) => decode(row)), 1);
		}
	}
}

/** {heads, bits} of rows, each CBOR, that are told apart by any number; null if they cannot be said. */
export function columnsPut(rows, groups) {
	const writer = new Writer();

	try {
		writer.rows(rows, groups);
	} catch {
		return null;
	}
	return { heads: writer.out.heads, bits: writer.out.bits };
}

// ---- reading

class Reader {
	constructor(heads, bits) {
		this.in = new ColumnReader(heads, bits);
		this.bounds = new Bounds();
	}

	counts(count, limit) {
		this.bounds.works(count);
		return this.in.counts(count, limit);
	}

	strings(count) {
		const lengths = this.counts(count, this.in.left);

		return lengths.map((length) => this.in.take(length));
	}

	texts(count, digits) {
		if (!digits) {
			const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

			return this.strings(count).map((bytes) => utf8.decode(bytes));
		}
		const [length] = this.in.counts(1, DIGITS_MAX);
		if (length === 0) {
			throw new Error('digits of no length');
		}
		return this.counts(count, 10n ** BigInt(length) - 1n)
			.map((number) => String(number).padStart(length, '0'));
	}

	arrays(count, depth) {
		const lengths = this.counts(count, NODES_MAX);
		const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
		const arrays = lengths.map(() => []);

		for (let i = 0; i < longest; i++) {
			this.bounds.works(count);
			const having = arrays.filter((_, k) => lengths[k] > i);
			const items = this.node(having.length, depth + 1);

			having.forEach((array, k) => array.push(items[k]));
		}
		return arrays;
	}

	key() {
		const [key, end] = decodeAt(this.in.heads, this.in.at);

		if (kindOf(key) !== 'integer' || BigInt.asIntN(64, BigInt(key)) !== BigInt(key)) {
			throw new Error('a key that is no integer');
		}
		this.in.at = end;
		return key;
	}

	maps(count, depth) {
		const keys = this.in.varint();
		const maps = Array.from({ length: count }, () => new Map());
		let before = null;

		if (keys > BigInt(KEYS_MAX)) {
			throw new Error('too many keys');
		}
		for (let i = 0; i < Number(keys); i++) {
			const key = this.key();
			if (before !== null && keyOrder(before, key) >= 0) {
				throw new Error('keys that do not ascend');
			}
			before = key;
			this.bounds.works(count);
			const present = this.counts(count, 1);
			const having = maps.filter((_, k) => present[k] === 1);
			if (having.length === 0) {
				throw new Error('a key that no map has');
			}
			const items = this.node(having.length, depth + 1);
			having.forEach((map, k) => map.set(key, items[k]));
		}
		return maps;
	}

	kind(kind, count, digits, depth) {
		switch (kind) {
		case 'integer':
			this.bounds.works(count);
			return this.in.column(count);
		case 'bytes':
			return this.strings(count);
		case 'text':
			return this.texts(count, digits);
		case 'array':
			return this.arrays(count, depth);
		case 'map':
			return this.maps(count, depth);
		case 'boolean':
			return this.counts(count, 1).map((value) => value === 1);
		default:
			return new Array(count).fill(null);
		}
	}

	/** `count` items, in the order of the rows. */
	node(count, depth) {
		this.bounds.node(depth);
		const first = this.in.byte();
		const kinds = KINDS.filter((_, i) => ((first >> i) & 1) === 1);
		const digits = (first & DIGITS) !== 0;

		if (kinds.length === 0 || (digits && !kinds.includes('text'))) {
			throw new Error(`a node of the kinds ${first}`);
		}
		let which = new Array(count).fill(0);
		if (kinds.length > 1) {
			this.bounds.works(count);
			which = this.counts(count, kinds.length - 1);
		}
		const lists = kinds.map((kind, i) => {
			const having = which.filter((one) => one === i).length;

			if (having === 0) {
				throw new Error(`a node of ${kind} without any`);
			}
			return this.kind(kind, having, digits, depth);
		});
		const places = kinds.map(() => 0);
		return which.map((one) => lists[one][places[one]++]);
	}

	rows(count) {
		const groups = this.in.varint();
		const rows = [];

		if (groups < 1n || groups > BigInt(GROUPS_MAX) || count < 1 || count > ROWS_MAX) {
			throw new Error('too many rows or groups, or none');
		}
		const which = groups > 1n ? this.counts(count, Number(groups) - 1) : new Array(count).fill(0);
		for (let i = 0; i < Number(groups); i++) {
			const places = which.flatMap((group, k) => (group === i ? [k] : []));

			this.bounds.works(2 * count);
			if (places.length === 0) {
				throw new Error('a group without rows');
			}
			this.node(places.length, 1).forEach((item, k) => {
				rows[places[k]] = encode(item);
			});
		}
		this.in.end();
		return rows;
	}
}

/** The bytes of `count` rows, each of at most `limit` bytes. */
export function columnsGet(heads, bits, count, limit) {
	const rows = new Reader(heads, bits).rows(count);

	if (rows.some((row) => row.length > limit)) {
		throw new Error(`a row of more than ${limit} bytes`);
	}
	return rows;
}
