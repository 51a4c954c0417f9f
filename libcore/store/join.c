/*
 * Ranges as few requests. What a request costs (its round trip, and a price) is worth the bytes of
 * a gap between two ranges, so ranges that lie near each other come in one. A long range comes
 * faster in several parts at once.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/backend.h"

enum { GAP_MAX = 256 << 10, SPAN_MAX = 8 << 20 };

/* Ranges that are read as one: first .. first + n - 1 in their order. */
struct span {
	struct store_file *file;
	uint64_t off, end;
	size_t first, n;
	size_t part, n_parts; /* requests of it */
	char *p;	      /* where it goes; owned when it is of several */
};

static int by_place(const void *pa, const void *pb)
{
	const struct store_read *a = *(struct store_read *const *)pa;
	const struct store_read *b = *(struct store_read *const *)pb;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return (a->off > b->off) - (a->off < b->off);
}

static bool belongs(const struct span *s, const struct store_read *r)
{
	return s->file == r->file && r->off <= s->end + GAP_MAX &&
	       r->off + r->n <= s->off + SPAN_MAX;
}

static size_t make_spans(struct store_read **v, size_t n, struct span *spans)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		struct span *s = k ? &spans[k - 1] : NULL;

		if (!s || !belongs(s, v[i])) {
			spans[k++] = (struct span){ .file = v[i]->file,
						    .off = v[i]->off,
						    .end = v[i]->off + v[i]->n,
						    .first = i,
						    .n = 1 };
			continue;
		}
		if (v[i]->off + v[i]->n > s->end)
			s->end = v[i]->off + v[i]->n;
		s->n++;
	}
	return k;
}

static size_t n_parts(const struct span *s)
{
	return (s->end - s->off + SPAN_MAX - 1) / SPAN_MAX;
}

static struct store_read *make_parts(struct span *spans, size_t n, struct store_read **v,
				     size_t *ret_n)
{
	struct store_read *parts;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += n_parts(&spans[i]);
	parts = mem_alloc(k * sizeof(*parts));
	k = 0;
	for (size_t i = 0; i < n; i++) {
		struct span *s = &spans[i];

		s->p = s->n == 1 ? v[s->first]->p : mem_alloc(s->end - s->off);
		s->part = k;
		s->n_parts = n_parts(s);
		for (uint64_t off = s->off; off < s->end; off += SPAN_MAX)
			parts[k++] = (struct store_read){
				.file = s->file,
				.off = off,
				.p = s->p + (off - s->off),
				.n = s->end - off < SPAN_MAX ? s->end - off : SPAN_MAX,
			};
	}
	*ret_n = k;
	return parts;
}

/* Hands each range its bytes, or why there are none. */
static void end_span(struct span *s, const struct store_read *parts, struct store_read **v)
{
	const struct err *why = &parts[s->part].err;

	for (size_t i = 1; i < s->n_parts && why->code == ERR_NONE; i++)
		why = &parts[s->part + i].err;
	for (size_t i = 0; i < s->n; i++) {
		struct store_read *r = v[s->first + i];

		r->err = *why;
		if (s->n > 1 && why->code == ERR_NONE)
			memcpy(r->p, s->p + (r->off - s->off), r->n);
	}
	if (s->n > 1)
		free(s->p);
}

void store_join_read(struct store *s, struct store_read *v, size_t n)
{
	struct store_read **order = mem_alloc((n + 1) * sizeof(struct store_read *));
	struct span *spans = mem_alloc((n + 1) * sizeof(*spans));
	struct store_read *parts;
	size_t n_spans, n_all;

	for (size_t i = 0; i < n; i++)
		order[i] = &v[i];
	qsort(order, n, sizeof(struct store_read *), by_place);
	n_spans = make_spans(order, n, spans);
	parts = make_parts(spans, n_spans, order, &n_all);
	s->ops->read_all(s, parts, n_all);
	for (size_t i = 0; i < n_spans; i++)
		end_span(&spans[i], parts, order);
	free(parts);
	free(spans);
	free(order);
}
