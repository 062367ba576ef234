// SPDX-License-Identifier: Apache-2.0
// Integers that mean the same, coded together (docs/protocol.md, "Columns"). Values are BigInts.

const CONSTANT = 0x80;
const PLAIN = 0x81;
const DELTA = 0x82;
const IDS = 0x83;
const WITH_UNIT = 0x04;
const WITH_NARROW = 0x08;
const WIDTH_MAX = 64;
const STREAMS_MAX = 256;
const STREAM_MAX = 2n ** 31n - 1n;

function zigzag(value) {
	return value < 0n ? -2n * value - 1n : 2n * value;
}

function unzigzag(value) {
	return (value & 1n) === 1n ? -(value >> 1n) - 1n : value >> 1n;
}

function widthOf(value) {
	return value === 0n ? 0 : value.toString(2).length;
}

function unsigned(value) {
	return BigInt.asUintN(64, value);
}

// ---- writing

function varintLength(value) {
	return Math.max(1, Math.ceil(widthOf(value) / 7));
}

function commonDivisor(a, b) {
	return b === 0n ? a : commonDivisor(b, a % b);
}

function allEqual(values) {
	return values.every((value) => value === values[0]);
}

/** A column as it would be written, and what that costs in bits. */
function plan(values, delta) {
	const numbers = delta ? values.slice(1).map((value, i) => BigInt.asIntN(64, value - values[i])) :
		values;
	const base = numbers.reduce((least, number) => (number < least ? number : least));
	const above = numbers.map((number) => unsigned(number - base));
	const unit = above.reduce(commonDivisor, 0n) || 1n;
	const packed = above.map((number) => number / unit);
	const widths = packed.map(widthOf);
	const width = Math.max(...widths);
	let head = 2 + varintLength(zigzag(base)) + (unit > 1n ? varintLength(unit) : 0);
	let cost = packed.length * width;
	let narrow = null;

	for (let i = 0, fit = 0; i < width; i++) {
		fit += widths.filter((one) => one === i).length;
		const narrowed = 8 + fit * (1 + i) + (packed.length - fit) * (1 + width);
		if (narrowed < cost) {
			cost = narrowed;
			narrow = i;
		}
	}
	head += delta ? varintLength(zigzag(values[0])) : 0;
	return { first: delta ? values[0] : null, base, unit, packed, width, narrow, cost: cost + 8 * head };
}

function cheapest(values) {
	const plain = plan(values, false);
	const delta = plan(values, true);

	return delta.cost < plain.cost ? delta : plain;
}

function costOf(values) {
	return allEqual(values) ? 8 * (1 + varintLength(zigzag(values[0]))) : cheapest(values).cost;
}

export class ColumnWriter {
	constructor() {
		this.headBytes = [];
		this.bitList = [];
		this.streams = [];
	}

	get heads() {
		return Buffer.from(this.headBytes);
	}

	get bits() {
		const bytes = Buffer.alloc(Math.ceil(this.bitList.length / 8));

		this.bitList.forEach((bit, i) => {
			bytes[i >> 3] |= bit << (i & 7);
		});
		return bytes;
	}

	byte(value) {
		this.headBytes.push(value);
	}

	bytes(bytes) {
		for (const byte of bytes) {
			this.headBytes.push(byte);
		}
	}

	varint(value) {
		let left = BigInt(value);

		for (; left >= 128n; left >>= 7n) {
			this.byte(Number(left & 127n) | 128);
		}
		this.byte(Number(left));
	}

	putBits(value, width) {
		for (let i = 0; i < width; i++) {
			this.bitList.push(Number((value >> BigInt(i)) & 1n));
		}
	}

	constant(value) {
		if (zigzag(value) >= 128n) {
			this.byte(CONSTANT);
		}
		this.varint(zigzag(value));
	}

	packed({ first, base, unit, packed, width, narrow }) {
		this.byte((first === null ? PLAIN : DELTA) | (unit > 1n ? WITH_UNIT : 0) |
			(narrow === null ? 0 : WITH_NARROW));
		if (first !== null) {
			this.varint(zigzag(first));
		}
		this.varint(zigzag(base));
		if (unit > 1n) {
			this.varint(unit);
		}
		this.byte(width);
		if (narrow !== null) {
			this.byte(narrow);
		}
		for (const number of packed) {
			const wide = narrow === null || widthOf(number) > narrow;

			if (narrow !== null) {
				this.putBits(wide ? 1n : 0n, 1);
			}
			this.putBits(number, wide ? width : narrow);
		}
	}

	/** A column that is never one of ids. */
	counts(values) {
		const numbers = values.map(BigInt);

		if (allEqual(numbers)) {
			this.constant(numbers[0]);
		} else {
			this.packed(cheapest(numbers));
		}
	}

