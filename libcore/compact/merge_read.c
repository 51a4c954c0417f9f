#include "compact/merge_read.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "chunk/image.h"

/* Ranges as close as this are read at once. */
enum { GAP_MAX = 32 << 10 };

void merge_reader_init(struct merge_reader *r, struct store *s, struct bytes tenant, int32_t day,
		       const struct merge_input *input, size_t n_inputs, unsigned jobs)
{
	*r = (struct merge_reader){ .store = s,
				    .tenant = tenant,
				    .day = day,
				    .input = input,
				    .n_inputs = n_inputs,
				    .jobs = jobs };
	r->of = mem_alloc((n_inputs + 1) * sizeof(*r->of));
	r->wanted = mem_alloc((n_inputs + 1) * sizeof(*r->wanted));
}

void merge_reader_release(struct merge_reader *r)
{
	for (size_t i = 0; i < r->n_inputs; i++) {
		buf_release(&r->of[i].bytes);
		free(r->of[i].v);
	}
	free(r->of);
	free(r->wanted);
	*r = (struct merge_reader){ 0 };
}

static void want(struct merge_bytes *m, uint64_t off, uint64_t len)
{
	mem_grow(&m->v, &m->cap, m->n + 1, sizeof(*m->v));
	m->v[m->n++] = (struct merge_extent){ .off = off, .len = len };
}

static int cmp_extents(const void *pa, const void *pb)
{
	const struct merge_extent *a = pa, *b = pb;

	return (a->off > b->off) - (a->off < b->off);
}

/* Puts ranges together; gives each its place. */
static void settle(struct merge_bytes *m)
{
	size_t n = 0, at = 0;

	qsort(m->v, m->n, sizeof(*m->v), cmp_extents);
	for (size_t i = 0; i < m->n; i++) {
		struct merge_extent *last = n ? &m->v[n - 1] : NULL;
		uint64_t end = m->v[i].off + m->v[i].len;

		if (!last || m->v[i].off > last->off + last->len + GAP_MAX)
			m->v[n++] = m->v[i];
		else if (end > last->off + last->len)
			last->len = end - last->off;
	}
	m->n = n;
	for (size_t i = 0; i < n; i++) {
		m->v[i].at = at;
		at += m->v[i].len;
	}
	buf_reset(&m->bytes);
	buf_reserve(&m->bytes, at);
	m->bytes.n = at;
}

static int read_at(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	return store_file_read(data, off, p, n, e);
}

static int read_input(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct merge_reader *r = data;
	struct merge_bytes *m = &r->of[r->wanted[item]];
	const struct merge_input *in = &r->input[r->wanted[item]];
	struct store_name sn = { STORE_PACK, r->day, r->tenant, in->name };
	struct store_file file = { 0 };
	struct pack_image image = { .read = read_at, .data = &file, .bundles = in->bundles };
	struct buf name = { 0 };
	int rc;

	(void)worker;
	(void)slot;
	store_name_add(&name, &sn);
	rc = store_file_open_sized(r->store, buf_str(&name), in->size, &file, e);
	for (size_t i = 0; i < m->n && rc == 0; i++) {
		rc = pack_image_read(&image, m->v[i].off, m->bytes.p + m->v[i].at, m->v[i].len, e);
		if (rc < 0)
			err_wrap(e, "'%s/%s'", store_path(r->store), buf_str(&name));
	}
	pack_image_release(&image);
	store_file_close(&file);
	buf_release(&name);
	return rc;
}

static int count_done(void *data, size_t item, size_t slot, struct err *e)
{
	(void)slot;
	(void)e;
	*((struct merge_reader *)data)->done = item + 1;
	return 0;
}

int merge_read(struct merge_reader *r, const struct merge_batch *b, uint32_t *ret_input,
	       struct err *e)
{
	size_t n_done = 0;
	int rc;

	for (size_t i = 0; i < r->n_inputs; i++)
		r->of[i].n = 0;
	for (size_t i = 0; i < b->n_parts; i++) {
		const struct merge_part *part = &b->part[i];

		want(&r->of[part->input], part->off, part->head_len);
		want(&r->of[part->input], part->blocks_off, part->blocks_len);
	}
	r->n_wanted = 0;
	for (size_t i = 0; i < r->n_inputs; i++) {
		if (r->of[i].n == 0) {
			buf_release(&r->of[i].bytes);
			continue;
		}
		settle(&r->of[i]);
		r->wanted[r->n_wanted++] = (uint32_t)i;
	}
	r->done = &n_done;
	rc = work_run(&(struct work){ r->n_wanted, r->jobs, 2 * (size_t)r->jobs, read_input,
				      count_done, r },
		      e);
	if (rc < 0 && n_done < r->n_wanted)
		*ret_input = r->wanted[n_done];
	return rc;
}

struct bytes merge_bytes_at(const struct merge_reader *r, uint32_t input, uint64_t off,
			    uint64_t len)
{
	const struct merge_bytes *m = &r->of[input];
	size_t lo = 0, n = m->n;

	while (n > 1) { /* the last one that begins at off or before */
		size_t half = n / 2;

		if (m->v[lo + half].off <= off) {
			lo += half;
			n -= half;
		} else {
			n = half;
		}
	}
	assert(m->n > 0 && m->v[lo].off <= off && off + len <= m->v[lo].off + m->v[lo].len);
	return bytes_of(m->bytes.p + m->v[lo].at + (off - m->v[lo].off), len);
}
