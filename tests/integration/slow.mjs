// SPDX-License-Identifier: Apache-2.0
// Connections that take their time: node slow.mjs KIND PORT FROM COUNT [TOKEN]
//
//   silent  say nothing                      head  a byte of a header each quarter of a second
//   body    a byte of a long body, likewise  read  ask for a list and take nothing of it
//
// All lead from the address FROM to 127.0.0.1. Writes "open" once each is connected or was turned
// away, and "closed N" when the server has ended all; N had been open for a second.
import net from 'node:net';

const [kind, port, from, count, token] = process.argv.slice(2);
const EVERY_MS = 250;
const BEGINNINGS = {
	silent: '',
	head: 'GET /v1/health HTTP/1.1\r\nHost: slow\r\nX-Slow: ',
	body: 'POST /v1/sync HTTP/1.1\r\nHost: slow\r\nContent-Length: 262144\r\n' +
		'Content-Type: application/vnd.sambung.parcel\r\n\r\n',
	read: 'GET /v1/records/family HTTP/1.1\r\nHost: slow\r\n' +
		`Authorization: Bearer ${token}\r\n\r\n`,
};
let opened = 0;
let closed = 0;
let lasted = 0;

function opened_one() {
	opened++;
	if (opened === Number(count)) {
		console.log('open');
	}
}

function closed_one(since) {
	closed++;
	lasted += since !== 0 && Date.now() - since >= 1000;
	if (closed === Number(count)) {
		console.log(`closed ${lasted}`);
		process.exit(0);
	}
}

for (let i = 0; i < Number(count); i++) {
	const socket = net.connect({ host: '127.0.0.1', port: Number(port), localAddress: from });
	let since = 0;
	let timer;

	socket.on('connect', () => {
		since = Date.now();
		socket.write(BEGINNINGS[kind]);
		if (kind === 'read') {
			socket.pause();
			/* A paused socket does not notice its end, but what is written to it does. */
			timer = setInterval(() => socket.write('\r\n'), EVERY_MS);
		} else {
			socket.resume();
		}
		if (kind === 'head' || kind === 'body') {
			timer = setInterval(() => socket.write('x'), EVERY_MS);
		}
		opened_one();
	});
	socket.on('error', () => {
		if (since === 0) {
			opened_one();
		}
	});
	socket.on('close', () => {
		clearInterval(timer);
		closed_one(since);
	});
}
