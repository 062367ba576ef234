// SPDX-License-Identifier: Apache-2.0
// Every route of the daemon, asked by nobody, cadre, supervisor and admin of one kecamatan and an admin
// of everything, about what lies inside the kecamatan and about what lies outside.
//
// usage: node access.mjs URL TABLE FIXTURES.json token|session
// FIXTURES: what test_access.sh made; see there. One line for each route, exit 1 if one cell is wrong.
import fs from 'node:fs';
import http from 'node:http';

const [url, tableFile, fixturesFile, mode] = process.argv.slice(2);
const fixtures = JSON.parse(fs.readFileSync(fixturesFile, 'utf8'));
const WHO = ['nobody', 'cadre', 'supervisor', 'admin', 'all'];
const agent = new http.Agent({ keepAlive: true });
const faults = [];
let asked = 0;

function fault(text) {
	faults.push(text);
	console.log(`not so: ${text}`);
}

function ask(method, path, headers = {}, body = undefined) {
	asked++;
	return new Promise((resolve, reject) => {
		const bytes = body === undefined ? undefined : Buffer.from(body);
		const request = http.request(url + path, {
			agent, method,
			headers: bytes === undefined ? headers : { ...headers, 'Content-Length': bytes.length },
		}, (response) => {
			const pieces = [];

			response.on('data', (piece) => pieces.push(piece));
			response.on('error', reject);
			response.on('end', () => resolve({
				status: response.statusCode,
				headers: response.headers,
				body: Buffer.concat(pieces).toString('latin1'),
			}));
		});
		request.on('error', reject);
		request.end(bytes);
	});
}

// ---- who asks

const callers = { nobody: {} };
const withoutCsrf = {};
const former = {};

async function signIn(name, password) {
	const answer = await ask('POST', '/v1/session', { 'Content-Type': 'application/json' },
		JSON.stringify({ name, password }));

	if (answer.status !== 200) {
		throw new Error(`signing in as ${name}: ${answer.status} ${answer.body}`);
	}
	const [cookie] = answer.headers['set-cookie'][0].split(';');

	return { Cookie: cookie, 'X-Sambung-CSRF': JSON.parse(answer.body).csrf };
}

async function signInAgain(who) {
	callers[who] = await signIn(fixtures.users[who], fixtures.password);
	withoutCsrf[who] = { Cookie: callers[who].Cookie };
}

async function makeCallers() {
	for (const who of WHO.slice(1)) {
		if (mode === 'token') {
			callers[who] = { Authorization: `Bearer ${fixtures.tokens[who]}` };
		} else {
			await signInAgain(who);
		}
	}
}

/** Who came in once, and may no more. */
async function makeFormer() {
	for (const [what, token] of Object.entries(fixtures.former)) {
		former[`a token that is ${what}`] = { Authorization: `Bearer ${token}` };
	}
	if (mode === 'session') {
		const cookie = await signIn(fixtures.disabled.name, fixtures.password);
		const path = `/v1/user/${fixtures.disabled.number}/disable`;
		const answer = await ask('POST', path, callers.all);

		if (answer.status !== 200) {
			fault(`${path}: ${answer.status} ${answer.body}`);
		}
		former['a session of a disabled user'] = cookie;
	}
}

// ---- what is asked for

const JSON_TYPE = { 'Content-Type': 'application/json' };
const PARCEL_TYPE = { 'Content-Type': 'application/vnd.sambung.parcel' };
const json = (value) => [JSON_TYPE, JSON.stringify(value)];
const { inside, outside, missing } = fixtures;

// Of a route that lists: what must stand in it, and what must not.
const seen = (key) => ({ shows: inside[key], hides: outside[key] });

