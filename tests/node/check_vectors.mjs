// SPDX-License-Identifier: Apache-2.0
// Makes every tests/vectors/*.json again, from its inputs, changes each of its bytes once to see that
// this would be noticed, and holds what is CBOR against docs/protocol.cddl.
//
// usage: check_vectors.mjs FOLDER

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { decode, encode } from './cbor.mjs';
import { columnsGet, columnsPut } from './columns.mjs';
import { protocolCddl } from './cddl.mjs';
import { boxPair, sha256, sign, signPair, signedBy } from './keys.mjs';
import { chainLink, chainStart, checkpointDecode, checkpointEncode, checkpointNote, checkpointSign,
	checkpointSignedBy, commitment, entryHeader, forkKey, forkSeed, leaf, root, salt } from './log.mjs';
import { bodyStored, bodyStoredColumns, bodyUnpack, certificateBody, certificateRead, certificateText, codeFormat,
	codeParse, CURSOR_START, enrolmentRequest, headDecode, headEncode, replyPlain, replyStored, replyUnpack }
	from './message.mjs';
import { merge, recordIndexed } from './merge.mjs';
import { checkpointTextRead, consistencyHolds, inclusionHolds, receiptClaim, receiptRead }
	from './proof.mjs';
import { DICTIONARY, dictionaryRead } from './pack.mjs';
import { ENROL, openReply, openRequest, requestSignedBy, resealRequest, sealReply, SYNC }
	from './parcel.mjs';
import { changeDecode, changeEncode, idFormat, idMake, idParse, recordDecode, recordEncode }
	from './record.mjs';

function same(actual, expected, what) {
	if (!Buffer.from(actual).equals(expected)) {
		throw new Error(`${what}: ${actual.toString('hex')} instead of ${expected.toString('hex')}`);
	}
}

function isTrue(condition, what) {
	if (!condition) {
		throw new Error(what);
	}
}

// Whatever CBOR stands there is read and written to the same bytes.
function sameCbor(bytes) {
	same(encode(decode(bytes)), bytes, 'CBOR written again');
}

/** Inputs: hex, "text:…", "number:…" and numbers. */
function input(value) {
	if (typeof value === 'number') {
		return value;
	}
	if (value.startsWith('text:')) {
		return value.slice(5);
	}
	if (value.startsWith('number:')) {
		return BigInt(value.slice(7));
	}
	return Buffer.from(value, 'hex');
}

function hashesOf(bytes) {
	isTrue(bytes.length % 32 === 0, 'hashes of 32 bytes');
	return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
}

function checkInclusion(given, bytes) {
	const leaves = numbered(given, 'header').map(leaf);
	const { seq } = given;

	isTrue(inclusionHolds(hashesOf(bytes), leaves[seq - 1], seq - 1, leaves.length, root(leaves)),
		'the proof');
	isTrue(!inclusionHolds(hashesOf(bytes), leaves[seq - 1], seq, leaves.length, root(leaves)),
		'the same of another entry');
}

function checkConsistency(given, bytes) {
	const leaves = numbered(given, 'header').map(leaf);
	const { from } = given;

	isTrue(consistencyHolds(hashesOf(bytes), from, root(leaves.slice(0, from)), leaves.length,
		root(leaves)), 'the proof');
}

function checkCheckpointText(given, bytes) {
	const read = checkpointTextRead(bytes.toString('utf8'), given.log_key);

	same(checkpointSign(given, signPair(given.log_seed).secret).signature, read.signature, 'signature');
	isTrue(read.size === given.size && read.root.equals(given.root), 'size and root');
}

/** The receipt that the inputs tell of, made again; once for all bytes that are altered. */
const receipts = new WeakMap();
function receiptOf(given) {
	if (!receipts.has(given)) {
		receipts.set(given, receiptMake(given));
	}
	return receipts.get(given);
}

function receiptMake(given) {
	const { secret } = signPair(given.log_seed);
	const [lower, upper] = hashesOf(given.path);
	const node = (left, right) => sha256(Buffer.from([1]), left, right);
	const name = checkpointNote(given).toString('ascii').split('\n')[0];

	same(node(upper, node(lower, leaf(given.header))), given.root, 'root');
	return { checkpoint: checkpointEncode(checkpointSign(given, secret)),
		signature: sign(secret, receiptClaim({ ...given, name }, given.stream, given.n, given.chain)) };
}

