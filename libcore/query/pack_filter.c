#include "query/pack_filter.h"

#include <stdlib.h>

#include "base/mem.h"
#include "chunk/pack.h"

/* Most tables are shorter. */
enum { FIRST_READ = 64 << 10 };

static uint64_t filter_off(const struct pack_filter *f)
{
	return f->file->size - f->end_len;
}

/* Pages that were read. */
struct pages {
	struct bloom_pages list;
	struct store_read *read; /* of each in the list */
};

static int give_read(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	const struct pages *p = data;
	size_t lo = 0, hi = p->list.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->list.v[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == p->list.n || p->list.v[lo].off != off || p->read[lo].err.code != ERR_NONE)
		return err_set(e, ERR_CORRUPT, "filter: a page was not read");
	*ret = bytes_of(p->read[lo].p, n);
	return 0;
}

/* Sets f->bloom from the filter's head, which the bytes begin with, if it is one; f->head_len also
 * when they are not all of it. */
static bool parse(struct pack_filter *f, struct bytes head)
{
	struct chunk_fixed fixed;

	f->head_len = 0;
	if (head.n < CHUNK_FIXED_LEN || chunk_parse_fixed(head, &fixed, NULL) < 0 ||
	    !(fixed.flags & CHUNK_FLAG_FILTER))
		return false;
	f->head_len = fixed.head_len;
	return pack_parse_filter(head, filter_off(f) + f->saved, f->mem, &f->bloom, NULL) == 0;
}

static void answer(struct pack_filter *f, bloom_page_fn *page, void *data, size_t values_max,
		   const struct needles *needles)
{
	if (bloom_answer(&f->bloom, &needles->all, values_max, page, data, f->mem, &f->all, NULL) <
	    0)
		return;
	if (needles->n_names && bloom_answer(&f->bloom, &needles->of_lines, values_max, page, data,
					     f->mem, &f->of_lines, NULL) < 0)
		return;
	f->needles = needles;
}

/* ---- of a folder ---- */

struct near {
	struct pack_filter *f;
	struct buf page;
};

static int give_near(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	struct near *near = data;

	buf_reset(&near->page);
	*ret = bytes_of(buf_reserve(&near->page, n), n);
	return store_file_read(near->f->file, filter_off(near->f) + near->f->head_len + off,
			       near->page.p, n, e);
}

/* The first n bytes of it. False: they cannot be read, or are not all of the head. */
static bool read_near_head(struct near *near, uint32_t n)
{
	buf_reset(&near->page);
	return store_file_read(near->f->file, filter_off(near->f), buf_reserve(&near->page, n), n,
			       NULL) == 0 &&
	       parse(near->f, bytes_of(near->page.p, n));
}

static void ask_near(struct pack_filter *f, const struct needles *needles)
{
	struct near near = { .f = f };
	uint32_t n = f->end_len < FIRST_READ ? f->end_len : FIRST_READ;

	if (read_near_head(&near, n) ||
	    (f->head_len > n && f->head_len <= f->end_len && read_near_head(&near, f->head_len)))
		answer(f, give_near, &near, BLOOM_VALUES_NEAR, needles);
	buf_release(&near.page);
}

/* ---- of a remote store ---- */

/* A pack that is asked for its filter. */
struct far {
	struct pack_filter *f;
	struct pages pages;
	bool has; /* one that can be read */
};

static struct store_read read_of(const struct pack_filter *f, uint64_t off, size_t n)
{
	return (struct store_read){
		.file = f->file, .off = filter_off(f) + off, .p = arena_alloc(f->mem, n), .n = n
	};
}

/* What failed says so itself. */
static void read_all(struct store_read *v, size_t n)
{
	if (n && store_read_all(v, n, NULL) < 0)
		return;
}

/* Reads len[i] bytes of each head; then it is the length of all of it when that is more, else 0. */
static void read_heads(struct far *v, size_t n, uint32_t *len)
{
	struct store_read *r = mem_alloc((n + 1) * sizeof(*r));
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (len[i])
			r[k++] = read_of(v[i].f, 0, len[i]);
	read_all(r, k);
	k = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t was = len[i];
		const struct pack_filter *f = v[i].f;

		len[i] = 0;
		if (!was || r[k++].err.code != ERR_NONE)
			continue;
		v[i].has = parse(v[i].f, bytes_of(r[k - 1].p, was));
		if (!v[i].has && f->head_len > was && f->head_len <= f->end_len)
			len[i] = f->head_len;
	}
	free(r);
}

static void read_pages(struct far *v, size_t n, const struct needles *needles)
{
	struct store_read *r;
	size_t n_pages = 0, k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!v[i].has)
			continue;
		bloom_pages_add(&v[i].f->bloom, &needles->all, BLOOM_VALUES_FAR, &v[i].pages.list);
		bloom_pages_add(&v[i].f->bloom, &needles->of_lines, BLOOM_VALUES_FAR,
				&v[i].pages.list);
		n_pages += v[i].pages.list.n;
	}
	r = mem_alloc((n_pages + 1) * sizeof(*r));
	for (size_t i = 0; i < n; i++) {
		const struct bloom_pages *list = &v[i].pages.list;

		v[i].pages.read = r + k;
		for (size_t at = 0; at < list->n; at++)
			r[k++] = read_of(v[i].f, v[i].f->head_len + list->v[at].off, list->v[at].n);
	}
	read_all(r, k);
	for (size_t i = 0; i < n; i++) {
		if (v[i].has)
			answer(v[i].f, give_read, &v[i].pages, BLOOM_VALUES_FAR, needles);
		free(v[i].pages.list.v);
	}
	free(r);
}

/* Round by round: heads, those that are long, pages. */
static void ask_far(struct far *v, size_t n, const struct needles *needles)
{
	uint32_t *len = mem_alloc((n + 1) * sizeof(*len));

	for (size_t i = 0; i < n; i++)
		len[i] = v[i].f->end_len < FIRST_READ ? v[i].f->end_len : FIRST_READ;
	read_heads(v, n, len);
	read_heads(v, n, len);
	read_pages(v, n, needles);
	free(len);
}

void pack_filters_ask(struct pack_filter *const *v, size_t n, const struct needles *needles)
{
	struct far *far = mem_alloc((n + 1) * sizeof(*far));
	size_t n_far = 0;

	for (size_t i = 0; i < n; i++) {
		v[i]->needles = NULL;
		if (v[i]->end_len > v[i]->file->size)
			continue;
		if (v[i]->far)
			far[n_far++] = (struct far){ .f = v[i] };
		else
			ask_near(v[i], needles);
	}
	if (n_far)
		ask_far(far, n_far, needles);
	free(far);
}

bool pack_filter_may(const struct pack_filter *f, const struct labels *labels, uint64_t off,
		     uint32_t block)
{
	const struct needles *n = f->needles;

	if (!n)
		return true;
	return bloom_may(&f->bloom, needles_of(n, labels) == &n->all ? &f->all : &f->of_lines, off,
			 block);
}

bool pack_filter_may_any(const struct pack_filter *f, uint64_t off, uint32_t n)
{
	/* What of_lines asks, all asks too. */
	return !f->needles ||
	       bloom_may_any(&f->bloom, f->needles->n_names ? &f->of_lines : &f->all, off, n);
}
