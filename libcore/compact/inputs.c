#include "compact/inputs.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/fault.h"
#include "store/names.h"

/* ---- packs ---- */

static int cmp_packs(const void *pa, const void *pb)
{
	const struct day_pack *a = pa, *b = pb;

	if (a->row.order_key != b->row.order_key)
		return a->row.order_key < b->row.order_key ? -1 : 1;
	return hash128_cmp(&a->row.name, &b->row.name);
}

static int add_packs(struct day_view *v, size_t i, struct err *e)
{
	struct index *ix = v->live.v[i];

	for (uint32_t k = 0; k < index_info(ix)->n_packs; k++) {
		struct day_pack *p;

		if (v->live.skip_pack[i][k])
			continue;
		mem_grow(&v->pack, &v->cap, v->n + 1, sizeof(*v->pack));
		p = &v->pack[v->n];
		*p = (struct day_pack){ .index = i, .number = k };
		if (index_pack_at(ix, k, &p->row, e) < 0)
			return -1;
		v->n++;
	}
	return 0;
}

void day_view_release(struct day_view *v)
{
	live_release(&v->live);
	free(v->pack);
	*v = (struct day_view){ 0 };
}

int day_view_load(struct day_view *v, const struct day_at *at, struct err *e)
{
	struct live live;

	*v = (struct day_view){ 0 };
	if (live_load(at->store, at->tenant, at->day, &live, e) < 0)
		return -1;
	return day_view_of(v, &live, e);
}

int day_view_of(struct day_view *v, const struct live *live, struct err *e)
{
	*v = (struct day_view){ .live = *live };
	for (size_t i = 0; i < v->live.n; i++)
		if (add_packs(v, i, e) < 0)
			return -1;
	if (v->n)
		qsort(v->pack, v->n, sizeof(*v->pack), cmp_packs);
	return 0;
}

/* ---- trailers ---- */

static int read_at(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	return store_file_read(data, off, p, n, e);
}

static struct hash_list keep_hashes(struct arena *a, const struct hash_list *l)
{
	struct bytes b = bytes_of(l->v, l->n * sizeof(*l->v));

	return (struct hash_list){ (struct hash128 *)(uintptr_t)arena_copy(a, b).p, l->n };
}

static struct pack_bundles keep_bundles(struct arena *a, const struct pack_bundles *l)
{
	struct bytes b = bytes_of(l->v, l->n * sizeof(*l->v));

	return (struct pack_bundles){ (struct pack_bundle *)(uintptr_t)arena_copy(a, b).p, l->n };
}

/* Of a trailer all but the directory, which of thousands of packs would be too much. */
static struct pack_trailer keep_trailer(struct arena *a, const struct pack_trailer *t)
{
	struct pack_trailer k = *t;

	k.tenant = arena_copy(a, t->tenant);
	k.chunk = NULL;
	k.bundles = keep_bundles(a, &t->bundles);
	k.segments = keep_hashes(a, &t->segments);
	k.parts = keep_hashes(a, &t->parts);
	k.replaced = keep_hashes(a, &t->replaced);
	k.sources = keep_hashes(a, &t->sources);
	k.deletes = arena_alloc(a, t->n_deletes * sizeof(*k.deletes) + 1);
	for (size_t i = 0; i < t->n_deletes; i++)
		k.deletes[i] = arena_copy(a, t->deletes[i]);
	return k;
}

/* Whether chunks made with a need not be made again with b. */
static bool is_as_wanted(const struct chunk_params *a, const struct chunk_params *b)
{
	return a->encoding == b->encoding && a->level >= b->level &&
	       a->block_bytes == b->block_bytes && a->chunk_bytes == b->chunk_bytes &&
	       a->block_entries == b->block_entries;
}

static int read_trailer(const struct day_at *at, const struct index_pack *row, struct arena *keep,
			struct pack_trailer *ret, struct err *e)
{
	struct store_name sn = { STORE_PACK, at->day, at->tenant, row->name };
	struct store_file file = { 0 };
	struct buf name = { 0 };
	struct arena mem = { 0 };
	struct pack_trailer t;
	int rc;

