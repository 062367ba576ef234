// SPDX-License-Identifier: Apache-2.0
// Changes and records, both ways (docs/protocol.md, "Change" and "Record").

import { decode, encode } from './cbor.mjs';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export function idMake(stream, n) {
	return (BigInt(stream) << 32n) | BigInt(n);
}

function checkSymbol(digits) {
	let check = 0;

	for (const digit of digits) {
		check = (check ^ digit) << 1;
		check = check < 32 ? check : check ^ 0x25;
	}
	return check;
}

export function idFormat(id) {
	const digits = [...BigInt(id).toString(32)].map((digit) => parseInt(digit, 32));

	return 'r' + [...digits, checkSymbol(digits)].map((digit) => ALPHABET[digit]).join('');
}

export function idParse(text) {
	const plain = text.toLowerCase().replaceAll('o', '0').replace(/[il]/g, '1');
	const digits = [...plain.slice(1)].map((symbol) => ALPHABET.indexOf(symbol));
	const check = digits.pop();

	if (!plain.startsWith('r') || digits.length < 1 || digits.length > 13 || digits.includes(-1) ||
	    digits[0] === 0 || check !== checkSymbol(digits)) {
		throw new Error(`not a record id: ${text}`);
	}
	return digits.reduce((id, digit) => (id << 5n) | BigInt(digit), 0n);
}

// ---- changes

const CHANGE_KEYS = ['', 'n', 'kind', 'record', 'type', 'schema_version', 'scope_version', 'base',
	'own', 'time', 'quality', 'fields', 'was', 'first_hash'];

/** The canonical bytes. fields: Map of tag to value; what is undefined is left out. */
export function changeEncode(change) {
	const map = new Map();

	for (let key = 1; key < CHANGE_KEYS.length; key++) {
		if (change[CHANGE_KEYS[key]] !== undefined) {
			map.set(key, change[CHANGE_KEYS[key]]);
		}
	}
	return encode(map);
}

export function changeDecode(bytes) {
	const change = {};

	for (const [key, value] of decode(bytes)) {
		if (CHANGE_KEYS[key] === undefined || key === 0) {
			throw new Error(`a change with the key ${key}`);
		}
		change[CHANGE_KEYS[key]] = value;
	}
	return change;
}

// ---- records

function back(version, seq) {
	return seq === 0 ? null : version - seq;
}

function forth(version, item) {
	return item === null ? 0 : version - item;
}

function idParts(id) {
	return [Number(BigInt(id) >> 32n), Number(BigInt(id) & 0xffffffffn)];
}

function dotDecode(record, item) {
	const [stream, n] = idParts(record.id);
	const dot = {
		seq: forth(record.version, item[0]),
		time: item[1],
		n: item[2] ?? n,
		stream: item[3] ?? stream,
		base: item.length >= 6 ? { epoch: item[4], version: forth(record.version, item[5]) } :
			{ epoch: 0, version: 0 },
		own_stream: item[7] ?? 0,
	};

	dot.own = item[6] ?? dot.n - 1;
	return dot;
}

function dotEncode(record, dot) {
	const [stream, n] = idParts(record.id);
	const items = [back(record.version, dot.seq), dot.time, dot.n, dot.stream, dot.base.epoch,
		back(record.version, dot.base.version), dot.own, dot.own_stream];
	let count = 2;

	if (dot.own_stream !== 0) {
		count = 8;
	} else if (dot.own !== dot.n - 1) {
		count = 7;
	} else if (dot.base.epoch !== 0) {
		count = 6;
	} else if (dot.stream !== stream) {
		count = 4;
	} else if (dot.n !== n) {
		count = 3;
	}
	return items.slice(0, count);
}

function mainDot(record) {
	const [stream, n] = idParts(record.id);
	const maker = record.dots.findIndex((dot) => dot.stream === stream && dot.n === n);

	return maker < 0 ? 0 : maker;
}

function membersDecode(record, items) {
	const members = [];

	for (let i = 1; i < items.length; i += 2) {
		const code = items[i];
		const dot = code >> 2;
		const member = { dot, top: (code & 1) === 0, rank: record.dots[dot].seq, value: items[i + 1] };

		if ((code & 2) !== 0) {
			member.rank = forth(record.version, items[i + 2]);
			i++;
		}
		members.push(member);
	}
	return members;
}

function fieldDecode(record, item) {
	if (Array.isArray(item) && item.length >= 3) {
		return { version: forth(record.version, item[0]), members: membersDecode(record, item) };
	}
	const main = mainDot(record);
	const seq = record.dots[main].seq;
	return { version: seq, members: [{ dot: main, top: true, rank: seq, value: item }] };
}

function fieldEncode(record, field) {
	const [only] = field.members;
	const seq = record.dots[only.dot].seq;

	if (field.members.length === 1 && only.top && only.dot === mainDot(record) &&
	    only.rank === seq && field.version === seq) {
		return only.value;
	}
	return [back(record.version, field.version), ...field.members.flatMap((member) => {
		const ranked = member.rank !== record.dots[member.dot].seq;
		const code = 4 * member.dot + (ranked ? 2 : 0) + (member.top ? 0 : 1);

		return ranked ? [code, member.value, back(record.version, member.rank)] : [code, member.value];
	})];
}

/** {id, type, village, version, dots, fields: Map of tag to {version, members}}. */
export function recordDecode(bytes) {
	const [id, type, village, version, dots, entries] = decode(bytes);
	const record = { id, type, village, version, dots: [], fields: new Map() };

	record.dots = dots.map((item) => dotDecode(record, item));
	for (const [tag, entry] of entries) {
		record.fields.set(tag, fieldDecode(record, entry));
	}
	return record;
}

export function recordEncode(record) {
	return encode([record.id, record.type, record.village, record.version,
		record.dots.map((dot) => dotEncode(record, dot)),
		new Map([...record.fields].map(([tag, field]) => [tag, fieldEncode(record, field)]))]);
}