	/** True if the column costs less as ids, and was written so. */
	ids(values) {
		const streams = [...this.streams];

		if (values.some((value) => value >> 32n <= 0n)) {
			return false;
		}
		const indexes = values.map((value) => {
			if (!streams.includes(value >> 32n)) {
				streams.push(value >> 32n);
			}
			return BigInt(streams.indexOf(value >> 32n));
		});
		const lows = values.map((value) => value & 0xffffffffn);
		const added = streams.slice(this.streams.length);
		const cost = added.reduce((sum, stream) => sum + 8 * varintLength(stream), 16);
		if (streams.length > STREAMS_MAX ||
		    cost + costOf(indexes) + costOf(lows) >= costOf(values)) {
			return false;
		}
		this.byte(IDS);
		this.varint(added.length);
		added.forEach((stream) => this.varint(stream));
		this.streams = streams;
		this.counts(indexes);
		this.counts(lows);
		return true;
	}

	column(values) {
		const numbers = values.map(BigInt);

		if (!this.ids(numbers)) {
			this.counts(numbers);
		}
	}
}

// ---- reading

export class ColumnReader {
	constructor(heads, bits) {
		this.heads = heads;
		this.at = 0;
		this.bits = bits;
		this.bitAt = 0;
		this.streams = [];
	}

	get left() {
		return this.heads.length - this.at;
	}

	take(length) {
		if (length > this.left) {
			throw new Error('heads are cut off');
		}
		this.at += length;
		return this.heads.subarray(this.at - length, this.at);
	}

	byte() {
		return this.take(1)[0];
	}

	varint() {
		let value = 0n;

		for (let shift = 0n; shift < 64n; shift += 7n) {
			const byte = this.byte();

			value |= BigInt(byte & 127) << shift;
			if (byte < 128) {
				if (value >= 1n << 64n) {
					break;
				}
				return value;
			}
		}
		throw new Error('a varint of more than 64 bits');
	}

	signed() {
		return unzigzag(this.varint());
	}

	takeBits(width) {
		let value = 0n;

		if (this.bitAt + width > 8 * this.bits.length) {
			throw new Error('bits are cut off');
		}
		for (let i = 0; i < width; i++, this.bitAt++) {
			const bit = (this.bits[this.bitAt >> 3] >> (this.bitAt & 7)) & 1;

			value |= BigInt(bit) << BigInt(i);
		}
		return value;
	}

	packed(head, count) {
		const kind = head & ~(WITH_UNIT | WITH_NARROW);

		if (kind !== PLAIN && kind !== DELTA) {
			throw new Error(`a column with the head ${head}`);
		}
		const values = kind === DELTA ? [this.signed()] : [];
		const base = this.signed();
		const unit = (head & WITH_UNIT) !== 0 ? this.varint() : 1n;
		const width = this.byte();
		const narrow = (head & WITH_NARROW) !== 0 ? this.byte() : null;
		if (width > WIDTH_MAX || (narrow !== null && narrow >= width) ||
		    ((head & WITH_UNIT) !== 0 && unit < 2n)) {
			throw new Error('a width or unit of a column');
		}
		while (values.length < count) {
			const wide = narrow === null || this.takeBits(1) === 1n;
			const number = base + unit * this.takeBits(wide ? width : narrow);
			const before = kind === DELTA ? values[values.length - 1] : 0n;

			values.push(BigInt.asIntN(64, before + number));
		}
		return values;
	}

	plain(head, count) {
		if (head > CONSTANT) {
			return this.packed(head, count);
		}
		const value = head < CONSTANT ? unzigzag(BigInt(head)) : this.signed();
		return new Array(count).fill(value);
	}

	/** Numbers from 0 to `limit`, in a column that is not one of ids. */
	counts(count, limit) {
		const values = this.plain(this.byte(), count);

		if (values.some((value) => value < 0n || value > BigInt(limit))) {
			throw new Error(`a column with values that are not 0 to ${limit}`);
		}
		return values.map((value) => (value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value)));
	}

	ids(count) {
		const added = this.varint();

		if (added > BigInt(STREAMS_MAX - this.streams.length)) {
			throw new Error('too many streams');
		}
		for (let i = 0n; i < added; i++) {
			const stream = this.varint();

			if (stream === 0n || stream > STREAM_MAX) {
				throw new Error(`a column of ids with the stream ${stream}`);
			}
			this.streams.push(stream);
		}
		const indexes = this.counts(count, this.streams.length - 1);
		const lows = this.counts(count, 2 ** 32 - 1);
		return lows.map((low, i) => (this.streams[indexes[i]] << 32n) | BigInt(low));
	}

	column(count) {
		const head = this.byte();

		return head === IDS ? this.ids(count) : this.plain(head, count);
	}

	/** All heads and all bits were taken, but for what is left of the last byte of bits. */
	end() {
		if (this.left !== 0 || this.bits.length !== Math.ceil(this.bitAt / 8)) {
			throw new Error('a tail behind the columns');
		}
	}
}
