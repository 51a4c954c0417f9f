/*
 *	PushRequest { streams 1 }
 *	Stream      { labels 1, entries 2 }
 *	Entry       { timestamp 1 { seconds 1, nanos 2 }, line 2, structuredMetadata 3 { name 1,
 *value 2 } }
 */
#include "push/encode.h"

#include "base/wr.h"
#include "push/proto.h"
#include "time/time.h"

void push_encoder_release(struct push_encoder *p)
{
	buf_release(&p->stream);
	buf_release(&p->entry);
	arena_release(&p->labels);
}

static void add_bytes(struct buf *out, unsigned field, struct bytes b)
{
	wr_uvarint(out, field << 3 | PROTO_BYTES);
	wr_lstr(out, b);
}

static void add_number(struct buf *out, unsigned field, uint64_t v)
{
	wr_uvarint(out, field << 3 | PROTO_VARINT);
	wr_uvarint(out, v);
}

static size_t field_size(size_t n)
{
	char length[UVARINT_MAX_BYTES];

	return 1 + (size_t)(wr_uvarint_to(length, n) - length) + n;
}

static void add_time(struct buf *out, int64_t ts_ns)
{
	int64_t s = ts_ns / NS_PER_S, ns = ts_ns % NS_PER_S;
	size_t at;

	if (ns < 0) {
		ns += NS_PER_S;
		s--;
	}
	wr_uvarint(out, 1 << 3 | PROTO_BYTES);
	at = out->n;
	buf_add_char(out, 0); /* its length: 17 bytes at most */
	add_number(out, 1, (uint64_t)s);
	add_number(out, 2, (uint64_t)ns);
	out->p[at] = (char)(out->n - at - 1);
}

static void add_pair(struct buf *out, const struct label *l)
{
	wr_uvarint(out, 3 << 3 | PROTO_BYTES);
	wr_uvarint(out, field_size(l->name.n) + field_size(l->value.n));
	add_bytes(out, 1, l->name);
	add_bytes(out, 2, l->value);
}

static void add_entry(struct push_encoder *p, const struct entries *es, size_t i,
		      const struct metaview *meta)
{
	buf_reset(&p->entry);
	add_time(&p->entry, es->v[i].ts_ns);
	add_bytes(&p->entry, 2, entries_line(es, i));
	for (size_t k = 0; k < meta_n_pairs(meta, es->v[i].meta); k++) {
		struct label l = meta_pair(meta, es->v[i].meta, k);

		add_pair(&p->entry, &l);
	}
	add_bytes(&p->stream, 2, buf_bytes(&p->entry));
}

static void begin_stream(struct push_encoder *p, const struct streams *streams, uint32_t stream)
{
	struct labels l;

	arena_reset(&p->labels);
	l = streams_labels(streams, stream, &p->labels);
	buf_reset(&p->entry);
	labels_add_text(&p->entry, &l);
	buf_reset(&p->stream);
	add_bytes(&p->stream, 1, buf_bytes(&p->entry));
}

void push_encode(struct push_encoder *p, const struct entries *es, const uint32_t *order, size_t n,
		 const struct streams *streams, struct buf *out)
{
	struct metaview meta = metatab_view(&es->meta);

	for (size_t i = 0; i < n;) {
		uint32_t stream = es->v[order[i]].stream;

		begin_stream(p, streams, stream);
		for (; i < n && es->v[order[i]].stream == stream; i++)
			add_entry(p, es, order[i], &meta);
		add_bytes(out, 1, buf_bytes(&p->stream));
	}
}
