// SPDX-License-Identifier: Apache-2.0
// A device of Sambung on Node's standard library: enrols, records, pushes, pulls. It keeps
// everything in memory, follows docs/protocol.md and shares nothing with the C programs.

import http from 'node:http';
import https from 'node:https';

import { boxPair, random, sha256, signPair } from './keys.mjs';
import { chainLink, chainStart, checkpointDecode, checkpointSignedBy, commitment, salt }
	from './log.mjs';
import { bodyPack, certificateRead, codeParse, CURSOR_START, cursorEqual, enrolmentRequest,
	headEncode, replyPlain, replyUnpack } from './message.mjs';
import { ENROL, openReply, sealRequest, SYNC } from './parcel.mjs';
import { changeEncode, idMake, recordDecode } from './record.mjs';
import { Schema } from './schema.mjs';

const MEDIA = 'application/vnd.sambung.parcel';
const ROOM = 64 * 1024;
const PROGRAMME = 1;
const REQUESTS_MAX = 100;

function post(url, body) {
	const client = url.startsWith('https:') ? https : http;
	const options = { method: 'POST',
		headers: { 'Content-Type': MEDIA, 'Content-Length': body.length } };

	return new Promise((resolve, reject) => {
		const request = client.request(url, options, (response) => {
			const parts = [];

			response.on('data', (part) => parts.push(part));
			response.on('error', reject);
			response.on('end', () => {
				const answer = Buffer.concat(parts);

				if (response.statusCode === 200) {
					resolve(answer);
				} else {
					reject(new Error(`HTTP ${response.statusCode}: ${answer.toString().trim()}`));
				}
			});
		});
		request.on('error', reject);
		request.end(body);
	});
}

export class Device {
	/** url: instead of the one in the code. */
	constructor(codeText, url = undefined) {
		this.code = codeParse(codeText);
		this.url = (url ?? this.code.url).replace(/\/+$/, '');
		this.keys = signPair(random(32));
		this.r = 0;
		this.lastN = 0;
		this.ackedN = 0;
		this.cursor = CURSOR_START;
		this.scopeVersion = 0;
		this.schema = null;
		this.schemaParts = [];
		this.schemaHash = Buffer.alloc(8);
		this.changes = new Map(); // n to {bytes, seed, seq, commitment}
		this.openSeed = null;     // of the batch that is not closed yet
		this.exceptions = [];
		this.records = new Map(); // id as text to the decoded record
		this.checkpoint = null;
		this.requests = 0;
		this.recordBytes = [];    // of every record received, for checks
		this.replies = [];        // their plain maps, for checks
		this.bodies = [];         // as they were sent, for checks
	}

	async send(label, path, head, body) {
		const { bytes, session } = sealRequest(label, this.keys, this.code.server, boxPair(), head,
			body);

		this.requests++;
		const packed = openReply(session, await post(this.url + path, bytes));
		this.replies.push({ rule: label === ENROL ? 'enrolment-reply' : 'reply',
			plain: replyPlain(packed) });
		return replyUnpack(packed);
	}

	async enrol() {
		const head = enrolmentRequest({ ...this.code, device_key: this.keys.public,
			programme: PROGRAMME, room: ROOM });
		const reply = await this.send(ENROL, '/v1/enrol', head, Buffer.alloc(0));

		if (reply.status !== 'ok') {
			throw new Error(`enrolment: ${reply.status}`);
		}
		this.certificate = certificateRead(reply.certificate, reply.log_key);
		if (!this.certificate.device_key.equals(this.keys.public)) {
			throw new Error('the certificate is for another key');
		}
		this.number = this.certificate.device;
		this.logKey = reply.log_key;
		this.epoch = reply.epoch;
		this.scopeVersion = reply.scope_version;
		this.chain = chainStart(this.keys.public, this.number);
		this.takeTime(reply);
		this.takeSchema(reply.schema);
	}

	// ---- recording

	time() {
		return Math.floor((this.serverTime + performance.now() - this.serverTimeAt) / 1000);
	}

	append(change) {
		const n = ++this.lastN;
		const bytes = changeEncode({ n, ...change, schema_version: this.schema.version,
			scope_version: Math.min(this.scopeVersion, this.cursor.complete),
			time: this.time() });

		this.openSeed ??= random(16);
		this.changes.set(n, { n, bytes, seed: this.openSeed, seq: 0,
			commitment: commitment(salt(this.openSeed, n), this.number, n, bytes) });
		return n;
	}

	/** A new record; its id, as a BigInt. */
	create(typeName, fields) {
		const id = idMake(this.number, this.lastN + 1);

		this.append({ record: id, type: this.schema.type(typeName).tag,
			fields: this.schema.fields(typeName, fields) });
		return id;
	}

	/** An edit by somebody who had seen `version` of the record. */
	edit(typeName, id, version, fields) {
		return this.append({ record: id, type: this.schema.type(typeName).tag,
			base: [this.epoch, version], fields });
	}

	// ---- exchanging

