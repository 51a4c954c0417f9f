// pino-loki.mjs URL N: pushes lines "pino line 1" to N with pino's transport for Loki.
import pino from 'pino';
import { pinoLoki } from 'pino-loki';

const [url, n] = process.argv.slice(2);
const transport = pinoLoki({ host: url, labels: { client: 'pino-loki' }, batching: { interval: 1 } });
const logger = pino(transport);

for (let i = 1; i <= Number(n); i++)
	logger.info({ line: i }, `pino line ${i}`);
await new Promise((done) => transport.on('close', done).end());
