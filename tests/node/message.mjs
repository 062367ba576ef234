// SPDX-License-Identifier: Apache-2.0
// What stands inside a parcel: heads, bodies, replies, and the enrolment (docs/protocol.md).

import { decode, decodeAt, encode, Encoded } from './cbor.mjs';
import { ColumnReader, ColumnWriter } from './column.mjs';
import { columnsGet, columnsPut } from './columns.mjs';
import { signedBy } from './keys.mjs';
import { DICTIONARY, packSmaller, STORED, unpack } from './pack.mjs';

const ROWS = 0;
const COLUMNS = 1;
const BODY_MAX = 1024 * 1024;
const REPLY_MAX = 2 * 1024 * 1024;
const CHANGE_MAX = 64 * 1024;
const CHANGES_MAX = 4096;
const RECORD_MAX = 256 * 1024;
const RECORDS_MAX = 8192;
const CURSOR_ID_END = 2n ** 63n - 1n;

export const STATUSES = ['ok', 'fork', 'revoked', 'foreign', 'gap', 'unsupported', 'malformed',
	'code_unknown', 'code_expired', 'code_used', 'busy', 'internal', 'signature', 'limit', 'held'];

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
		head.room, head.programme, ...headTail(head)]);
}

/** What a usual head has not: certificate, the asking to go on after a fork, the whole witness. */
function headTail(head) {
	if (head.shown !== undefined) {
		return [head.certificate ?? Buffer.alloc(0), head.continuing_key ?? Buffer.alloc(0),
			head.continuing_n ?? 0, head.shown];
	}
	if (head.continuing_key !== undefined) {
		return [head.certificate ?? Buffer.alloc(0), head.continuing_key, head.continuing_n];
	}
	return head.certificate ? [head.certificate] : [];
}

export function headDecode(bytes) {
	const items = decode(bytes);
	const [device, epoch, r, cursor, first_n, count, more, h_last, witness_size, witness_root,
		clock_wall, clock_shift, clock_quality, scope_version, schema_version, schema_hash,
		schema_held, room, programme, certificate, continuing_key, continuing_n, shown] = items;
	const continues = continuing_key !== undefined && continuing_key.length > 0;

	if (items.length !== 19 && !(items.length === 20 && certificate.length > 0) &&
		!(items.length === 22 && continues) && items.length !== 23) {
		throw new Error(`a head of ${items.length} items`);
	}
	if (continues ? count > 0 : continuing_n > 0) {
		throw new Error('a continuing key with changes, or none with an n');
	}
	if (shown !== undefined && !(shown.length === 112 && witness_size > 0 &&
		shown.readBigUInt64LE(8) === BigInt(witness_size) &&
		shown.subarray(16, 24).equals(witness_root))) {
		throw new Error('a shown checkpoint that is not of the witness');
	}
	return { device, epoch, r, cursor: cursorGet(cursor), first_n, count,
		known_n: first_n + count - 1 + more, h_last, witness_size, witness_root, clock_wall,
		clock_shift, clock_quality, scope_version, schema_version, schema_hash, schema_held,
		room, programme, certificate, continuing_key: continues ? continuing_key : undefined,
		continuing_n: continues ? continuing_n : undefined, shown };
}

function bodyFront(batches, changes) {
	return [encode(batches.map((batch) => [batch.last_n, batch.seed])), encode(changes.length)];
}

function bodyRows(batches, changes) {
	return Buffer.concat([...bodyFront(batches, changes), ...changes]);
}

/** Null if columns cannot say it. Changes of one type share columns. */
function bodyColumns(batches, changes) {
	const columns = columnsPut(changes, changes.map((change) => decode(change).get(4) ?? 0));

	return columns === null ? null : Buffer.concat([...bodyFront(batches, changes),
		encode(columns.bits.length), columns.heads, columns.bits]);
}

function bodyOf(coding, plain) {
	const [method, packed] = packSmaller(plain);

	return Buffer.concat([Buffer.from([method, coding, DICTIONARY]), packed]);
}

/** batches: [{last_n, seed}]; changes: canonical bytes. */
export function bodyPack(batches, changes) {
	const rows = bodyOf(ROWS, bodyRows(batches, changes));
	const plain = bodyColumns(batches, changes);
	const columns = plain === null ? rows : bodyOf(COLUMNS, plain);

	return columns.length < rows.length ? columns : rows;
}

export function bodyStored(batches, changes) {
	return Buffer.concat([Buffer.from([STORED, ROWS, 0]), bodyRows(batches, changes)]);
}

export function bodyStoredColumns(batches, changes) {
	return Buffer.concat([Buffer.from([STORED, COLUMNS, 0]), bodyColumns(batches, changes)]);
}

function changesOfRows(plain, start, count) {
	const changes = [];
	let at = start;

	for (let i = 0; i < count; i++) {
		const [, end] = decodeAt(plain, at);

		changes.push(plain.subarray(at, end));
		at = end;
	}
	if (at !== plain.length) {
		throw new Error('a tail behind the changes');
	}
	return changes;
}

function changesOfColumns(plain, start, count) {
	const [bits, at] = decodeAt(plain, start);

	if (!(bits >= 0 && bits <= plain.length - at)) {
		throw new Error(`${bits} bytes of bits`);
	}
	return columnsGet(plain.subarray(at, plain.length - bits), plain.subarray(plain.length - bits),
		count, CHANGE_MAX);
}

