// SPDX-License-Identifier: Apache-2.0
// Cryptography from Node's own library, under the names of docs/protocol.md.

import crypto from 'node:crypto';

// PKCS#8 and SPKI in front of 32 raw bytes.
const PRIVATE_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const PRIVATE_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const PUBLIC_X25519 = Buffer.from('302a300506032b656e032100', 'hex');

export const random = crypto.randomBytes;

export function sha256(...parts) {
	const hash = crypto.createHash('sha256');

	for (const part of parts) {
		hash.update(part);
	}
	return hash.digest();
}

function privateKey(prefix, raw) {
	return crypto.createPrivateKey({
		key: Buffer.concat([prefix, raw]), format: 'der', type: 'pkcs8',
	});
}

function publicKey(prefix, raw) {
	return crypto.createPublicKey({
		key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki',
	});
}

function rawPublic(key) {
	return crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** An Ed25519 pair from its 32-byte seed. */
export function signPair(seed) {
	const secret = privateKey(PRIVATE_ED25519, seed);

	return { secret, public: rawPublic(secret) };
}

export function sign(secret, ...parts) {
	return crypto.sign(null, Buffer.concat(parts), secret);
}

export function signedBy(publicRaw, signature, ...parts) {
	return crypto.verify(null, Buffer.concat(parts), publicKey(PUBLIC_ED25519, publicRaw), signature);
}

/** An X25519 pair; any 32 random bytes will do as the secret. */
export function boxPair(raw = random(32)) {
	const secret = privateKey(PRIVATE_X25519, raw);

	return { secret, public: rawPublic(secret) };
}

// crypto_kx of libsodium: BLAKE2b-512 of the agreed point and both public keys, the client's first.
function agree(secret, peer, clientPublic, serverPublic) {
	const point = crypto.diffieHellman({
		privateKey: secret, publicKey: publicKey(PUBLIC_X25519, peer),
	});
	const both = crypto.createHash('blake2b512')
		.update(point).update(clientPublic).update(serverPublic).digest();

	return { toClient: both.subarray(0, 32), toServer: both.subarray(32) };
}

export function agreeAsClient(ephemeral, serverPublic) {
	return agree(ephemeral.secret, serverPublic, ephemeral.public, serverPublic);
}

export function agreeAsServer(server, ephemeralPublic) {
	return agree(server.secret, ephemeralPublic, ephemeralPublic, server.public);
}

const AEAD = 'chacha20-poly1305';
const TAG = { authTagLength: 16 };

export function seal(key, nonce, data, plain) {
	const cipher = crypto.createCipheriv(AEAD, key, nonce, TAG);

	cipher.setAAD(data, { plaintextLength: plain.length });
	return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws if the seal does not fit. */
export function open(key, nonce, data, sealed) {
	const plainLength = sealed.length - 16;

	if (plainLength < 0) {
		throw new Error('shorter than a seal');
	}
	const decipher = crypto.createDecipheriv(AEAD, key, nonce, TAG);
	decipher.setAAD(data, { plaintextLength: plainLength });
	decipher.setAuthTag(sealed.subarray(plainLength));
	return Buffer.concat([decipher.update(sealed.subarray(0, plainLength)), decipher.final()]);
}
