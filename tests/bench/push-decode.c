/*
 * push-decode - how fast the decoders of pushes are, by themselves: "name MB/s of line bytes", TAB
 * between, the best of several rounds over one body of some 20 MB that lies in memory. What they
 * give goes nowhere.
 *
 *	push-decode
 *	push-decode FILE
 *
 * FILE, bodies.bin of gen-logs, is decoded once, with its compression: for who counts instructions.
 * Prints the bytes of lines.
 */
#include "base/io.h"
#include "base/wr.h"
#include "bodies.h"
#include "json/json.h"
#include "push/body.h"
#include "push/otlp.h"
#include "push/records.h"

enum { STREAMS = 50, ENTRIES = 2000, ROUNDS = 15 };

typedef int decode_fn(struct bytes body, const struct push_sink *sink, struct arena *a,
		      struct err *e);

struct count {
	size_t lines, bytes;
};

static int count_stream(void *data, const struct push_labels *l, struct err *e)
{
	(void)data;
	(void)l;
	(void)e;
	return 0;
}

static int count_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		       size_t n_meta, struct err *e)
{
	struct count *c = data;

	(void)ts_ns;
	(void)meta;
	(void)n_meta;
	(void)e;
	c->lines++;
	c->bytes += line.n;
	return 0;
}

enum kind { PLAIN, JSON_LINES, WITH_META, KINDS };
static const char *const kinds[] = { "plain lines", "JSON lines", "plain lines, metadata" };

static void make_line(struct buf *b, unsigned i, enum kind kind)
{
	buf_reset(b);
	if (kind == JSON_LINES)
		buf_addf(b,
			 "{\"time\":\"2026-01-15T10:%02u:%02uZ\",\"level\":\"info\",\"msg\":"
			 "\"request "
			 "served\",\"method\":\"GET\",\"path\":\"/api/v1/items/%u\",\"status\":200,"
			 "\"dur\":\"%u.%ums\",\"trace\":\"%016x\"}",
			 i / 60 % 60, i % 60, i * 7919, i % 97, i % 10, i * 2654435761U);
	else
		buf_addf(b,
			 "10.0.%u.%u - - [15/Jan/2026:10:%02u:%02u +0000] GET /api/v1/items/%u "
			 "HTTP/1.1 "
			 "200 %u - Mozilla/5.0 (X11; Linux x86_64) rt=0.%03u trace=%016x",
			 i % 256, i / 7 % 256, i / 60 % 60, i % 60, i * 7919, i % 5000, i % 1000,
			 i * 2654435761U);
}

static void make_json(struct buf *body, enum kind kind)
{
	struct buf line = { 0 };

	buf_add_str(body, "{\"streams\":[");
	for (unsigned s = 0; s < STREAMS; s++) {
		buf_addf(body, "%s{\"stream\":{\"app\":\"web\",\"pod\":\"web-%u\"},\"values\":[",
			 s ? "," : "", s);
		for (unsigned i = 0; i < ENTRIES; i++) {
			make_line(&line, s * ENTRIES + i, kind);
			buf_addf(body, "%s[\"17684712%09u\",", i ? "," : "", i * 1000);
			json_add_quoted(body, buf_bytes(&line));
			if (kind == WITH_META)
				buf_addf(body, ",{\"trace_id\":\"%08x\",\"user\":\"u%u\"}", i, i);
			buf_add_char(body, ']');
		}
		buf_add_str(body, "]}");
	}
	buf_add_str(body, "]}");
	buf_release(&line);
}

static void add_field(struct buf *b, unsigned number, struct bytes v)
{
	wr_uvarint(b, number << 3 | 2);
	wr_lstr(b, v);
}

static void add_pair(struct buf *entry, const char *name, unsigned value)
{
	struct buf pair = { 0 }, text = { 0 };

	buf_addf(&text, "%08x", value);
	add_field(&pair, 1, bytes_str(name));
	add_field(&pair, 2, buf_bytes(&text));
	add_field(entry, 3, buf_bytes(&pair));
	buf_release(&pair);
	buf_release(&text);
}