	store_name_add(&name, &sn);
	rc = store_file_open_sized(at->store, buf_str(&name), row->size, &file, e);
	if (rc == 0) {
		rc = pack_read_trailer(read_at, &file, file.size, &mem, &t, e);
		if (rc == 0 && (t.n_chunks < row->n_chunks || t.day != at->day ||
				!bytes_eq(t.tenant, at->tenant)))
			rc = err_set(e, ERR_CORRUPT, "the index and its trailer do not agree");
		if (rc < 0) {
			fault_cut_path(e, store_path(at->store), buf_str(&name));
			err_wrap(e, "'%s/%s'", store_path(at->store), buf_str(&name));
		}
	}
	if (rc == 0)
		*ret = keep_trailer(keep, &t);
	store_file_close(&file);
	arena_release(&mem);
	buf_release(&name);
	return rc;
}

int inputs_add_deletes(struct pack_trailer *t, struct index *ix, struct arena *a, struct err *e)
{
	uint32_t n = index_info(ix)->n_deletes;
	struct bytes *v;

	if (n == 0)
		return 0;
	v = arena_alloc(a, (t->n_deletes + n) * sizeof(*v));
	memcpy(v, t->deletes, t->n_deletes * sizeof(*v));
	for (uint32_t i = 0; i < n; i++)
		if (index_delete_at(ix, i, &v[t->n_deletes + i], e) < 0)
			return err_wrap(e, "'%s'", index_label(ix));
	t->deletes = v;
	t->n_deletes += n;
	return 0;
}

/* ---- inputs ---- */

/* Which pack of which index file is which input. */
static void map_inputs(struct run_inputs *in, const struct day_view *v, size_t first, size_t n)
{
	const struct live *l = &v->live;
	size_t *at = mem_alloc((l->n + 1) * sizeof(*at));

	in->index = mem_alloc((l->n + 1) * sizeof(*in->index));
	in->take = mem_alloc((l->n + 1) * sizeof(*in->take));
	for (size_t i = 0; i < n; i++) {
		const struct day_pack *p = &v->pack[first + i];
		struct merge_index *m;

		if (!in->take[p->index]) {
			size_t n_packs = index_info(l->v[p->index])->n_packs;

			in->take[p->index] = true;
			at[p->index] = in->n_index++;
			m = &in->index[at[p->index]];
			m->ix = l->v[p->index];
			m->input_of = mem_alloc(n_packs * sizeof(*m->input_of));
			memset(m->input_of, 0xff, n_packs * sizeof(*m->input_of));
		}
		in->index[at[p->index]].input_of[p->number] = (uint32_t)i;
	}
	free(at);
}

int run_inputs_read(struct run_inputs *in, const struct day_at *at, const struct day_view *v,
		    size_t first, size_t n, const struct chunk_params *wanted, size_t *ret_bad,
		    struct err *e)
{
	*in = (struct run_inputs){ .n = n };
	in->input = mem_alloc(n * sizeof(*in->input));
	in->origin = mem_alloc(n * sizeof(*in->origin));
	in->trailer = mem_alloc(n * sizeof(*in->trailer));
	for (size_t i = 0; i < n; i++) {
		const struct day_pack *p = &v->pack[first + i];
		struct pack_trailer *t = &in->trailer[i];

		*ret_bad = first + i;
		if (read_trailer(at, &p->row, &in->mem, t, e) < 0 ||
		    inputs_add_deletes(t, v->live.v[p->index], &in->mem, e) < 0)
			return -1;
		in->origin[i] = (struct lineage_input){ p->row.name, t };
		in->input[i] = (struct merge_input){
			p->row.name, p->row.size, p->row.entries,
			is_as_wanted(&t->params, wanted ? wanted : &t->params), t->bundles
		};
		in->bytes += p->row.size;
		in->n_entries += p->row.entries;
	}
	map_inputs(in, v, first, n);
	return 0;
}

void run_inputs_release(struct run_inputs *in)
{
	for (size_t i = 0; i < in->n_index; i++)
		free(in->index[i].input_of);
	free(in->index);
	free(in->input);
	free(in->origin);
	free(in->trailer);
	free(in->take);
	arena_release(&in->mem);
}
