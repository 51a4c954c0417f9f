// winston-loki.mjs URL N json|protobuf: pushes lines "winston line 1" to N.
import winston from 'winston';
import LokiTransport from 'winston-loki';

const [url, n, encoding] = process.argv.slice(2);
const transport = new LokiTransport({
	host: url,
	labels: { client: `winston-${encoding}` },
	json: encoding === 'json',
	batching: false,
	format: winston.format.printf((info) => info.message),
	onConnectionError: (e) => {
		console.error(e);
		process.exit(1);
	},
});
const logger = winston.createLogger({ transports: [transport] });

for (let i = 1; i <= Number(n); i++)
	logger.info(`winston line ${i}`);
await transport.flush();
