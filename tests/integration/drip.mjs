// SPDX-License-Identifier: Apache-2.0
// A server whose answers never end: node drip.mjs KIND. Writes its port.
//
//   drip    sends a hundred bytes each hundredth of a second to whoever asks for anything
//   silent  says nothing
import http from 'node:http';

const EVERY_MS = 10;
const PIECE = Buffer.alloc(100, ' ');
const drips = process.argv[2] === 'drip';

const server = http.createServer((request, response) => {
	request.resume();
	if (drips) {
		response.writeHead(200, { 'Content-Type': 'application/vnd.sambung.parcel' });
		const timer = setInterval(() => response.write(PIECE), EVERY_MS);
		response.on('close', () => clearInterval(timer));
	}
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