function checkReceiptText(given, bytes) {
	const read = receiptRead(bytes.toString('utf8'), given.log_key);
	const base64 = (...parts) => Buffer.concat(parts).toString('base64');
	const { signature } = receiptOf(given);
	const lines = ['c2sp.org/tlog-proof@v1', `extra ${base64(given.header, given.chain, signature)}`,
		`index ${given.size - 1}`, ...hashesOf(given.path).map((hash) => base64(hash)), '', ''];

	isTrue(read.device === given.stream && read.changes === given.n, 'device and n');
	same(bytes.subarray(0, lines.join('\n').length), Buffer.from(lines.join('\n')), 'lines');
}

function checkReplyReceipt(given, bytes) {
	const cursor = (complete) => ({ complete, key: complete, id: CURSOR_START.id });
	const { checkpoint, signature } = receiptOf(given);
	const { server_time_ms, epoch, acked_n, header, path } = given;

	sameCbor(replyPlain(bytes));
	same(replyStored({ server_time_ms, epoch, checkpoint, to: cursor(given.to), acked_n,
		receipt: { header, signature, path } }), bytes, 'reply');
	same(signature, given.signature, 'signature');
	same(replyUnpack(bytes).receipt.path, given.path, 'path');
}

function cursorOf(given, name) {
	return { complete: given[`${name}_complete`], key: given[`${name}_key`], id: given[`${name}_id`] };
}

function checkHead(given, bytes) {
	const head = headDecode(bytes);

	sameCbor(bytes);
	same(headEncode({ ...given, cursor: cursorOf(given, 'cursor') }), bytes, 'head');
	same(headEncode(head), bytes, 'head written again');
	isTrue(head.known_n === given.known_n, 'known_n');
}

function checkRequestParcel(label) {
	return (given, bytes) => {
		const device = signPair(given.device_seed);
		const server = { id: given.server_key_id, ...boxPair(given.server_secret) };
		const opened = openRequest(bytes, server);

		same(device.public, given.device_key, 'device key');
		same(server.public, given.server_key, 'server key');
		same(opened.head, given.head, 'head');
		same(opened.body, given.body, 'body');
		isTrue(requestSignedBy(device.public, label, server, opened), 'signature');
		same(resealRequest(server, opened, device, label), bytes, 'sealed again');
	};
}

/** Inputs name_0, name_1, … */
function numbered(given, name) {
	return Object.keys(given).filter((key) => key.startsWith(`${name}_`)).map((key) => given[key]);
}

function checkRows(rows, expected, what) {
	isTrue(rows.length === expected.length, `${rows.length} of ${what}`);
	rows.forEach((row, i) => {
		same(row, expected[i], `${what} ${i}`);
		sameCbor(row);
	});
}

function checkColumns(given, bytes) {
	const rows = numbered(given, 'row');
	const end = bytes.length - given.bits;
	const columns = columnsPut(rows, numbered(given, 'group'));

	checkRows(columnsGet(bytes.subarray(0, end), bytes.subarray(end), given.rows, 4096), rows, 'row');
	same(columns.heads, bytes.subarray(0, end), 'heads');
	same(columns.bits, bytes.subarray(end), 'bits');
}

function changesOf(given) {
	return given.change === undefined ? numbered(given, 'change') : [given.change];
}

/** stored: writes it to the same bytes again; null if deflate may write others. */
function checkBody(stored) {
	return (given, bytes) => {
		const { batches, changes } = bodyUnpack(bytes);

		isTrue(batches.length === 1 && batches[0].last_n === given.last_n, 'batches');
		same(batches[0].seed, given.seed, 'seed');
		checkRows(changes, changesOf(given), 'change');
		if (stored !== null) {
			same(stored([{ last_n: given.last_n, seed: given.seed }], changesOf(given)), bytes, 'body');
		}
	};
}