static void make_protobuf(struct buf *body, enum kind kind)
{
	struct buf line = { 0 }, ts = { 0 }, entry = { 0 }, stream = { 0 };

	for (unsigned s = 0; s < STREAMS; s++) {
		buf_reset(&stream);
		buf_addf(&line, "{app=\"web\",pod=\"web-%u\"}", s);
		add_field(&stream, 1, buf_bytes(&line));
		for (unsigned i = 0; i < ENTRIES; i++) {
			make_line(&line, s * ENTRIES + i, kind);
			buf_reset(&ts);
			buf_reset(&entry);
			wr_uvarint(&ts, 1 << 3);
			wr_uvarint(&ts, 1768471200);
			wr_uvarint(&ts, 2 << 3);
			wr_uvarint(&ts, i * 1000);
			add_field(&entry, 1, buf_bytes(&ts));
			add_field(&entry, 2, buf_bytes(&line));
			if (kind == WITH_META) {
				add_pair(&entry, "trace_id", i);
				add_pair(&entry, "user", i);
			}
			add_field(&stream, 2, buf_bytes(&entry));
		}
		add_field(body, 1, buf_bytes(&stream));
		buf_reset(&line);
	}
	buf_release(&line);
	buf_release(&ts);
	buf_release(&entry);
	buf_release(&stream);
}

/* The same as OTLP has it: of each stream a resource, of metadata attributes. */
static void make_otlp_json(struct buf *body, enum kind kind)
{
	struct buf line = { 0 };

	buf_add_str(body, "{\"resourceLogs\":[");
	for (unsigned s = 0; s < STREAMS; s++) {
		buf_addf(body,
			 "%s{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
			 "\"stringValue\":\"web-%u\"}}]},\"scopeLogs\":[{\"scope\":{},"
			 "\"logRecords\":[",
			 s ? "," : "", s);
		for (unsigned i = 0; i < ENTRIES; i++) {
			make_line(&line, s * ENTRIES + i, kind);
			buf_addf(body,
				 "%s{\"timeUnixNano\":\"17684712%09u\",\"body\":{\"stringValue\":",
				 i ? "," : "", i * 1000);
			json_add_quoted(body, buf_bytes(&line));
			buf_add_str(body, "}");
			if (kind == WITH_META)
				buf_addf(body,
					 ",\"attributes\":[{\"key\":\"trace_id\",\"value\":{"
					 "\"stringValue\":\"%08x\"}},{\"key\":\"user.id\","
					 "\"value\":{"
					 "\"intValue\":\"%u\"}}]",
					 i, i);
			buf_add_char(body, '}');
		}
		buf_add_str(body, "]}]}");
	}
	buf_add_str(body, "]}");
	buf_release(&line);
}

static void add_attribute(struct buf *to, unsigned field, const char *key, unsigned value)
{
	struct buf any = { 0 }, text = { 0 }, attribute = { 0 };

	buf_addf(&text, "%08x", value);
	add_field(&any, 1, buf_bytes(&text));
	add_field(&attribute, 1, bytes_str(key));
	add_field(&attribute, 2, buf_bytes(&any));
	add_field(to, field, buf_bytes(&attribute));
	buf_release(&any);
	buf_release(&text);
	buf_release(&attribute);
}

static void make_otlp_protobuf(struct buf *body, enum kind kind)
{
	struct buf line = { 0 }, any = { 0 }, record = { 0 }, scopes = { 0 }, logs = { 0 };

	for (unsigned s = 0; s < STREAMS; s++) {
		buf_reset(&scopes);
		buf_reset(&logs);
		buf_reset(&any);
		add_attribute(&any, 1, "service.name", s);
		add_field(&logs, 1, buf_bytes(&any));
		for (unsigned i = 0; i < ENTRIES; i++) {
			uint64_t ts = UINT64_C(1768471200000000000) + i * 1000;

			make_line(&line, s * ENTRIES + i, kind);
			buf_reset(&record);
			buf_reset(&any);
			wr_uvarint(&record, 1 << 3 | 1);
			buf_add(&record, &ts, sizeof(ts));
			add_field(&any, 1, buf_bytes(&line));
			add_field(&record, 5, buf_bytes(&any));
			if (kind == WITH_META) {
				add_attribute(&record, 6, "trace_id", i);
				add_attribute(&record, 6, "user.id", i);
			}
			add_field(&scopes, 2, buf_bytes(&record));
		}
		add_field(&logs, 2, buf_bytes(&scopes));
		add_field(body, 1, buf_bytes(&logs));
	}
	buf_release(&line);
	buf_release(&any);
	buf_release(&record);
	buf_release(&scopes);
	buf_release(&logs);
}

