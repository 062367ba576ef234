// SPDX-License-Identifier: Apache-2.0
// Proofs of the log and signed notes, checked as docs/ledger.md says.

import { decodeAt } from './cbor.mjs';
import { sha256, signedBy } from './keys.mjs';

function node(left, right) {
	return sha256(Buffer.from([1]), left, right);
}

/** Why a change was set aside of which nothing waits: its record was erased. */
const REASON_ERASED = 12;

const isOdd = (number) => number % 2 === 1;
const half = (number) => Math.floor(number / 2);

/** RFC 9162 section 2.1.3.2. */
export function inclusionHolds(hashes, leaf, index, size, root) {
	let at = index;
	let last = size - 1;
	let hash = leaf;

	if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
		return false;
	}
	for (const next of hashes) {
		if (last === 0) {
			return false;
		}
		if (isOdd(at) || at === last) {
			hash = node(next, hash);
			while (!isOdd(at) && at !== 0) {
				at = half(at);
				last = half(last);
			}
		} else {
			hash = node(hash, next);
		}
		at = half(at);
		last = half(last);
	}
	return last === 0 && hash.equals(root);
}

/** RFC 9162 section 2.1.4.2. */
export function consistencyHolds(hashes, from, older, to, newer) {
	let at = from - 1;
	let last = to - 1;

	if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || from > to) {
		return false;
	}
	if (from === to) {
		return hashes.length === 0 && older.equals(newer);
	}
	while (isOdd(at)) {
		at = half(at);
		last = half(last);
	}
	const [first, ...rest] = at === 0 ? [older, ...hashes] : hashes;
	if (first === undefined) {
		return false;
	}
	let former = first;
	let present = first;
	for (const next of rest) {
		if (last === 0) {
			return false;
		}
		if (isOdd(at) || at === last) {
			former = node(next, former);
			present = node(next, present);
			while (!isOdd(at) && at !== 0) {
				at = half(at);
				last = half(last);
			}
		} else {
			present = node(present, next);
		}
		at = half(at);
		last = half(last);
	}
	return last === 0 && former.equals(older) && present.equals(newer);
}

/** Base64 with padding, in its one form. */
function base64(text, length) {
	const bytes = Buffer.from(text, 'base64');

	if (bytes.length !== length || bytes.toString('base64') !== text) {
		throw new Error(`no base64 of ${length} bytes`);
	}
	return bytes;
}

/** A checkpoint as C2SP signed note, of that log key; throws if it is not. */
export function checkpointTextRead(text, logKey) {
	const parts = /^(sambung\/[0-9a-f]{8}\/[0-9a-f]{8})\n(0|[1-9][0-9]*)\n([^\n]+)\n\n([^]+)$/.exec(text);

	if (parts === null || !text.endsWith('\n')) {
		throw new Error('no checkpoint');
	}
	const [, name, size, root, below] = parts;
	const id = sha256(Buffer.from(`${name}\n\x01`, 'latin1'), logKey).subarray(0, 4);
	const note = Buffer.from(`${name}\n${size}\n${root}\n`, 'ascii');

	for (const line of below.split('\n').slice(0, -1)) {
		if (!line.startsWith(`\u2014 ${name} `)) {
			continue;
		}
		const stamp = base64(line.slice(name.length + 3), 68);
		const signature = stamp.subarray(4);

		if (stamp.subarray(0, 4).equals(id) && signedBy(logKey, signature, note)) {
			return { name, size: Number(size), root: base64(root, 32), signature };
		}
	}
	throw new Error('the checkpoint is not signed by this key');
}

const CHANGE = 1;
const RECEIPT = Buffer.from('sambung/receipt/1\0', 'ascii');

function le(value, bytes) {
	const out = Buffer.alloc(8);

	out.writeBigUInt64LE(BigInt(value));
	return out.subarray(0, bytes);
}

/** What the log key signs of all changes of a device up to n. */
export function receiptClaim(checkpoint, device, n, chain) {
	const [, origin, epoch] = checkpoint.name.split('/');

	return Buffer.concat([RECEIPT, Buffer.from(origin, 'hex'), le(parseInt(epoch, 16), 4),
		le(checkpoint.size, 8), checkpoint.root, le(device, 4), le(n, 4), chain]);
}

/** Header, chain and signature behind it: the header is one item of CBOR, so its end is known. */
function receiptExtra(extra) {
	const [header, end] = decodeAt(extra, 0);

	if (!Array.isArray(header) || header.length !== 14 || extra.length !== end + 32 + 64) {
		throw new Error('no header, chain and signature');
	}
	return { items: header, header: extra.subarray(0, end), chain: extra.subarray(end, end + 32),
		signature: extra.subarray(end + 32) };
}

/** A receipt, which is a C2SP tlog-proof; throws unless it holds by that log key. */
export function receiptRead(text, logKey) {
	const parts = /^c2sp\.org\/tlog-proof@v1\nextra ([^\n]+)\nindex (0|[1-9][0-9]*)\n((?:[^\n]+\n)*)\n([^]+)$/
		.exec(text);

	if (parts === null) {
		throw new Error('no receipt');
	}
	const [, extra, index, lines, note] = parts;
	const checkpoint = checkpointTextRead(note, logKey);
	const hashes = lines.split('\n').slice(0, -1).map((line) => base64(line, 32));
	const { items, header, chain, signature } =
		receiptExtra(base64(extra, Buffer.from(extra, 'base64').length));
	const [layout, kind, seq, received, , device, n, time, , , verdict, reason] = items;

	if (layout !== 1 || kind !== CHANGE || seq !== Number(index) + 1) {
		throw new Error('the header is of no such change');
	}
	if (!inclusionHolds(hashes, sha256(Buffer.from([0]), header), Number(index), checkpoint.size,
		checkpoint.root)) {
		throw new Error(`entry ${seq} is not in the log`);
	}
	if (!signedBy(logKey, signature, receiptClaim(checkpoint, device, n, chain))) {
		throw new Error('what it says of the changes before is not signed');
	}
	const setAside = verdict !== 0 && reason !== REASON_ERASED;

	return { device, changes: n, seq, received, time, setAside, chain, checkpoint };
}