function checkReply(given, bytes) {
	const reply = {
		status: given.status, server_time_ms: given.server_time_ms, epoch: given.epoch,
		streams: [{ number: given.stream_number, kind: given.stream_kind, name: given.stream_name }],
		from: cursorOf(given, 'from'), to: cursorOf(given, 'to'), more: true,
		acked_n: given.acked_n, send_from: given.send_from, r_seen: given.r_seen,
		acks: [{ first_n: given.ack_first_n, count: given.ack_count, seq: given.ack_seq }],
		exceptions: [{ n: given.exception_n, kind: given.exception_kind,
			reason: given.exception_reason, tag: given.exception_tag }],
		records: [given.record_whole], whole: [0], evicted: [given.evicted],
		schema: { version: given.schema_version, hash: given.schema_hash, size: given.schema_size,
			offset: given.schema_offset, bytes: given.schema_bytes },
		scope: { version: given.scope_version,
			regions: [{ low: given.scope_low, high: given.scope_high }] },
	};

	sameCbor(replyPlain(bytes));
	same(replyStored(reply), bytes, 'reply');
	same(replyStored(replyUnpack(bytes)), bytes, 'reply written again');
}

function checkReplyEpochs(given, bytes) {
	const { server_time_ms, epoch, acked_n, send_from } = given;
	const reply = { status: 'gap', server_time_ms, epoch, acked_n, send_from,
		epochs: [{ epoch: given.first_epoch, parent: 0, cut: 0 },
			{ epoch, parent: given.parent, cut: given.cut }] };

	sameCbor(replyPlain(bytes));
	same(replyStored(reply), bytes, 'reply');
	isTrue(replyUnpack(bytes).epochs[1].cut === given.cut, 'cut');
}

function checkReplyServerKey(given, bytes) {
	const { server_time_ms, epoch, key_id, key, url } = given;
	const reply = { server_time_ms, epoch, server_key: { id: key_id, key, url } };

	sameCbor(replyPlain(bytes));
	same(replyStored(reply), bytes, 'reply');
	isTrue(replyUnpack(bytes).server_key.url === url, 'url');
}

function checkReplyFork(given, bytes) {
	const { server_time_ms, epoch, acked_n, certificate, scope_version } = given;
	const reply = { status: 'fork', server_time_ms, epoch, acked_n, certificate, scope_version };

	sameCbor(replyPlain(bytes));
	same(replyStored(reply), bytes, 'reply');
	isTrue(replyUnpack(bytes).status === 'fork', 'status');
}

function checkReplyLease(given, bytes) {
	const cursor = (complete) => ({ complete, key: complete, id: CURSOR_START.id });
	const lease = { days: given.days, share: Buffer.from(given.share, 'hex') };

	sameCbor(replyPlain(bytes));
	same(replyStored({ server_time_ms: given.server_time_ms, epoch: given.epoch,
		to: cursor(given.to), lease }), bytes, 'reply');
	isTrue(replyUnpack(bytes).lease.days === given.days, 'days');
}

function checkReplyLineages(given, bytes) {
	const cursor = (complete) => ({ complete, key: complete, id: CURSOR_START.id });
	const lineages = [0, 1].map((i) => ({ stream: given[`stream_${i}`], parent: given[`parent_${i}`],
		n: given[`n_${i}`] }));

	sameCbor(replyPlain(bytes));
	same(replyStored({ server_time_ms: given.server_time_ms, epoch: given.epoch,
		from: cursor(given.from), to: cursor(given.to), lineages }), bytes, 'reply');
	isTrue(replyUnpack(bytes).lineages[1].parent === given.parent_1, 'parent');
}

function checkReplyProof(given, bytes) {
	const cursor = (complete) => ({ complete, key: complete, id: CURSOR_START.id });

	sameCbor(replyPlain(bytes));
	same(replyStored({ server_time_ms: given.server_time_ms, epoch: given.epoch,
		from: cursor(given.from), checkpoint: given.checkpoint, to: cursor(given.to),
		proof: given.proof, show_witness: true }), bytes, 'reply');
	same(replyUnpack(bytes).proof, given.proof, 'proof');
}

function checkReplyErased(given, bytes) {
	const cursor = (complete) => ({ complete, key: complete, id: CURSOR_START.id });

	sameCbor(replyPlain(bytes));
	same(replyStored({ server_time_ms: given.server_time_ms, epoch: given.epoch,
		from: cursor(given.from), to: cursor(given.to), erased: [given.erased_0, given.erased_1],
		exceptions: [{ n: given.n, kind: given.kind, reason: 0, tag: 0 }] }), bytes, 'reply');
	isTrue(replyUnpack(bytes).erased.length === 2, 'erased');
}