static int otlp_protobuf(struct bytes body, const struct push_sink *sink, struct arena *a,
			 struct err *e)
{
	return push_otlp_protobuf(body, &otlp_default, 1, sink, a, e);
}

static int otlp_json(struct bytes body, const struct push_sink *sink, struct arena *a,
		     struct err *e)
{
	return push_otlp_json(body, &otlp_default, 1, sink, a, e);
}

static void make_bulk(struct buf *body, enum kind kind)
{
	struct buf line = { 0 };

	for (unsigned i = 0; i < STREAMS * ENTRIES; i++) {
		make_line(&line, i, kind);
		buf_addf(body,
			 "{\"create\":{}}\n{\"@timestamp\":\"2026-01-15T10:00:00.%09uZ\","
			 "\"message\":",
			 i * 1000);
		json_add_quoted(body, buf_bytes(&line));
		if (kind == WITH_META)
			buf_addf(body, ",\"trace\":{\"id\":\"%08x\"},\"user\":%u", i, i);
		buf_addf(body, ",\"app\":\"web-%u\"}\n", i / ENTRIES);
	}
	buf_release(&line);
}

static int bulk(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct push_fields fields = push_bulk_fields;

	fields.stream = BYTES_LIT("app");
	return push_bulk(body, &fields, 1, NULL, sink, a, e);
}

static void measure(const char *name, enum kind kind, decode_fn *decode, const struct buf *body)
{
	double best = 0;
	size_t n = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct count c = { 0 };
		struct push_sink sink = { count_stream, count_entry, &c };
		struct arena a = { 0 };
		struct err e;
		double start = now_s(), took;

		if (decode(buf_bytes(body), &sink, &a, &e) < 0 || c.lines != STREAMS * ENTRIES)
			die(name);
		took = now_s() - start;
		arena_release(&a);
		n = c.bytes;
		if (best == 0 || took < best)
			best = took;
	}
	printf("%s, %s\t%.0f\n", name, kinds[kind], (double)n / best / 1e6);
}

static void decode_file(const char *path)
{
	struct count c = { 0 };
	struct push_sink sink = { count_stream, count_entry, &c };
	struct bodies bodies = { 0 };
	struct buf message = { 0 };
	struct arena a = { 0 };
	struct io_map map;
	struct err e;

	if (io_map(path, &map, &e) < 0)
		die(e.msg);
	bodies_read(&bodies, map.b);
	for (size_t i = 0; i < bodies.n; i++)
		if (push_decompress(PUSH_SNAPPY, bodies.v[i].b, SIZE_MAX, &message, &e) < 0 ||
		    push_protobuf(buf_bytes(&message), &sink, &a, &e) < 0)
			die(e.msg);
	printf("%zu\n", c.bytes);
	arena_release(&a);
	buf_release(&message);
	free(bodies.v);
	io_unmap(&map);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(struct buf *body, enum kind kind);
		decode_fn *decode;
	} forms[] = { { "protobuf", make_protobuf, push_protobuf },
		      { "JSON", make_json, push_json },
		      { "OTLP protobuf", make_otlp_protobuf, otlp_protobuf },
		      { "OTLP JSON", make_otlp_json, otlp_json },
		      { "_bulk", make_bulk, bulk } };

	if (argc == 2) {
		decode_file(argv[1]);
		return fflush(stdout) == 0 ? 0 : 4;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		for (int kind = PLAIN; kind < KINDS; kind++) {
			struct buf body = { 0 };

			forms[i].make(&body, kind);
			measure(forms[i].name, kind, forms[i].decode, &body);
			buf_release(&body);
		}
	}
	return fflush(stdout) == 0 ? 0 : 4;
}