// For each route: its path and body for an object `o` (inside, outside or missing).
const ASK = {
	'POST /v1/sync': () => ['/v1/sync', PARCEL_TYPE, 'hello'],
	'POST /v1/enrol': () => ['/v1/enrol', PARCEL_TYPE, 'hello'],
	'GET /v1/health': () => ['/v1/health'],
	'GET /v1/records/{type}': (o) => [`/v1/records/family?village=${o.region}`],
	'GET /v1/record/{id}': (o) => [`/v1/record/${o.record}`],
	'GET /v1/record/{id}/history': (o) => [`/v1/record/${o.record}/history`],
	'GET /v1/proof/record/{id}': (o) => [`/v1/proof/record/${o.record}`],
	'GET /v1/record/{id}/access': (o) => [`/v1/record/${o.record}/access`],
	'GET /v1/count/{type}': (o) => [`/v1/count/family?village=${o.region}`],
	'GET /v1/export/{type}.csv': (o) => [`/v1/export/family.csv?village=${o.region}`],
	'POST /v1/import/{type}': () => ['/v1/import/family', { 'Content-Type': 'text/csv' },
		'key,village,head\nZ1,6303072001,Zul\n'],
	'GET /v1/conflicts': (o) => [`/v1/conflicts?village=${o.region}`],
	'POST /v1/record/{id}/settle': (o) => [`/v1/record/${o.record}/settle`,
		...json({ field: 'address', value: `Jl. ${o.record}` })],
	'GET /v1/log': () => ['/v1/log'],
	'GET /v1/checkpoint': () => ['/v1/checkpoint'],
	'GET /v1/proof/consistency': () => ['/v1/proof/consistency?from=1'],
	'GET /v1/syncs': () => ['/v1/syncs'],
	'GET /v1/quarantine': () => ['/v1/quarantine'],
	'POST /v1/quarantine/{device}/release': (o) => [`/v1/quarantine/${o.revoked}/release`, ...json({ n: 1 })],
	'POST /v1/quarantine/{device}/close': (o) => [`/v1/quarantine/${o.revoked}/close`,
		...json({ n: 2, reason: 'dicatat ulang' })],
	'POST /v1/quarantine/{device}/reassign': (o) => [`/v1/quarantine/${o.revoked}/reassign`,
		...json({ n: 3, to: o.conflict || o.record })],
	'POST /v1/carry/adopt': () => ['/v1/carry/adopt',
		{ 'Content-Type': 'application/vnd.sambung.carry', 'X-Sambung-Reason': 'HP%20hilang' }, 'hello'],
	'GET /v1/devices': () => ['/v1/devices'],
	'POST /v1/device/{n}/scope': (o) => [`/v1/device/${o.device}/scope`,
		...json({ villages: [o.region, o.region.replace(/1$/, '2')] })],
	'POST /v1/device/{n}/handover': (o) => [`/v1/device/${o.revoked}/handover`,
		...json({ to: Number(o.device) })],
	'POST /v1/device/{n}/allow': (o) => [`/v1/device/${o.device}/allow`],
	'GET /v1/device/{n}/breach': (o) => [`/v1/device/${o.device}/breach`],
	'POST /v1/device/{n}/replace': (o) => [`/v1/device/${o.device}/replace`],
	'POST /v1/device/{n}/revoke': (o) => [`/v1/device/${o.device}/revoke`],
	'POST /v1/codes': (o) => ['/v1/codes', ...json({ cadre: 'Ani', villages: [o.region] })],
	'GET /v1/tokens': () => ['/v1/tokens'],
	'POST /v1/tokens': (o) => ['/v1/tokens', ...json({ name: 'Baru', role: 'cadre', scope: o.region })],
	'POST /v1/token/{n}/revoke': (o) => [`/v1/token/${o.token}/revoke`],
	'GET /v1/users': () => ['/v1/users'],
	'POST /v1/users': (o) => ['/v1/users', ...json({ name: `Baru ${o.region}`, role: 'cadre', scope: o.region,
		password: 'kuda besi hijau' })],
	'POST /v1/user/{n}/password': (o) => [`/v1/user/${o.user}/password`, ...json({ password: 'sapi besi hijau' })],
	'POST /v1/user/{n}/disable': (o) => [`/v1/user/${o.user}/disable`],
	'GET /v1/session': () => ['/v1/session'],
	'POST /v1/session': () => ['/v1/session', ...json({ name: `Tak Ada ${asked}`, password: 'tak ada juga' })],
	'POST /v1/session/password': () => ['/v1/session/password', ...json({ name: `Tak Ada ${asked}`,
		password: 'tak ada juga', new: 'sapi besi hijau' })],
	'DELETE /v1/session': () => ['/v1/session'],
	'GET /v1/schema': () => ['/v1/schema'],
	'POST /v1/schema': () => ['/v1/schema', JSON_TYPE, '{}'],
	'POST /v1/schema/check': () => ['/v1/schema/check', JSON_TYPE, '{}'],
	'GET /v1/epochs': () => ['/v1/epochs'],
	'GET /v1/backup': () => ['/v1/backup'],
	'POST /v1/record/{id}/erase': (o) => [`/v1/record/${o.record}/erase`, ...json({ reason: 'request' })],
	'GET /v1/erasures': () => ['/v1/erasures'],
	'GET /v1/erasure/{id}': (o) => [`/v1/erasure/${o.record}`],
	'POST /v1/erasures/finish': () => ['/v1/erasures/finish'],
};