function checkReplyColumns(given, bytes) {
	const cursor = (complete) => ({ complete, key: complete, id: CURSOR_START.id });
	const records = numbered(given, 'record');
	const reply = { server_time_ms: given.server_time_ms, epoch: given.epoch,
		from: cursor(given.from), to: cursor(given.to), records, whole: records.map((_, i) => i) };

	sameCbor(replyPlain(bytes));
	checkRows(replyUnpack(bytes).records, records, 'record');
	records.forEach((record) => same(recordEncode(recordDecode(record)), record, 'record written again'));
	same(replyStored(reply), bytes, 'reply');
}

function checkEnrolmentReply(given, bytes) {
	const { server_time_ms, epoch, certificate, log_key, scope_version } = given;
	const read = replyUnpack(bytes);

	sameCbor(replyPlain(bytes));
	same(replyStored({ server_time_ms, epoch, certificate, log_key, scope_version }), bytes, 'reply');
	certificateRead(read.certificate, read.log_key);
}

function checkCertificate(given, bytes) {
	const pair = signPair(given.log_seed);
	const scope = [0, 1].map((i) => ({ low: given[`scope_${i}_low`], high: given[`scope_${i}_high`] }));
	const body = certificateBody({ ...given, scope });

	sameCbor(bytes);
	same(pair.public, given.log_key, 'log key');
	isTrue(certificateRead(bytes, given.log_key).cadre === given.cadre, 'cadre');
	same(encode([body, sign(pair.secret, certificateText(body))]), bytes, 'certificate');
}

function checkCheckpoint(given, bytes) {
	const pair = signPair(given.log_seed);

	same(pair.public, given.log_key, 'log key');
	same(checkpointEncode(checkpointSign(given, pair.secret)), bytes, 'checkpoint');
	isTrue(checkpointSignedBy(checkpointDecode(bytes), given.log_key), 'signature');
}

function checkCode(given, bytes) {
	const code = { server: { id: given.server_key_id, public: given.server_key },
		secret: given.secret, code_id: given.code_id, url: given.url };

	same(Buffer.from(codeFormat(code)), bytes, 'code');
	isTrue(codeFormat(codeParse(bytes.toString('ascii'))) === bytes.toString('ascii'), 'code read');
}

function checkCborItems(given, bytes) {
	const integers = given.integers.split(' ').map(BigInt);

	sameCbor(bytes);
	same(encode([...integers, Buffer.alloc(0), given.text, new Map([[1, 2], [-1, null]]), false, true]),
		bytes, 'items');
}

function changeValue(given) {
	if (given.first !== undefined) {
		return [given.first, given.second];
	}
	return given.value === 'empty' ? null : given.value;
}

function changeOwn(given) {
	if (given.own_n === undefined || (given.own_stream === 0 && given.own_n === given.n - 1)) {
		return undefined;
	}
	return given.own_stream === 0 ? given.own_n : [given.own_stream, given.own_n];
}

function checkChange(given, bytes) {
	const { n, record, type, schema_version, scope_version, time, first_hash } = given;

	sameCbor(bytes);
	same(changeEncode({ n, record, type, schema_version, scope_version, time, first_hash,
		kind: given.kind || undefined,
		base: given.base_epoch === 0 ? undefined : [given.base_epoch, given.base_version],
		own: changeOwn(given),
		quality: given.quality || undefined,
		fields: new Map([[given.tag, changeValue(given)]]),
		was: given.was_stream === undefined ? undefined : [given.was_stream, given.was_n],
	}), bytes, 'change');
	same(changeEncode(changeDecode(bytes)), bytes, 'change written again');
}

// A console user in the vectors; the other streams there are devices.
const USER = 5;

