// SPDX-License-Identifier: Apache-2.0
// The whole log of a server, looked at by somebody else: every header, commitment, leaf, chain and
// checkpoint, and every record rebuilt from the changes.
//
// usage: check_log.mjs DUMP [REPORT…]
//   DUMP    what dump_log.sh prints: one JSON object a line
//   REPORT  what interop.mjs printed: its changes and its checkpoint must be in that log

import { readFileSync } from 'node:fs';

import { decode, encode } from './cbor.mjs';
import { protocolCddl } from './cddl.mjs';
import { sha256 } from './keys.mjs';
import { chainLink, chainStart, checkpointSignedBy, commitment, entryHeader, KINDS, leaf, noteDecode,
	root } from './log.mjs';
import { merge, recordIndexed, shown } from './merge.mjs';
import { changeDecode, changeEncode, idFormat, idMake, recordEncode } from './record.mjs';
import { Schema } from './schema.mjs';

const CHANGE = KINDS.indexOf('change');
const SCOPE = KINDS.indexOf('scope');
const RELEASE = KINDS.indexOf('release');
const ERASURE = KINDS.indexOf('erasure');
const ADMIN = KINDS.indexOf('admin');
const GIVEN = 6;
const REASON_ERASED = 12;
const MERGED = 0;
const DEVICE = 1;
const cddl = protocolCddl();

function isTrue(condition, what) {
	if (!condition) {
		throw new Error(what);
	}
}

/** 64-bit numbers are texts in a dump, bytes are hex. */
function numberOf(text) {
	const number = Number(text);

	return Number.isSafeInteger(number) ? number : BigInt(text);
}

function hexOf(text) {
	return text === null ? null : Buffer.from(text, 'hex');
}

function readDump(path) {
	const dump = { log: [], checkpoint: [], stream: [], schema: [], record: [], epoch: [] };

	for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
		const { table, ...row } = JSON.parse(line);

		isTrue(dump[table] !== undefined, `a row of the table ${table}`);
		dump[table].push(row);
	}
	return dump;
}

// Keys of what entries of kind erasure name: record ids, and "entry <seq>"; values: the entry.
function erasedBy(rows) {
	const erased = new Map();

	for (const row of rows.filter(({ kind }) => kind === ERASURE)) {
		const note = noteDecode(hexOf(row.payload));

		for (const id of note.records ?? []) {
			erased.set(String(id), row.seq);
		}
		for (const seq of note.entries ?? []) {
			erased.set(`entry ${seq}`, row.seq);
		}
	}
	return erased;
}

// May, and must, an entry be without salt and payload?
function isBereft(erased, row, record) {
	return row.kind !== ERASURE && ((erased.get(String(record)) ?? 0) > row.seq ||
		(erased.get(`entry ${row.seq}`) ?? 0) > row.seq ||
		(row.kind === CHANGE && row.verdict !== MERGED && row.reason === REASON_ERASED));
}

function entryOf(erased, row) {
	const record = row.record === null ? idMake(row.stream, row.n) : numberOf(row.record);

	if (isBereft(erased, row, record)) {
		isTrue(row.salt === '' && row.payload === '' && row.commitment.length === 64,
			`entry ${row.seq}: it was not erased`);
		return { ...row, record: typeof record === 'bigint' && record < 2n ** 53n ? Number(record) : record,
			commitment: hexOf(row.commitment), payload: null };
	}
	const salt = hexOf(row.salt);
	const payload = hexOf(row.payload);

	// Left out while it follows; chains and checkpoints show that it is the one that was signed.
	isTrue(row.commitment === '', `entry ${row.seq}: its commitment is kept though it follows`);
	return { ...row, record: typeof record === 'bigint' && record < 2n ** 53n ? Number(record) : record,
		commitment: commitment(salt, row.stream, row.n, payload), salt, payload };
}

function checkRule(rule, bytes, what) {
	isTrue(cddl.fits(rule, decode(bytes)), `${what} is not what protocol.cddl says of a ${rule}`);
}

function checkPayload(entry) {
	const { payload } = entry;

	if (payload === null) {
		return;
	}
	isTrue(encode(decode(payload)).equals(payload), `entry ${entry.seq}: its CBOR written again`);
	checkRule(entry.kind === CHANGE ? 'change' : 'note', payload, `the payload of entry ${entry.seq}`);
	if (entry.kind !== CHANGE) {
		noteDecode(payload);
		return;
	}
	const change = changeDecode(payload);
	isTrue(changeEncode(change).equals(payload), `entry ${entry.seq}: its change written again`);
	isTrue(change.n === entry.n && BigInt(change.record) === BigInt(entry.record) &&
		change.time === entry.time && change.schema_version === entry.schema_version,
		`entry ${entry.seq}: its header and its change differ`);
}

