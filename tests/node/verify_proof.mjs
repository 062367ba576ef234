// SPDX-License-Identifier: Apache-2.0
// Checks what the server proves, with docs/ledger.md and nothing else.
//
// usage: verify_proof.mjs record FILE KEY [--alter]       what `sambungctl prove ID` printed
//        verify_proof.mjs consistency FILE OLD NEW KEY    GET /v1/proof/consistency between two
//                                                         checkpoints of `sambungctl checkpoint`
//        verify_proof.mjs receipt FILE KEY [--alter]      what `sambung receipt --out FILE` wrote
// KEY is the text name+id+base64 of `sambungctl verify`. --alter: besides, each byte of the file is
// altered in turn, and each time the proof must fail.

import { readFileSync } from 'node:fs';

import { decode } from './cbor.mjs';
import { commitment, leaf } from './log.mjs';
import { checkpointTextRead, consistencyHolds, inclusionHolds, receiptRead } from './proof.mjs';
import { idParse } from './record.mjs';

const CHANGE = 1;

function isTrue(condition, what) {
	if (!condition) {
		throw new Error(what);
	}
}

function hex(text, length) {
	isTrue(typeof text === 'string' && /^([0-9a-f]{2})*$/.test(text), 'no hex digits');
	const bytes = Buffer.from(text, 'hex');

	isTrue(length === undefined || bytes.length === length, `not ${length} bytes`);
	return bytes;
}

function hasKeys(object, ...keys) {
	isTrue(Object.keys(object).sort().join() === keys.sort().join(), 'other members than these');
}

/** The raw key of name+id+base64. */
function keyOf(text) {
	const [, , base64] = text.split(/\+(.*?)\+(.*)/s);
	const typed = Buffer.from(base64, 'base64');

	isTrue(typed.length === 33 && typed[0] === 1 && typed.toString('base64') === base64, 'no key');
	return typed.subarray(1);
}

function checkEntry(line, record, checkpoint, before) {
	hasKeys(line, 'seq', 'header', 'salt', 'payload', 'proof');
	const header = hex(line.header);
	const [layout, kind, seq, , , stream, n, , , about, , , , committed] = decode(header);

	isTrue(layout === 1 && seq === line.seq && seq > before, 'seq');
	isTrue(BigInt(about) === BigInt(record), 'it is of another record');
	isTrue(inclusionHolds(line.proof.map((hash) => hex(hash, 32)), leaf(header), seq - 1,
		checkpoint.size, checkpoint.root), `entry ${seq} is not in the log`);
	isTrue((line.salt === null) === (line.payload === null), 'salt or payload is missing');
	if (line.payload !== null) {
		isTrue(kind === CHANGE || (stream === 0 && n === 0), 'stream and n');
		isTrue(commitment(hex(line.salt, 16), stream, n, hex(line.payload)).equals(committed),
			`the payload of entry ${seq} is another`);
	}
	return seq;
}

function checkRecord(text, keyText) {
	isTrue(text.endsWith('\n'), 'it ends early');
	const [first, ...entries] = text.slice(0, -1).split('\n').map((line) => JSON.parse(line));
	const id = idParse(first.record);
	const checkpoint = checkpointTextRead(first.checkpoint, keyOf(keyText));

	hasKeys(first, 'record', 'key', 'checkpoint');
	isTrue(first.key === keyText, 'it is of another key');
	entries.reduce((before, line) => checkEntry(line, id, checkpoint, before), 0);
	isTrue(entries.length > 0, 'no entry');
	return { record: first.record, entries: entries.length, size: checkpoint.size,
		erased: entries.filter((line) => line.payload === null).length };
}

function checkReceipt(text, keyText) {
	const { device, changes, seq, setAside, checkpoint } = receiptRead(text, keyOf(keyText));

	isTrue(text.length < 2048, 'it is longer than 2 KiB');
	return { device, changes, seq, set_aside: setAside, size: checkpoint.size,
		root: checkpoint.root.toString('base64').slice(0, 12) };
}

/** Every byte of the file counts. */
function alterEach(check, bytes, keyText) {
	for (let i = 0; i < bytes.length; i++) {
		const altered = Buffer.from(bytes);

		altered[i] ^= 1;
		try {
			check(altered.toString('utf8'), keyText);
		} catch {
			continue;
		}
		throw new Error(`another byte ${i} is not noticed`);
	}
	return bytes.length;
}

function checkConsistency(file, older, newer, keyText) {
	const proof = JSON.parse(readFileSync(file, 'utf8'));
	const [from, to] = [older, newer].map((path) =>
		checkpointTextRead(readFileSync(path, 'utf8'), keyOf(keyText)));

	isTrue(proof.from === from.size && proof.to === to.size, 'it is of other sizes');
	isTrue(consistencyHolds(proof.proof.map((hash) => hex(hash, 32)), from.size, from.root, to.size,
		to.root), 'the log does not go on from what it was');
	return { from: from.size, to: to.size };
}

const CHECKS = { record: checkRecord, receipt: checkReceipt };
const [what, file, ...rest] = process.argv.slice(2);
try {
	if (CHECKS[what] !== undefined && rest.length >= 1) {
		const bytes = readFileSync(file);
		const result = CHECKS[what](bytes.toString('utf8'), rest[0]);

		if (rest[1] === '--alter') {
			result.altered = alterEach(CHECKS[what], bytes, rest[0]);
		}
		console.log(JSON.stringify(result));
	} else if (what === 'consistency' && rest.length === 3) {
		console.log(JSON.stringify(checkConsistency(file, ...rest)));
	} else {
		console.error('usage: verify_proof.mjs record|receipt FILE KEY [--alter] | consistency FILE OLD NEW KEY');
		process.exit(2);
	}
} catch (error) {
	console.error(`verify_proof: ${error.message}`);
	process.exit(1);
}