// The record is what merging the changes makes of it.
function checkRecord(given, bytes) {
	const policies = new Map([[given.review, 'review'], [given.set, 'set'], [given.once, 'once']]);
	const context = { epochs: [{ epoch: given.epoch, parent: 0, cut: 0 }],
		policyOf: (type, tag) => policies.get(tag) };
	const state = { version: 0, fields: new Map() };

	for (let seq = 1; given[`change_${seq}`] !== undefined; seq++) {
		const change = changeDecode(given[`change_${seq}`]);

		Object.assign(state, { id: change.record, type: change.type });
		merge(context, state, given[`stream_${seq}`], change, seq, given[`stream_${seq}`] === USER);
	}
	sameCbor(bytes);
	same(recordEncode(recordIndexed(state, given.village)), bytes, 'record');
	same(recordEncode(recordDecode(bytes)), bytes, 'record written again');
}

function checkRecordId(given, bytes) {
	const text = bytes.toString('ascii');

	isTrue(idMake(given.stream, given.n) === given.id, 'id');
	same(Buffer.from(idFormat(given.id)), bytes, 'text of the id');
	isTrue(idParse(text.toUpperCase()) === given.id, 'id read');
}

function checkCarry(mark, items) {
	return (given, bytes) => {
		const file = Buffer.concat([Buffer.from(`${mark}\0`), encode(items(given))]);

		same(Buffer.concat([file, sha256(file).subarray(0, 16)]), bytes, 'file');
	};
}

const CHECKS = {
	carry_answers: checkCarry('sambung/reply/1', (given) => [given.tag, given.reply]),
	carry_answers_seen: checkCarry('sambung/reply/1', (given) => [given.tag, given.reply, given.seen]),
	carry_file: checkCarry('sambung/carry/1', (given) => [given.request, given.request]),
	cbor_items: checkCborItems,
	certificate: checkCertificate,
	certificate_after_fork: checkCertificate,
	chain: (given, bytes) => {
		same(chainStart(given.key, given.stream), given.h_0, 'h_0');
		same(chainLink(given.h_0, given.n, given.commitment), bytes, 'h_1');
	},
	change_after_fork: checkChange,
	change_creation: checkChange,
	change_edit: checkChange,
	change_set: checkChange,
	change_stub: (given, bytes) => same(encode(new Map([[1, given.n], [3, given.record],
		[14, given.commitment]])), bytes, 'stub'),
	change_village: checkChange,
	checkpoint: checkCheckpoint,
	checkpoint_note: (given, bytes) => same(checkpointNote(given), bytes, 'note'),
	checkpoint_text: checkCheckpointText,
	columns: checkColumns,
	columns_example: checkColumns,
	commitment: (given, bytes) => {
		sameCbor(given.change);
		same(commitment(given.salt, given.stream, given.n, given.change), bytes, 'C');
	},
	consistency_proof: checkConsistency,
	dictionary: (given, bytes) => {
		const dictionary = dictionaryRead(given.number);

		isTrue(given.number === DICTIONARY && given.size === dictionary.length, 'number and size');
		same(sha256(dictionary), bytes, 'SHA-256');
	},
	enrolment_code: checkCode,
	enrolment_parcel: checkRequestParcel(ENROL),
	enrolment_reply: checkEnrolmentReply,
	enrolment_request: (given, bytes) => {
		sameCbor(bytes);
		same(enrolmentRequest(given), bytes, 'enrolment request');
	},
	entry_header: (given, bytes) => {
		sameCbor(bytes);
		same(entryHeader(given), bytes, 'header');
	},
	entry_leaf: (given, bytes) => same(leaf(given.header), bytes, 'leaf'),
	fork_key: (given, bytes) => same(forkKey(given.seed, given.stream, given.n), bytes, 'seed'),
	fork_seed: (given, bytes) => same(forkSeed(given.seed, given.stream), bytes, 'seed'),
	inclusion_proof: checkInclusion,
	receipt_text: checkReceiptText,
	record_conflict: checkRecord,
	record_id: checkRecordId,
	record_once: checkRecord,
	record_plain: checkRecord,
	record_set: checkRecord,
	reply: checkReply,
	reply_columns: checkReplyColumns,
	reply_epochs: checkReplyEpochs,
	reply_erased: checkReplyErased,
	reply_fork: checkReplyFork,
	reply_lease: checkReplyLease,
	reply_lineages: checkReplyLineages,
	reply_parcel: (given, bytes) => {
		const session = { key: given.key, tag: given.tag };

		same(openReply(session, bytes), given.plain, 'opened');
		same(sealReply(session, given.nonce, given.plain), bytes, 'sealed again');
	},
	reply_proof: checkReplyProof,
	reply_receipt: checkReplyReceipt,
	reply_server_key: checkReplyServerKey,
	request_body: checkBody(bodyStored),
	request_body_columns: checkBody(bodyStoredColumns),
	request_body_deflated: checkBody(null),
	request_head: checkHead,
	request_head_certificate: checkHead,
	request_head_continuing: checkHead,
	request_head_paging: checkHead,
	request_head_witness: checkHead,
	request_parcel: checkRequestParcel(SYNC),
	salt: (given, bytes) => same(salt(given.seed, given.n), bytes, 'salt'),
	tree_root: (given, bytes) => same(root(Object.values(given).map(leaf)), bytes, 'root'),
};

