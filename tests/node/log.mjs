// SPDX-License-Identifier: Apache-2.0
// Commitments, the chain, log entries, the tree and checkpoints (docs/protocol.md).

import { decode, encode } from './cbor.mjs';
import { sha256, sign, signedBy } from './keys.mjs';

function label(text) {
	const bytes = Buffer.alloc(16);

	bytes.write(text, 'ascii');
	return bytes;
}

const SALT = label('sambung/salt/1');
const COMMIT = label('sambung/commit/1');
const CHAIN = label('sambung/chain/1');
const LINK = label('sambung/link/1');
const FORK = label('sambung/fork/1');
const AGAIN = label('sambung/again/1');

export function le32(value) {
	const bytes = Buffer.alloc(4);

	bytes.writeUInt32LE(value);
	return bytes;
}

function le64(value) {
	const bytes = Buffer.alloc(8);

	bytes.writeBigUInt64LE(BigInt(value));
	return bytes;
}

export function salt(seed, n) {
	return sha256(SALT, seed, le32(n)).subarray(0, 16);
}

export function commitment(saltBytes, stream, n, bytes) {
	return sha256(COMMIT, saltBytes, le32(stream), le32(n), bytes);
}

export function chainStart(key, stream) {
	return sha256(CHAIN, key, le32(stream));
}

export function chainLink(before, n, committed) {
	return sha256(LINK, before, le32(n), committed);
}

/** The seed of the key after a fork. */
export function forkKey(seed, stream, n) {
	return sha256(FORK, seed, le32(stream), le32(n));
}

/** The seed of a batch that the stream makes again. */
export function forkSeed(seed, stream) {
	return sha256(AGAIN, seed, le32(stream)).subarray(0, 16);
}

export const KINDS = ['', 'change', 'release', 'schema', 'scope', 'admin', 'epoch', 'erasure', 'read'];

/** The header of an entry {kind, seq, received_ms, session, …, commitment}. */
export function entryHeader(entry) {
	return encode([1, entry.kind, entry.seq, entry.received_ms, entry.session, entry.stream,
		entry.n, entry.time, entry.user, entry.record, entry.verdict, entry.reason,
		entry.schema_version, entry.commitment]);
}

export function leaf(header) {
	return sha256(Buffer.from([0]), header);
}

function node(left, right) {
	return sha256(Buffer.from([1]), left, right);
}

/** RFC 9162 section 2.1.1, word for word. */
export function root(leaves) {
	if (leaves.length === 0) {
		return sha256();
	}
	if (leaves.length === 1) {
		return leaves[0];
	}
	let left = 1;
	while (left * 2 < leaves.length) {
		left *= 2;
	}
	return node(root(leaves.slice(0, left)), root(leaves.slice(left)));
}

export function checkpointDecode(bytes) {
	if (bytes.length !== 112) {
		throw new Error(`a checkpoint of ${bytes.length} bytes`);
	}
	return {
		origin: bytes.subarray(0, 4),
		epoch: bytes.readUInt32LE(4),
		size: Number(bytes.readBigUInt64LE(8)),
		root: bytes.subarray(16, 48),
		signature: bytes.subarray(48),
	};
}

export function checkpointEncode(checkpoint) {
	return Buffer.concat([checkpoint.origin, le32(checkpoint.epoch), le64(checkpoint.size),
		checkpoint.root, checkpoint.signature]);
}

export function checkpointNote(checkpoint) {
	const epoch = checkpoint.epoch.toString(16).padStart(8, '0');

	return Buffer.from(`sambung/${checkpoint.origin.toString('hex')}/${epoch}\n` +
		`${checkpoint.size}\n${checkpoint.root.toString('base64')}\n`, 'ascii');
}

export function checkpointSign(checkpoint, secret) {
	return { ...checkpoint, signature: sign(secret, checkpointNote(checkpoint)) };
}

export function checkpointSignedBy(checkpoint, logKey) {
	return signedBy(logKey, checkpoint.signature, checkpointNote(checkpoint));
}

const NOTE_KEYS = ['', 'action', 'stream', 'key', 'name', 'scope', 'version', 'hash', 'route',
	'filter', 'epoch', 'parent', 'cut', 'role', 'snapshot', 'stream_parent', 'parent_n', 'n', 'entry', 'reason',
	'records', 'entries', undefined, 'source', 'expires', 'from', 'to'];

/** The payload of an entry that is no change. */
export function noteDecode(bytes) {
	const note = {};

	for (const [key, value] of decode(bytes)) {
		if (NOTE_KEYS[key] === undefined || key === 0) {
			throw new Error(`a note with the key ${key}`);
		}
		note[NOTE_KEYS[key]] = value;
	}
	return note;
}
