// SPDX-License-Identifier: Apache-2.0
// The sealed envelope (docs/protocol.md, "Parcel").

import { decodeAt } from './cbor.mjs';
import { agreeAsClient, agreeAsServer, open, seal, sha256, sign, signedBy } from './keys.mjs';

const VERSION = 0x01;
const LABEL_SIZE = 18;
const OUTER_SIZE = 34;
const NONCE_ZERO = Buffer.alloc(12);

export const SYNC = 'sambung/request/1';
export const ENROL = 'sambung/enrol/1';

function labelled(label) {
	const bytes = Buffer.alloc(LABEL_SIZE);

	bytes.write(label, 'ascii');
	return bytes;
}

function signedText(label, serverPublic, ephemeralPublic, head, body) {
	return [labelled(label), serverPublic, ephemeralPublic, sha256(head), sha256(body)];
}

function sessionOf(keys, request) {
	return { key: keys.toClient, tag: sha256(request).subarray(0, 16) };
}

/** {bytes, session}; the session opens the reply. */
export function sealRequest(label, device, server, ephemeral, head, body) {
	const outer = Buffer.concat([Buffer.from([VERSION, server.id]), ephemeral.public]);
	const keys = agreeAsClient(ephemeral, server.public);
	const signature = sign(device.secret,
		...signedText(label, server.public, ephemeral.public, head, body));
	const sealed = seal(keys.toServer, NONCE_ZERO, outer, Buffer.concat([signature, head, body]));
	const bytes = Buffer.concat([outer, sealed]);

	return { bytes, session: sessionOf(keys, bytes) };
}

/** What a server does, for the vectors: {signature, head, body, ephemeralPublic, keys, session}. */
export function openRequest(bytes, server) {
	if (bytes.length <= OUTER_SIZE + 16 + 64 || bytes[0] !== VERSION || bytes[1] !== server.id) {
		throw new Error('no request for this server');
	}
	const outer = bytes.subarray(0, OUTER_SIZE);
	const ephemeralPublic = outer.subarray(2);
	const keys = agreeAsServer(server, ephemeralPublic);
	const plain = open(keys.toServer, NONCE_ZERO, outer, bytes.subarray(OUTER_SIZE));
	const [, end] = decodeAt(plain, 64);

	return {
		signature: plain.subarray(0, 64),
		head: plain.subarray(64, end),
		body: plain.subarray(end),
		ephemeralPublic,
		keys,
		session: sessionOf(keys, bytes),
	};
}

export function requestSignedBy(devicePublic, label, server, opened) {
	return signedBy(devicePublic, opened.signature,
		...signedText(label, server.public, opened.ephemeralPublic, opened.head, opened.body));
}

/** The same request again, from what a server knows of it. */
export function resealRequest(server, opened, device, label) {
	const outer = Buffer.concat([Buffer.from([VERSION, server.id]), opened.ephemeralPublic]);
	const signature = sign(device.secret,
		...signedText(label, server.public, opened.ephemeralPublic, opened.head, opened.body));

	return Buffer.concat([outer, seal(opened.keys.toServer, NONCE_ZERO, outer,
		Buffer.concat([signature, opened.head, opened.body]))]);
}

function replyData(session) {
	return Buffer.concat([Buffer.from([VERSION]), session.tag]);
}

export function sealReply(session, nonce, plain) {
	return Buffer.concat([Buffer.from([VERSION]), nonce,
		seal(session.key, nonce, replyData(session), plain)]);
}

export function openReply(session, bytes) {
	if (bytes.length < 29 || bytes[0] !== VERSION) {
		throw new Error('no reply');
	}
	return open(session.key, bytes.subarray(1, 13), replyData(session), bytes.subarray(13));
}