// What a list has of each place, and a caller of one place must not see of the other.
const LISTS = {
	'GET /v1/records/{type}': seen('record'),
	'GET /v1/export/{type}.csv': seen('record'),
	'GET /v1/conflicts': seen('conflict'),
	'GET /v1/log': seen('record'),
	'GET /v1/syncs': seen('device'),
	'GET /v1/quarantine': seen('revoked'),
	'GET /v1/devices': seen('device'),
	'GET /v1/tokens': seen('token'),
	'GET /v1/users': seen('user'),
};

// ---- what it leaves in the log

let logRead = 0;

/** The entries since the last time, without those that looking leaves. */
async function entriesSince() {
	const answer = await ask('GET', `/v1/log?since=${logRead}`,
		{ Authorization: `Bearer ${fixtures.watcher}` });
	const entries = answer.body.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));

	if (answer.status !== 200 || entries.length === 0) {
		throw new Error(`the log: ${answer.status} ${answer.body}`);
	}
	logRead = entries.at(-1).seq;
	return entries.filter((entry) => entry.user !== 'watcher');
}

const done = new Set();

/**
 * Of the first request of each caller, for her session may have noted another; of what changes
 * something only of the first who may, for others find it done.
 */
async function checkEntries(route, who, status, entry) {
	const entries = await entriesSince();
	const found = [...new Set(entries.map((one) => one.kind))].sort().join('+') || '-';
	const wanted = entry.startsWith('(') ? '-' : entry;
	const name = mode === 'token' ? `program ${who}` : `caller ${who}`;

	if (status === 200 && found !== wanted && !(done.has(route) && found === '-')) {
		fault(`${route} by ${who} leaves ${wanted} in the log, but ${found}`);
	}
	if (status === 200 && !route.startsWith('GET')) {
		done.add(route);
	}
	if ((status === 401 || status === 403) && found !== '-') {
		fault(`${route}, refused to ${who}, leaves nothing in the log, but ${found}`);
	}
	if (entries.some((one) => one.user !== name)) {
		fault(`${route} by ${who} leaves entries of hers, but ${JSON.stringify(entries)}`);
	}
}

// ---- the cells

async function askFor(route, headers, object) {
	const [method] = route.split(' ');
	const [path, more = {}, body] = ASK[route](object);

	return ask(method, path, { ...headers, ...more }, body);
}

// Retry-After is drawn anew each time, and no answer here has one.
function sameAnswer(a, b) {
	return a.status === b.status && a.body === b.body &&
		JSON.stringify(a.headers) === JSON.stringify(b.headers);
}

/** The answer with the object's own words blotted out: what one asked for may be repeated. */
function withoutObject(answer, object) {
	let { body } = answer;

	for (const word of [object.record, object.device, object.revoked, object.token, object.user]) {
		body = body.replaceAll(word, '_'.repeat(8));
	}
	return { ...answer, body, headers: { ...answer.headers, 'content-length': 0 } };
}

function checkList(route, who, answer) {
	const list = LISTS[route];

	if (list === undefined || answer.status !== 200) {
		return;
	}
	if (!answer.body.includes(list.shows)) {
		fault(`${route} shows a ${who} of ${inside.region} what lies there`);
	}
	if (who === 'all' && !route.includes('type') && !route.includes('conflicts') &&
	    !answer.body.includes(list.hides)) {
		fault(`${route} shows all to an admin of all`);
	}
	if (who !== 'all' && (answer.body.includes(list.hides) || answer.body.includes('outside'))) {
		fault(`${route} shows a ${who} of ${inside.region} nothing of elsewhere`);
	}
}

/** Without a village, and with a region that is wider than her own, a caller gets what is her own. */
async function checkWider(route, who) {
	const [path] = ASK[route](inside);

	if (who === 'all' || !path.includes('?village=')) {
		return;
	}
	for (const query of ['', '?village=63']) {
		const answer = await ask('GET', path.replace(/\?.*/, query), callers[who]);
		const own = await askFor(route, callers[who], inside);

		if (answer.status !== 200) {
			fault(`${route}${query} by ${who}: ${answer.status} ${answer.body}`);
		}
		checkList(route, who, answer);
		if (route === 'GET /v1/count/{type}' && answer.body !== own.body) {
			fault(`${route}${query} by ${who} counts ${answer.body}, not ${own.body}`);
		}
	}
}

