// opentelemetry.mjs URL N json|protobuf: pushes lines "otel line 1" to N with OpenTelemetry's SDK.
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';

const [url, n, encoding] = process.argv.slice(2);
const Exporter = encoding === 'json' ? JsonExporter : ProtobufExporter;
const exporter = new Exporter({ url: `${url}/otlp/v1/logs` });
const provider = new LoggerProvider({
	resource: resourceFromAttributes({ 'service.name': `otel-${encoding}`, 'host.name': 'testhost' }),
	processors: [new BatchLogRecordProcessor({ exporter })],
});
const logger = provider.getLogger('test', '1.2.3');

for (let i = 1; i <= Number(n); i++)
	logger.emit({ severityNumber: 9, severityText: 'INFO', body: `otel line ${i}`, attributes: { 'line.number': i } });
await provider.forceFlush();
await provider.shutdown();