function checkEntries(entries) {
	let received = 0;

	return entries.map((entry, index) => {
		isTrue(entry.seq === index + 1, `entry ${index + 1} is missing`);
		isTrue(entry.received_ms >= received, `entry ${entry.seq}: received goes back`);
		received = entry.received_ms;
		checkPayload(entry);
		checkRule('entry-header', entryHeader(entry), `the header of entry ${entry.seq}`);
		return leaf(entryHeader(entry));
	});
}

function checkCheckpoints(dump, leaves, logKey) {
	for (const row of dump.checkpoint) {
		const checkpoint = { origin: hexOf(row.origin), epoch: row.epoch, size: row.size,
			root: hexOf(row.root), signature: hexOf(row.signature) };

		isTrue(root(leaves.slice(0, row.size)).equals(checkpoint.root),
			`checkpoint of ${row.size}: its root`);
		isTrue(logKey === null || checkpointSignedBy(checkpoint, logKey),
			`checkpoint of ${row.size}: its signature`);
	}
	isTrue(dump.checkpoint.at(-1)?.size === leaves.length, 'the newest checkpoint covers the log');
}

function checkChains(dump, entries) {
	for (const stream of dump.stream) {
		let chain = chainStart(hexOf(stream.key), stream.number);
		let n = 0;

		for (const entry of entries) {
			if (entry.kind === CHANGE && entry.stream === stream.number) {
				isTrue(entry.n === ++n, `stream ${stream.number}: change ${n} is missing`);
				chain = chainLink(chain, n, entry.commitment);
			}
		}
		isTrue(n === stream.acked_n && chain.equals(hexOf(stream.chain)),
			`stream ${stream.number}: its chain`);
	}
}

// ---- records

/** The change that an entry merges: its own, or the one that it releases from quarantine. */
function mergedBy(entries, entry) {
	if (entry.payload === null) {
		return { stream: 0, change: null, released: false };
	}
	if (entry.kind === RELEASE) {
		const note = noteDecode(entry.payload);
		const aside = entries[note.entry - 1];

		isTrue(aside?.kind === CHANGE && aside.verdict !== MERGED && aside.seq < entry.seq &&
			aside.stream === note.stream && aside.n === note.n &&
			BigInt(aside.record) === BigInt(entry.record),
			`entry ${entry.seq} releases what was not set aside`);
		const change = changeDecode(aside.payload);
		// Its author had seen nothing of what came after it.
		if (change.base && change.base[1] >= aside.seq) {
			change.base = [change.base[0], aside.seq - 1];
		}
		return { stream: aside.stream, change, released: true };
	}
	if (entry.kind !== CHANGE || entry.verdict !== MERGED) {
		return { stream: 0, change: null, released: false };
	}
	return { stream: entry.stream, change: changeDecode(entry.payload), released: false };
}

/** What a note says was given to another record stands before it, and is what was set aside. */
function checkGiven(entries) {
	for (const entry of entries.filter(({ kind, payload }) => kind === ADMIN && payload !== null)) {
		const note = noteDecode(entry.payload);

		if (note.action !== 'reassign') {
			continue;
		}
		const given = entries[entry.seq - 2];
		const aside = entries[note.entry - 1];

		if (given.payload === null || aside.payload === null) {
			continue;
		}
		const change = changeDecode(given.payload);
		isTrue(given.kind === CHANGE && given.user === entry.user && change.kind === GIVEN &&
			change.was[0] === note.stream && change.was[1] === note.n &&
			aside.stream === note.stream && aside.n === note.n && aside.verdict !== MERGED &&
			sha256(aside.payload).equals(change.first_hash) &&
			change.time === changeDecode(aside.payload).time,
			`entry ${entry.seq} gives what was not set aside`);
	}
}

