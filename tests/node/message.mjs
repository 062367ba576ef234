// SPDX-License-Identifier: Apache-2.0
// What stands inside a parcel: heads, bodies, replies, and the enrolment (docs/protocol.md).

import zlib from 'node:zlib';

import { decode, decodeAt, encode, Encoded } from './cbor.mjs';
import { signedBy } from './keys.mjs';

const STORED = 0;
const DEFLATED = 1;
const BODY_MAX = 1024 * 1024;
const REPLY_MAX = 2 * 1024 * 1024;
const CURSOR_ID_END = 2n ** 63n - 1n;

export const STATUSES = ['ok', 'fork', 'revoked', 'foreign', 'gap', 'unsupported', 'malformed',
	'code_unknown', 'code_expired', 'code_used', 'busy', 'internal', 'signature'];

function unpack(method, dictionary, packed, limit) {
	if (dictionary !== 0 || (method !== STORED && method !== DEFLATED)) {
		throw new Error(`unsupported: method ${method}, dictionary ${dictionary}`);
	}
	return method === STORED ? packed : zlib.inflateRawSync(packed, { maxOutputLength: limit });
}

function packSmaller(plain) {
	const deflated = zlib.deflateRawSync(plain, { level: 9 });

	return deflated.length < plain.length ? [DEFLATED, deflated] : [STORED, plain];
}

// ---- cursors

export const CURSOR_START = { complete: 0, key: 0, id: CURSOR_ID_END };

function cursorFinished(cursor) {
	return cursor.key === cursor.complete && BigInt(cursor.id) === CURSOR_ID_END;
}

export function cursorEqual(a, b) {
	return a.complete === b.complete && a.key === b.key && BigInt(a.id) === BigInt(b.id);
}

function cursorPut(cursor) {
	return cursorFinished(cursor) ? cursor.complete : [cursor.complete, cursor.key, cursor.id];
}

function cursorGet(item) {
	if (!Array.isArray(item)) {
		return { complete: item, key: item, id: CURSOR_ID_END };
	}
	const cursor = { complete: item[0], key: item[1], id: item[2] };
	if (item.length !== 3 || cursorFinished(cursor)) {
		throw new Error('a cursor written in another way');
	}
	return cursor;
}

// ---- request

export function headEncode(head) {
	return encode([head.device, head.epoch, head.r, cursorPut(head.cursor), head.first_n, head.count,
		head.known_n - (head.first_n + head.count - 1), head.h_last, head.witness_size,
		head.witness_size === 0 ? Buffer.alloc(0) : head.witness_root, head.clock_wall,
		head.clock_shift, head.clock_quality, head.scope_version, head.schema_version,
		head.schema_version === 0 ? Buffer.alloc(0) : head.schema_hash, head.schema_held,
		head.room, head.programme]);
}

export function headDecode(bytes) {
	const items = decode(bytes);
	const [device, epoch, r, cursor, first_n, count, more, h_last, witness_size, witness_root,
		clock_wall, clock_shift, clock_quality, scope_version, schema_version, schema_hash,
		schema_held, room, programme] = items;

	if (items.length !== 19) {
		throw new Error(`a head of ${items.length} items`);
	}
	return { device, epoch, r, cursor: cursorGet(cursor), first_n, count,
		known_n: first_n + count - 1 + more, h_last, witness_size, witness_root, clock_wall,
		clock_shift, clock_quality, scope_version, schema_version, schema_hash, schema_held,
		room, programme };
}

function bodyPlain(batches, changes) {
	return Buffer.concat([encode(batches.map((batch) => [batch.last_n, batch.seed])),
		encode(changes.length), ...changes]);
}

/** batches: [{last_n, seed}]; changes: canonical bytes. */
export function bodyPack(batches, changes) {
	const [method, packed] = packSmaller(bodyPlain(batches, changes));

	return Buffer.concat([Buffer.from([method, 0, 0]), packed]);
}

export function bodyStored(batches, changes) {
	return Buffer.concat([Buffer.from([STORED, 0, 0]), bodyPlain(batches, changes)]);
}

export function bodyUnpack(body) {
	if (body[1] !== 0) {
		throw new Error(`unsupported: coding ${body[1]}`);
	}
	const plain = unpack(body[0], body[2], body.subarray(3), BODY_MAX);
	const changes = [];
	const [rows, afterBatches] = decodeAt(plain);
	let [count, at] = decodeAt(plain, afterBatches);

	for (; count > 0; count--) {
		const [, end] = decodeAt(plain, at);

		changes.push(plain.subarray(at, end));
		at = end;
	}
	if (at !== plain.length) {
		throw new Error('a tail behind the changes');
	}
	return { batches: rows.map(([last_n, seed]) => ({ last_n, seed })), changes };
}

// ---- reply

function rows(flat, ...names) {
	const list = [];

	if (flat.length % names.length !== 0 || flat.length === 0) {
		throw new Error(`an array of ${flat.length} items in rows of ${names.length}`);
	}
	for (let i = 0; i < flat.length; i += names.length) {
		list.push(Object.fromEntries(names.map((name, k) => [name, flat[i + k]])));
	}
	return list;
}

