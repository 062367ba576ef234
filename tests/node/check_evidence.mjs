// SPDX-License-Identifier: Apache-2.0
// Reads what `sambung evidence --out FILE` wrote, with docs/ledger.md and nothing else, and says what
// it shows: that the two statements cannot both be true of one log (proven), or what the phone says.
//
// usage: check_evidence.mjs FILE KEY       KEY is the text name+id+base64 of `sambungctl verify`

import { readFileSync } from 'node:fs';

import { checkpointTextRead, consistencyHolds } from './proof.mjs';

/** Splits name+id+base64: base64 may hold + itself. */
function keyOf(text) {
	const [, , base64] = text.split(/\+(.*?)\+(.*)/s);

	return Buffer.from(base64, 'base64').subarray(1);
}

/** The key without its name, which is the epoch's. */
function rawOf(text) {
	return keyOf(text).toString('hex');
}

const FORM = /^sambung\/evidence\/1\nkey ([^\n]+)\ntime ([0-9]+)\n\nolder\n([^]+?\n)\nnewer\n([^]*?)\n(no proof|proof)\n((?:[0-9a-f]{64}\n)*)$/;

function why(older, newer, proof) {
	if (newer === null) {
		return [false, 'it was asked for a proof and told nothing'];
	}
	const sameLog = older.name === newer.name;
	if (sameLog && older.size === newer.size && !older.root.equals(newer.root)) {
		return [true, 'two roots of one size'];
	}
	if (proof !== null && !consistencyHolds(proof, older.size, older.root, newer.size, newer.root)) {
		return [false, 'the proof that it gave does not hold'];
	}
	if (proof !== null) {
		throw new Error('the proof holds: nothing is contradicted');
	}
	return [false, sameLog && newer.size < older.size ? 'the log went back' : 'it gave no proof'];
}

function check(text, keyText) {
	const parts = FORM.exec(text);

	if (parts === null) {
		throw new Error('no evidence');
	}
	const [, key, time, older, newer, kind, hashes] = parts;
	if (rawOf(key) !== rawOf(keyText)) {
		throw new Error('it is of another key');
	}
	const [first, second] = [older, newer].map((part) =>
		part === '' ? null : checkpointTextRead(part, keyOf(keyText)));
	const proof = kind === 'proof' ? hashes.split('\n').slice(0, -1).map((line) =>
		Buffer.from(line, 'hex')) : null;
	const [proven, what] = why(first, second, proof);
	return { time: Number(time), older: first.size, newer: second?.size ?? null, proven, why: what };
}

const [file, keyText] = process.argv.slice(2);
try {
	console.log(JSON.stringify(check(readFileSync(file, 'utf8'), keyText)));
} catch (error) {
	console.error(`check_evidence: ${error.message}`);
	process.exit(1);
}