function rebuild(dump, entries) {
	for (const row of dump.schema) {
		checkRule('schema', hexOf(row.cbor), `schema ${row.version}`);
	}
	const schema = new Schema(hexOf(dump.schema.at(-1).cbor));
	const policyOf = (type, tag) => schema.policy(type, tag);
	const devices = new Set(dump.stream.filter((row) => row.kind === DEVICE).map((row) => row.number));
	const states = new Map();
	const lineages = new Map();

	for (const entry of entries) {
		if (entry.kind === SCOPE) {
			const { stream, stream_parent, parent_n } = noteDecode(entry.payload);

			if (stream_parent !== undefined) {
				isTrue(!lineages.has(stream), `entry ${entry.seq}: stream ${stream} continues twice`);
				lineages.set(stream, { parent: stream_parent, n: parent_n ?? 0 });
			}
		}
		const { stream, change, released } = mergedBy(entries, entry);

		if (change === null) {
			continue;
		}
		const key = String(change.record);
		const state = states.get(key) ??
			{ id: change.record, type: change.type, version: 0, fields: new Map(), changes: 0 };

		states.set(key, state);
		state.changes++;
		state.ofDevice = devices.has(stream) && !released;
		// As it was merged: an epoch counts from its cut on.
		const epochs = dump.epoch.filter((epoch) => epoch.parent === 0 || epoch.cut < entry.seq);
		merge({ epochs, lineages, policyOf }, state, stream, change, entry.seq, !devices.has(stream));
	}
	return { schema, states };
}

function villageOf({ schema, states }, state) {
	const { root: rootTag } = schema.type(state.type);
	const parent = rootTag === 0 ? null : shown(state.fields.get(rootTag), schema.policy(state.type, rootTag));

	if (parent !== null && parent !== undefined) {
		return villageOf({ schema, states }, states.get(String(parent)));
	}
	return shown(state.fields.get(-1), 'review') ?? 0;
}

function checkRecords(dump, built) {
	isTrue(dump.record.length === built.states.size,
		`${dump.record.length} records instead of ${built.states.size}`);
	for (const row of dump.record) {
		const state = built.states.get(row.id);

		isTrue(state !== undefined, `record ${row.id} comes from no change`);
		const expected = recordEncode(recordIndexed(state, villageOf(built, state)));
		checkRule('record', expected, `record ${idFormat(row.id)}`);
		if (row.state === '') {
			// The log has all of it where the record's version points.
			isTrue(state.changes === 1 && state.ofDevice && state.version === row.version,
				`record ${idFormat(row.id)} lacks its state`);
			continue;
		}
		isTrue(expected.toString('hex') === row.state.toLowerCase(), `record ${idFormat(row.id)}: ` +
			`${row.state.toLowerCase()} instead of ${expected.toString('hex')}`);
	}
}

function fieldsWithRivals({ states }) {
	const fields = [...states.values()].flatMap((state) => [...state.fields.values()]);

	return fields.filter((field) => field.members.length > 1).length;
}

// ---- what a client saw of it

function checkReport(path, entries, leaves) {
	const report = JSON.parse(readFileSync(path, 'utf8'));

	for (const change of report.changes) {
		const entry = entries[change.seq - 1];

		isTrue(entry !== undefined && entry.stream === report.device && entry.n === change.n &&
			entry.commitment.toString('hex') === change.commitment,
			`${path}: change ${change.n} is not what stands at ${change.seq}`);
	}
	isTrue(root(leaves.slice(0, report.checkpoint.size)).toString('hex') === report.checkpoint.root,
		`${path}: its checkpoint is not of this log`);
	return Buffer.from(report.log_key, 'hex');
}

function check(dumpPath, reports) {
	const dump = readDump(dumpPath);
	const erased = erasedBy(dump.log);
	const entries = dump.log.map((row) => entryOf(erased, row));
	const leaves = checkEntries(entries);
	const logKeys = reports.map((path) => checkReport(path, entries, leaves));

	checkCheckpoints(dump, leaves, logKeys[0] ?? null);
	checkChains(dump, entries);
	checkGiven(entries);
	const built = rebuild(dump, entries);
	checkRecords(dump, built);
	return { entries: entries.length, checkpoints: dump.checkpoint.length,
		records: built.states.size, fields_with_rivals: fieldsWithRivals(built),
		root: root(leaves).toString('hex') };
}

const [dumpPath, ...reports] = process.argv.slice(2);
if (dumpPath === undefined) {
	console.error('usage: check_log.mjs DUMP [REPORT…]');
	process.exit(2);
}
try {
	console.log(JSON.stringify(check(dumpPath, reports)));
} catch (error) {
	console.error(`check_log: ${error.message}`);
	process.exit(1);
}