function regionsGet(flat) {
	if (flat.length % 2 !== 0) {
		throw new Error('half a region');
	}
	const regions = [];
	for (let i = 0; i < flat.length; i += 2) {
		regions.push({ low: flat[i], high: flat[i] + flat[i + 1] });
	}
	return regions;
}

function regionsPut(regions) {
	return regions.flatMap((region) => [region.low, region.high - region.low]);
}

// What each key of a reply becomes, both ways. The keys of a reply are written ascending.
const REPLY_KEYS = new Map([
	[1, ['status', (number) => STATUSES[number], (name) => STATUSES.indexOf(name)]],
	[2, ['server_time_ms']],
	[3, ['epoch']],
	[4, ['streams', (flat) => rows(flat, 'number', 'kind', 'name'), flatten]],
	[5, ['from', cursorGet, cursorPut]],
	[6, ['checkpoint']],
	[7, ['to', cursorGet, cursorPut]],
	[9, ['more']],
	[11, ['acked_n']],
	[13, ['acks', (flat) => rows(flat, 'first_n', 'count', 'seq'), flatten]],
	[15, ['send_from']],
	[17, ['r_seen']],
	[19, ['exceptions', (flat) => rows(flat, 'n', 'kind', 'reason', 'tag'), flatten]],
	[21, ['records', null, (list) => list.map((bytes) => new Encoded(bytes))]],
	[23, ['whole']],
	[25, ['evicted']],
	[27, ['schema', ([version, hash, size, offset, bytes]) => ({ version, hash, size, offset, bytes }),
		(chunk) => [chunk.version, chunk.hash, chunk.size, chunk.offset, chunk.bytes]]],
	[29, ['scope', ([version, ...flat]) => ({ version, regions: regionsGet(flat) }),
		(scope) => [scope.version, ...regionsPut(scope.regions)]]],
	[31, ['certificate']],
	[33, ['log_key']],
	[35, ['scope_version']],
]);

function flatten(list) {
	return list.flatMap((row) => Object.values(row));
}

/** The records of a reply as their bytes, because each is decoded by itself. */
function recordsSplit(plain) {
	const [map] = decodeAt(plain);
	const records = [];

	for (const item of map.get(21) ?? []) {
		records.push(encode(item));
	}
	return records;
}

export function replyUnpack(packed) {
	const plain = unpack(packed[0], packed[1], packed.subarray(2), REPLY_MAX);
	const reply = { status: 'ok', from: CURSOR_START, more: false, acks: [], exceptions: [],
		streams: [], records: [], whole: [], evicted: [] };

	for (const [key, value] of decode(plain)) {
		const known = REPLY_KEYS.get(key);

		if (known === undefined && key % 2 === 1) {
			throw new Error(`a reply with the key ${key}, which must be understood`);
		}
		if (known !== undefined) {
			reply[known[0]] = known[1] ? known[1](value) : value;
		}
	}
	reply.records = recordsSplit(plain);
	reply.to ??= reply.from;
	return reply;
}

/** The plain map again, of what is given. */
export function replyEncode(given) {
	const map = new Map();

	for (const [key, [name, , put]] of REPLY_KEYS) {
		if (given[name] !== undefined) {
			map.set(key, put ? put(given[name]) : given[name]);
		}
	}
	return encode(map);
}

export function replyStored(given) {
	return Buffer.concat([Buffer.from([STORED, 0]), replyEncode(given)]);
}

export function replyPlain(packed) {
	return unpack(packed[0], packed[1], packed.subarray(2), REPLY_MAX);
}

// ---- enrolment

const CODE_PREFIX = 'sb1.';

export function codeParse(text) {
	const trimmed = text.trim();
	const bytes = Buffer.from(trimmed.slice(CODE_PREFIX.length), 'base64url');

	if (!trimmed.startsWith(CODE_PREFIX) || bytes.length <= 58 || bytes[0] !== 1) {
		throw new Error('not an enrolment code');
	}
	return {
		server: { id: bytes[1], public: bytes.subarray(2, 34) },
		secret: bytes.subarray(34, 50),
		code_id: bytes.subarray(50, 58),
		url: bytes.subarray(58).toString('ascii'),
	};
}

export function codeFormat(code) {
	const bytes = Buffer.concat([Buffer.from([1, code.server.id]), code.server.public, code.secret,
		code.code_id, Buffer.from(code.url, 'ascii')]);

	return CODE_PREFIX + bytes.toString('base64url');
}

export function enrolmentRequest(request) {
	return encode([request.code_id, request.secret, request.device_key, request.programme,
		request.room]);
}

const CERTIFICATE_LABEL = Buffer.concat([Buffer.from('sambung/cert/1', 'ascii'), Buffer.alloc(2)]);

export function certificateText(body) {
	return Buffer.concat([CERTIFICATE_LABEL, body]);
}

export function certificateBody(given) {
	return encode([given.origin, given.device, given.device_key, given.cadre,
		regionsPut(given.scope), given.issued]);
}

/** Throws if the log key did not sign it. */
export function certificateRead(bytes, logKey) {
	const [body, signature] = decode(bytes);

	if (!signedBy(logKey, signature, certificateText(body))) {
		throw new Error('the signature of the certificate does not fit');
	}
	const [origin, device, device_key, cadre, flat, issued] = decode(body);
	return { origin, device, device_key, cadre, scope: regionsGet(flat), issued };
}
