/*
 * push-decode - how fast the decoders of pushes are, by themselves: "name MB/s of line bytes", TAB
 * between, the best of several rounds over one body of some 20 MB that lies in memory. What they
 * give goes nowhere.
 *
 *	push-decode
 */
#include "base/wr.h"
#include "bench.h"
#include "json/json.h"
#include "push/push.h"

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

int main(void)
{
	for (int kind = PLAIN; kind < KINDS; kind++) {
		struct buf json = { 0 }, protobuf = { 0 };

		make_json(&json, kind);
		make_protobuf(&protobuf, kind);
		measure("protobuf", kind, push_protobuf, &protobuf);
		measure("JSON", kind, push_json, &json);
		buf_release(&json);
		buf_release(&protobuf);
	}
	return fflush(stdout) == 0 ? 0 : 4;
}