async function checkOutside(route, who, wanted) {
	const answer = await askFor(route, callers[who], outside);
	const list = LISTS[route];

	if (answer.status !== wanted) {
		fault(`${route} by ${who}, outside: ${wanted}, but ${answer.status} ${answer.body}`);
	}
	if (who !== 'all' && list !== undefined && answer.body.includes(list.hides)) {
		fault(`${route} asked for elsewhere shows a ${who} nothing of it`);
	}
	if (wanted === 404) {
		const none = await askFor(route, callers[who], missing);

		if (!sameAnswer(withoutObject(answer, outside), withoutObject(none, missing))) {
			fault(`${route} by ${who}: ${JSON.stringify(answer)} is not ${JSON.stringify(none)}`);
		}
	}
	if (route === 'GET /v1/count/{type}' && who !== 'all' && wanted === 200 &&
	    answer.body !== '{"count":0}\n') {
		fault(`${route} counts nothing elsewhere, but ${answer.body}`);
	}
}

async function checkCell(route, who, cell, entry) {
	const [wantedInside, wantedOutside] = cell.split('/');

	await entriesSince();
	const answer = await askFor(route, callers[who], inside);
	const ends = mode === 'session' && route === 'DELETE /v1/session' && who !== 'nobody';
	const wanted = ends ? 200 : Number(wantedInside);

	if (answer.status !== wanted) {
		fault(`${route} by ${who}: ${wanted}, but ${answer.status} ${answer.body}`);
	}
	await checkEntries(route, who, answer.status, entry);
	checkList(route, who, answer);
	if (wanted === 200) {
		await checkWider(route, who);
	}
	if (wantedOutside !== '-') {
		await checkOutside(route, who, Number(wantedOutside));
	}
	if (ends) {
		const after = await ask('GET', '/v1/session', callers[who]);

		if (after.status !== 401) {
			fault(`a session that was ended is nobody's, but ${after.status}`);
		}
		await signInAgain(who);
	}
}

/** What changes anything is refused to a page that has only the cookie, whoever she is. */
async function checkCsrf(route) {
	const [method] = route.split(' ');
	const elsewhere = { Origin: 'http://elsewhere.example' };

	if (mode !== 'session' || method === 'GET') {
		return;
	}
	for (const who of WHO.slice(1)) {
		for (const headers of [withoutCsrf[who], { ...withoutCsrf[who], 'X-Sambung-CSRF': 'x'.repeat(43) },
			{ ...callers[who], ...elsewhere }, { ...callers[who], 'Sec-Fetch-Site': 'cross-site' }]) {
			const answer = await askFor(route, headers, inside);

			if (answer.status !== 403) {
				fault(`${route} from another page by ${who}: 403, but ${answer.status} ${answer.body}`);
			}
		}
	}
}

/** They are nobody. */
async function checkFormer(route) {
	for (const [what, headers] of Object.entries(former)) {
		const answer = await askFor(route, headers, inside);

		if (answer.status !== 401) {
			fault(`${route} by ${what}: 401, but ${answer.status}`);
		}
	}
}

/** What was erased is to everybody what never was; only an admin of everything may hear that it was. */
async function checkErased() {
	for (const route of Object.keys(ASK).filter((one) => one.includes('/record/{id}'))) {
		for (const who of WHO) {
			if (who === 'all' && route.endsWith('/erase')) {
				continue;
			}
			const answer = await askFor(route, callers[who], inside);
			const none = await askFor(route, callers[who], missing);

			if (![401, 403, 404].includes(answer.status) ||
			    !sameAnswer(withoutObject(answer, inside), withoutObject(none, missing))) {
				fault(`${route} by ${who} of what was erased: ${JSON.stringify(answer)} is not ` +
					JSON.stringify(none));
			}
		}
	}
}

async function main() {
	const rows = fs.readFileSync(tableFile, 'utf8').split('\n')
		.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/\s+/));

	await makeCallers();
	await makeFormer();
	for (const [method, path, entry, ...cells] of rows) {
		const route = `${method} ${path}`;
		const before = faults.length;
		const open = cells[0].startsWith('4') === false || path === '/v1/sync' || path === '/v1/enrol' ||
			route === 'POST /v1/session' || route === 'POST /v1/session/password';

		if (ASK[route] === undefined) {
			fault(`${route}: access.mjs does not know how to ask for it`);
			continue;
		}
		if (!open) {
			await checkCsrf(route);
			await checkFormer(route);
		}
		for (const [place, who] of WHO.entries()) {
			await checkCell(route, who, cells[place], entry);
		}
		if (route === 'POST /v1/record/{id}/erase') {
			await checkErased();
		}
		if (faults.length === before) {
			console.log(`so: ${route}`);
		}
	}
	agent.destroy();
	console.log(`${rows.length} routes, ${asked} requests by ${mode}, ${faults.length} faults`);
	process.exit(faults.length === 0 && rows.length > 0 ? 0 : 1);
}

await main();