export function bodyUnpack(body) {
	const [method, coding, dictionary] = body;

	if (coding !== ROWS && coding !== COLUMNS) {
		throw new Error(`unsupported: coding ${coding}`);
	}
	const plain = unpack(method, dictionary, body.subarray(3), BODY_MAX);
	const [batches, afterBatches] = decodeAt(plain);
	const [count, at] = decodeAt(plain, afterBatches);
	if (!(count >= batches.length && count <= CHANGES_MAX)) {
		throw new Error(`${count} changes in ${batches.length} batches`);
	}
	const changes = (coding === ROWS ? changesOfRows : changesOfColumns)(plain, at, count);
	if (changes.some((change) => !(decode(change) instanceof Map) || change.length > CHANGE_MAX)) {
		throw new Error('a change that is no map, or too large');
	}
	return { batches: batches.map(([last_n, seed]) => ({ last_n, seed })), changes };
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
	[8, ['epochs', (flat) => rows(flat, 'epoch', 'parent', 'cut'), flatten]],
	[9, ['more']],
	[10, ['lineages', (flat) => rows(flat, 'stream', 'parent', 'n'), flatten]],
	[11, ['acked_n']],
	[12, ['proof']],
	[13, ['acks', (flat) => rows(flat, 'first_n', 'count', 'seq'), flatten]],
	[14, ['lease', (bytes) => ({ days: bytes.readUInt16LE(0), share: bytes.subarray(2) }),
		({ days, share }) => Buffer.concat([Buffer.from([days & 255, days >> 8]), share])]],
	[15, ['send_from']],
	[16, ['server_key', ([id, key, url]) => ({ id, key, url }), ({ id, key, url }) => [id, key, url]]],
	[17, ['r_seen']],
	[18, ['erased']],
	[19, ['exceptions', (flat) => rows(flat, 'n', 'kind', 'reason', 'tag'), flatten]],
	[20, ['show_witness']],
	[21, ['records']],
	[23, ['whole']],
	[24, ['receipt', ([header, signature, path]) => ({ header, signature, path }),
		({ header, signature, path }) => [header, signature, path]]],
	[25, ['evicted']],
	[27, ['schema', ([version, hash, size, offset, bytes]) => ({ version, hash, size, offset, bytes }),
		(chunk) => [chunk.version, chunk.hash, chunk.size, chunk.offset, chunk.bytes]]],
	[29, ['scope', ([version, ...flat]) => ({ version, regions: regionsGet(flat) }),
		(scope) => [scope.version, ...regionsPut(scope.regions)]]],
	[31, ['certificate']],
	[33, ['log_key']],
	[35, ['scope_version']],
	[39, ['bits']],
]);

function flatten(list) {
	return list.flatMap((row) => Object.values(row));
}

/** The bytes of each record, from the array or the columns that came. */
function recordsGet(records, bits) {
	if (Array.isArray(records) && records.length > 0 && bits === undefined) {
		return records.map(encode);
	}
	if (!(records instanceof Uint8Array) || bits?.length === 0) {
		throw new Error('records that are neither an array nor columns, or bits without columns');
	}
	const heads = new ColumnReader(records, Buffer.alloc(0));
	const count = heads.varint();
	if (count > BigInt(RECORDS_MAX)) {
		throw new Error(`${count} records`);
	}
	return columnsGet(records.subarray(heads.at), bits ?? Buffer.alloc(0), Number(count), RECORD_MAX);
}

/** What keys 21 and 39 become. Records of one type share columns; one alone is better off as a row. */
function recordsPut(records) {
	const columns = records.length < 2 ? null :
		columnsPut(records, records.map((bytes) => decode(bytes)[1] ?? 0));

	if (columns === null) {
		return { records: records.map((bytes) => new Encoded(bytes)) };
	}
	const heads = new ColumnWriter();
	heads.varint(records.length);
	return { records: Buffer.concat([heads.heads, columns.heads]),
		bits: columns.bits.length > 0 ? columns.bits : undefined };
}

export function replyUnpack(packed) {
	const plain = unpack(packed[0], packed[1], packed.subarray(2), REPLY_MAX);
	const reply = { status: 'ok', from: CURSOR_START, more: false, acks: [], exceptions: [],
		streams: [], whole: [], evicted: [] };

	for (const [key, value] of decode(plain)) {
		const known = REPLY_KEYS.get(key);

		if (known === undefined && key % 2 === 1) {
			throw new Error(`a reply with the key ${key}, which must be understood`);
		}
		if (known !== undefined) {
			reply[known[0]] = known[1] ? known[1](value) : value;
		}
	}
	reply.records = reply.records === undefined && reply.bits === undefined ? [] :
		recordsGet(reply.records, reply.bits);
	if (reply.records.some((bytes) => !Array.isArray(decode(bytes)) || bytes.length > RECORD_MAX)) {
		throw new Error('a record that is no array, or too large');
	}
	delete reply.bits;
	reply.to ??= reply.from;
	return reply;
}

/** The plain map again, of what is given. */
export function replyEncode(given) {
	const told = given.records === undefined ? given : { ...given, ...recordsPut(given.records) };
	const map = new Map();

	for (const [key, [name, , put]] of REPLY_KEYS) {
		if (told[name] !== undefined) {
			map.set(key, put ? put(told[name]) : told[name]);
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
		regionsPut(given.scope), given.issued,
		...given.parent === undefined ? [] : [given.parent, given.parent_n]]);
}

/** Throws if the log key did not sign it. */
export function certificateRead(bytes, logKey) {
	const [body, signature] = decode(bytes);

	if (!signedBy(logKey, signature, certificateText(body))) {
		throw new Error('the signature of the certificate does not fit');
	}
	const [origin, device, device_key, cadre, flat, issued, parent, parent_n] = decode(body);
	return { origin, device, device_key, cadre, scope: regionsGet(flat), issued, parent, parent_n };
}
