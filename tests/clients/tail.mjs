// tail.mjs URL QUERY N: tails until N lines came, or 20 s are over; prints "WAIT_MS LINE" for each: how long
// after the time of the entry it came. "open" on stderr when the websocket is.
import WebSocket from 'ws';

const [url, query, n] = process.argv.slice(2);
const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/loki/api/v1/tail?query=${encodeURIComponent(query)}`);
let left = Number(n);

socket.on('open', () => console.error('open'));
socket.on('message', (data) => {
	const now = Date.now();

	for (const { values } of JSON.parse(data.toString()).streams ?? [])
		for (const [ts, line] of values) {
			console.log(`${now - Number(BigInt(ts) / 1000000n)} ${line}`);
			left--;
		}
	if (left <= 0)
		socket.close();
});
socket.on('close', (code, reason) => {
	console.error(`closed ${code} ${reason}`);
	process.exit(left === 0 ? 0 : 1);
});
socket.on('error', (e) => {
	console.error(String(e));
	process.exit(1);
});
setTimeout(() => {
	console.error(`${left} lines did not come`);
	process.exit(1);
}, 20000);