	head(first, count) {
		const last = first + count - 1;
		let chain = this.chain;

		for (let n = first; n <= last; n++) {
			chain = chainLink(chain, n, this.changes.get(n).commitment);
		}
		const wall = Math.floor(Date.now() / 1000);
		return headEncode({ device: this.number, epoch: this.epoch, r: ++this.r, cursor: this.cursor,
			first_n: first, count, known_n: this.lastN, h_last: chain,
			witness_size: this.checkpoint?.size ?? 0,
			witness_root: this.checkpoint?.root.subarray(0, 8),
			clock_wall: wall, clock_shift: this.time() - wall, clock_quality: 0,
			scope_version: this.scopeVersion, schema_version: this.schema?.version ?? 0,
			schema_hash: this.schemaHash, schema_held: Buffer.concat(this.schemaParts).length,
			room: ROOM, programme: PROGRAMME });
	}

	body(first, count) {
		const sent = Array.from({ length: count }, (_, i) => this.changes.get(first + i));
		const batches = sent.filter((change, i) => sent[i + 1]?.seed !== change.seed)
			.map((change) => ({ last_n: change.n, seed: change.seed }));

		return bodyPack(batches, sent.map((change) => change.bytes));
	}

	/** One request and its reply; true if there is more to do. */
	async exchange() {
		const first = this.ackedN + 1;
		const count = this.lastN - this.ackedN;

		this.openSeed = null;
		this.bodies.push(this.body(first, count));
		const reply = await this.send(SYNC, '/v1/sync', this.head(first, count), this.bodies.at(-1));
		if (reply.status !== 'ok') {
			throw new Error(`sync: ${reply.status}`);
		}
		if (!cursorEqual(reply.from, this.cursor)) {
			throw new Error('the reply starts from another cursor');
		}
		this.takeTime(reply);
		this.takeAcks(reply);
		this.takeCheckpoint(reply);
		this.takeScope(reply.scope);
		this.takeRecords(reply);
		const schemaLeft = this.takeSchema(reply.schema);
		this.cursor = reply.to;
		return reply.more || schemaLeft || this.ackedN < this.lastN;
	}

	async sync() {
		for (let i = 0; i < REQUESTS_MAX; i++) {
			if (!await this.exchange()) {
				return;
			}
		}
		throw new Error('the exchange does not end');
	}

	takeTime(reply) {
		this.serverTime = reply.server_time_ms;
		this.serverTimeAt = performance.now();
	}

	takeAcks(reply) {
		for (const { first_n, count, seq } of reply.acks) {
			for (let i = 0; i < count; i++) {
				this.changes.get(first_n + i).seq = seq + i;
			}
		}
		this.exceptions.push(...reply.exceptions);
		while (this.ackedN < this.lastN && this.changes.get(this.ackedN + 1).seq !== 0) {
			this.ackedN++;
			this.chain = chainLink(this.chain, this.ackedN, this.changes.get(this.ackedN).commitment);
		}
	}

	takeCheckpoint(reply) {
		if (reply.checkpoint === undefined) {
			return;
		}
		const told = checkpointDecode(reply.checkpoint);
		if (!checkpointSignedBy(told, this.logKey) || told.epoch !== this.epoch ||
		    !told.origin.equals(this.certificate.origin)) {
			throw new Error('the checkpoint is not signed by this server');
		}
		if (this.checkpoint !== null && told.size < this.checkpoint.size) {
			throw new Error('the log went back');
		}
		this.checkpoint = told;
	}

	takeScope(scope) {
		if (scope === undefined) {
			return;
		}
		this.scopeVersion = scope.version;
		for (const [key, { village }] of this.records) {
			if (!scope.regions.some(({ low, high }) => low <= village && village <= high)) {
				this.records.delete(key);
			}
		}
	}

	takeRecords(reply) {
		for (const id of reply.evicted) {
			this.records.delete(String(id));
		}
		reply.records.forEach((bytes, index) => {
			const update = recordDecode(bytes);

			this.recordBytes.push(bytes);
			this.overlay(update, reply.whole.includes(index));
		});
	}

	/** This client shows nothing that is pending, so replacing is enough: no merge of its own. */
	overlay(update, whole) {
		const key = String(update.id);
		const held = this.records.get(key);

		if (held === undefined || whole) {
			this.records.set(key, update);
			return;
		}
		const fields = new Map(held.fields);
		for (const [tag, field] of update.fields) {
			if (field.version >= (fields.get(tag)?.version ?? 0)) {
				fields.set(tag, field);
			}
		}
		this.records.set(key, { ...update, fields });
	}

	/** True if more chunks are to come. */
	takeSchema(chunk) {
		if (chunk === undefined) {
			return false;
		}
		if (chunk.offset === 0) {
			this.schemaParts = [];
		}
		this.schemaParts.push(chunk.bytes);
		const bytes = Buffer.concat(this.schemaParts);
		if (bytes.length < chunk.size) {
			return true;
		}
		if (!sha256(bytes).equals(chunk.hash)) {
			throw new Error('the schema does not have the hash that was told');
		}
		this.schemaBytes = bytes;
		this.schema = new Schema(bytes);
		this.schemaHash = chunk.hash.subarray(0, 8);
		this.schemaParts = [];
		return false;
	}
}