// Rule of docs/protocol.cddl, and how many bytes stand in front of the CBOR.
const RULES = {
	certificate: ['certificate', 0],
	certificate_after_fork: ['certificate', 0],
	change_after_fork: ['change', 0],
	change_creation: ['change', 0],
	change_edit: ['change', 0],
	change_set: ['change', 0],
	change_stub: ['change-stub', 0],
	change_village: ['change', 0],
	enrolment_reply: ['enrolment-reply', 2],
	enrolment_request: ['enrolment-head', 0],
	entry_header: ['entry-header', 0],
	record_conflict: ['record', 0],
	record_once: ['record', 0],
	record_plain: ['record', 0],
	record_set: ['record', 0],
	reply: ['reply', 2],
	reply_columns: ['reply', 2],
	reply_epochs: ['reply', 2],
	reply_erased: ['reply', 2],
	reply_fork: ['reply', 2],
	reply_lease: ['reply', 2],
	reply_lineages: ['reply', 2],
	reply_proof: ['reply', 2],
	reply_receipt: ['reply', 2],
	reply_server_key: ['reply', 2],
	request_head: ['request-head', 0],
	request_head_certificate: ['request-head', 0],
	request_head_continuing: ['request-head', 0],
	request_head_paging: ['request-head', 0],
	request_head_witness: ['request-head', 0],
};
const cddl = protocolCddl();

function checkRule(name, bytes) {
	if (RULES[name] === undefined) {
		return;
	}
	const [rule, skip] = RULES[name];
	const value = decode(bytes.subarray(skip));
	if (name === 'reply') {
		value.delete(21); // any array stands for the record there
	}
	isTrue(cddl.fits(rule, value), `not what the rule ${rule} of protocol.cddl says`);
}

// Deflate may leave bits unused, so not every change of a byte shows.
const UNUSED_BITS = ['request_body_deflated'];

function fails(check, given, bytes) {
	try {
		check(given, bytes);
	} catch {
		return true;
	}
	return false;
}

function checkVector(folder, file) {
	const vector = JSON.parse(readFileSync(join(folder, file), 'utf8'));
	const check = CHECKS[vector.name];
	const given = Object.fromEntries(Object.entries(vector.inputs).map(([k, v]) => [k, input(v)]));
	const bytes = Buffer.from(vector.bytes, 'hex');

	isTrue(file === `${vector.name}.json`, 'its name is not that of the file');
	isTrue(check !== undefined, 'no check for it in check_vectors.mjs');
	check(given, bytes);
	checkRule(vector.name, bytes);
	for (let i = 0; i < bytes.length && !UNUSED_BITS.includes(vector.name); i++) {
		const changed = Buffer.from(bytes);

		changed[i] ^= 1;
		isTrue(fails(check, given, changed), `a change of byte ${i} is not noticed`);
	}
}

const folder = process.argv[2];
if (folder === undefined) {
	console.error('usage: check_vectors.mjs FOLDER');
	process.exit(2);
}
const files = readdirSync(folder).filter((file) => file.endsWith('.json')).sort();
const missing = Object.keys(CHECKS).filter((name) => !files.includes(`${name}.json`));
let failed = 0;
for (const file of files) {
	try {
		checkVector(folder, file);
	} catch (error) {
		console.log(`${file}: ${error.message}`);
		failed++;
	}
}
for (const name of missing) {
	console.log(`${name}.json: not there`);
	failed++;
}
console.log(`${files.length} vectors, ${failed} wrong`);
process.exit(failed === 0 ? 0 : 1);
