// SPDX-License-Identifier: Apache-2.0
// A device in a second language against a real server: enrols, pulls, pushes 20 visits in one
// request, pulls, and prints one JSON object. Exits 1 if anything is not as docs/protocol.md says.
//
// usage: interop.mjs URL CODE [--person ID]… [--rename]
//   --person ID  visits of this person (any number of them); without it a family and a person are
//                made as well
//   --rename     also edits each --person as somebody who had seen nothing of the record would:
//                a conflict, if its name is another

import { decode, encode } from './cbor.mjs';
import { protocolCddl } from './cddl.mjs';
import { sha256 } from './keys.mjs';
import { chainLink, chainStart } from './log.mjs';
import { idFormat, idParse, recordDecode, recordEncode } from './record.mjs';
import { Device } from './sambung.mjs';

const VISITS = 20;

function isTrue(condition, what) {
	if (!condition) {
		throw new Error(what);
	}
}

function usage() {
	console.error('usage: interop.mjs URL CODE [--person ID]… [--rename]');
	process.exit(2);
}

function readArguments() {
	const [url, code, ...rest] = process.argv.slice(2);
	const given = { url, code, persons: [], rename: false };

	if (url === undefined || code === undefined) {
		usage();
	}
	for (let i = 0; i < rest.length; i++) {
		if (rest[i] === '--person' && rest[i + 1] !== undefined) {
			given.persons.push(idParse(rest[++i]));
		} else if (rest[i] === '--rename') {
			given.rename = true;
		} else {
			usage();
		}
	}
	return given;
}

function makePerson(device) {
	const [village] = device.certificate.scope;
	const family = device.create('family', { village: village.low, head: 'Rahmat Hidayat',
		address: 'Jl. Teratai 4', water: 'protected_well', aid: ['mbg', 'bansos'] });

	return device.create('person', { family, name: 'Siti Aminah', group: 'bumil' });
}

function makeVisits(device, persons) {
	for (let i = 0; i < VISITS; i++) {
		const day = String(1 + i).padStart(2, '0');

		device.create('visit', { person: persons[i % persons.length], date: `2026-10-${day}`,
			group: 'bumil', weight: 52.4 + i / 10, hb: 11.2, topics: ['gizi', 'ttd'], note: `Kunjungan ke-${i + 1}` });
	}
}

// Everything that came as bytes is written to the same bytes again, and is what protocol.cddl says.
function checkEncodings(device) {
	const cddl = protocolCddl();

	for (const { rule, plain } of device.replies) {
		isTrue(cddl.fits(rule, decode(plain)), `not what protocol.cddl says of a ${rule}`);
		isTrue(encode(decode(plain)).equals(plain), `a ${rule} written again`);
	}
	isTrue(encode(decode(device.schemaBytes)).equals(device.schemaBytes), 'the schema written again');
	isTrue(sha256(device.schemaBytes).subarray(0, 8).equals(device.schemaHash), 'the schema\'s hash');
	for (const bytes of device.recordBytes) {
		isTrue(recordEncode(recordDecode(bytes)).equals(bytes),
			`record written again: ${bytes.toString('hex')}`);
	}
}

function checkAcknowledged(device) {
	const changes = [...device.changes.values()];
	let chain = chainStart(device.keys.public, device.number);

	isTrue(device.ackedN === device.lastN, 'not everything is acknowledged');
	isTrue(new Set(changes.map((change) => change.seq)).size === changes.length, 'a seq stands twice');
	for (const change of changes) {
		chain = chainLink(chain, change.n, change.commitment);
	}
	isTrue(chain.equals(device.chain), 'the chain over what is acknowledged');
	isTrue(device.checkpoint !== null && device.checkpoint.size >= Math.max(0,
		...changes.map((change) => change.seq)), 'the checkpoint covers what is acknowledged');
}

async function run(given) {
	const device = new Device(given.code, given.url);

	await device.enrol();
	await device.sync();
	for (const person of given.persons) {
		isTrue(device.records.has(String(person)), `${idFormat(person)} is not in the scope`);
	}
	const persons = given.persons.length > 0 ? given.persons : [makePerson(device)];
	makeVisits(device, persons);
	for (const person of given.rename ? given.persons : []) {
		device.edit('person', person, 0, device.schema.fields('person', { name: `Nama dari ${device.number}` }));
	}
	const before = device.requests;
	await device.exchange();
	isTrue(device.ackedN === device.lastN, 'one request did not bring everything');
	isTrue(device.bodies.at(-1)[1] === 1, 'the visits did not travel in columns');
	const requestsToPush = device.requests - before;
	await device.sync();
	checkAcknowledged(device);
	checkEncodings(device);
	return { device, persons, requestsToPush };
}

// Records are in columns where key 21 holds bytes.
function repliesInColumns(device) {
	return device.replies.filter(({ plain }) => decode(plain).get(21) instanceof Uint8Array).length;
}

function report({ device, persons, requestsToPush }) {
	return {
		device: device.number,
		cadre: device.certificate.cadre,
		device_key: device.keys.public.toString('hex'),
		log_key: device.logKey.toString('hex'),
		origin: device.certificate.origin.toString('hex'),
		epoch: device.epoch,
		requests: device.requests,
		requests_to_push: requestsToPush,
		acked_n: device.ackedN,
		conflicts: device.exceptions.filter((exception) => exception.kind === 1).length,
		quarantined: device.exceptions.filter((exception) => exception.kind === 2).length,
		persons: persons.map(idFormat),
		records: device.records.size,
		bytes_to_push: Math.max(...device.bodies.map((body) => body.length)),
		replies_in_columns: repliesInColumns(device),
		schema: { name: device.schema.name, version: device.schema.version,
			bytes: device.schemaBytes.length },
		chain: device.chain.toString('hex'),
		checkpoint: { size: device.checkpoint.size, root: device.checkpoint.root.toString('hex') },
		changes: [...device.changes.values()].map((change) => ({ n: change.n, seq: change.seq,
			commitment: change.commitment.toString('hex') })),
	};
}

run(readArguments()).then((done) => {
	console.log(JSON.stringify(report(done)));
}, (error) => {
	console.error(`interop: ${error.message}`);
	process.exitCode = 1;
});
