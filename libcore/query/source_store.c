/* A store: live indexes say which blocks of which packs; packs are opened when one of theirs is
 * wanted. store_pack.c reads them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "index/fsck.h"
#include "index/live.h"
#include "query/source.h"
#include "query/store_pack.h"
#include "store/names.h"
#include "store/store.h"
#include "time/time.h"

enum {
	OPEN_MAX = 256, /* packs, */
	OPEN_PART = 4,	/* or that part of the files that may be open */
};

static const uint64_t OFFSET_END = UINT64_C(1) << 40;

/* What is read of one index file. */
struct reading {
	struct plan *plan;
	const struct view *view;
	struct store *store;
	struct index *ix;
	const struct source_opts *o;
	enum if_missing missing;
	bool *skip_pack;
	int64_t from; /* what is before it is not asked for, or expired, of any stream */
	bool alike;   /* its streams: which are wanted, and what is seen of them */
	struct store_pack **pack; /* by number; NULL not opened yet */
	bool lost;		  /* one of them is not there */
	uint64_t n_blocks;	  /* of the streams that fit */
	struct label *known;	  /* of the index's pairs */
	struct arena mem, mem_applied;
};

static bool may_stay_open(const struct plan *p)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return false;
	return p->n_sources < OPEN_MAX && p->n_sources < l.rlim_cur / OPEN_PART;
}

/* Whether packs' filters are asked at all. */
static bool asks(const struct plan *p)
{
	return p->needles && p->needles->all.n;
}

/* The filter of one on this machine is asked at once, so that streams it rules out are not looked
 * at any further; the others all together, once it is known which they are. */
static int open_pack(struct reading *r, uint32_t n, const struct index_pack *info, struct err *e)
{
	const struct index_info *ix = index_info(r->ix);
	struct store_name name = { STORE_PACK, ix->day, ix->tenant, info->name };
	struct store_pack *k = mem_alloc(sizeof(*k));
	struct pack_bundles bundles = { 0 };
	struct buf text = { 0 }, path = { 0 };
	struct pack_filter *filter = &k->filter;
	bool far = store_is_remote(r->store), mapped = !far && !may_stay_open(r->plan);

	store_name_add(&text, &name);
	buf_addf(&path, "%s/%s", store_path(r->store), buf_str(&text)); /* as one would type it */
	k->source = (struct source){ .ops = far	     ? &store_pack_far
					    : mapped ? &store_pack_mapped
						     : &store_pack_read,
				     .name = strdup(buf_str(&path)) };
	buf_release(&path);
	if (store_file_open_sized(r->store, buf_str(&text), info->size, &k->file, e) < 0 ||
	    (mapped && store_file_map(&k->file, e) < 0)) {
		buf_release(&text);
		store_file_close(&k->file);
		free(k->source.name);
		free(k);
		return -1;
	}
	buf_release(&text);
	k->filter = (struct pack_filter){
		.file = &k->file, .end_len = info->trailer_len, .mem = &k->mem, .far = far
	};
	plan_add_source(r->plan, &k->source);
	r->pack[n] = k;
	if (index_pack_bundles(r->ix, n, &k->mem, &bundles, e) < 0)
		return -1;
	bundle_shelf_init(&k->shelf, r->plan, &bundles, &k->mem);
	k->bundle_wanted = arena_zalloc(&k->mem, bundles.n * sizeof(*k->bundle_wanted));
	k->filter.saved = pack_bundles_saved(&bundles);
	k->together = plan_together(r->plan, bundles.n);
	if (!far && asks(r->plan))
		pack_filters_ask(&filter, 1, r->plan->needles);
	return 0;
}

/* What is answered by the index alone would count what is not there any more. */
static void tell_cut(const struct reading *r, const struct store_pack *k, uint64_t expected)
{
	struct err e;

	if (k->file.size == expected)
		return;
	err_set(&e, ERR_CORRUPT, "'%s': expected %" PRIu64 " bytes, found %" PRIu64, k->source.name,
		expected, k->file.size);
	r->o->damage(r->o->damage_data, &e);
}

/* 1 open, 0 it is lost: then it is skipped from now on. */
static int find_pack(struct reading *r, uint32_t n, const struct index_pack *info, struct err *e)
{
	if (r->pack[n])
		return 1;
	if (r->skip_pack[n])
		return 0;
	if (open_pack(r, n, info, e) == 0) {
		tell_cut(r, r->pack[n], info->size);
		return 1;
	}
	if (e->code != ERR_NO || r->missing == MISSING_REPLACED)
		return -1;
	e->code = ERR_CORRUPT;
	err_wrap(e, "'%s' names a pack that is lost", index_label(r->ix));
	r->o->damage(r->o->damage_data, e);
	r->skip_pack[n] = true;
	r->lost = true;
	return 0;
}

uint64_t source_pack_seq(const struct hash128 *name, uint64_t off)
{
	uint64_t start = (uint64_t)name->b[0] << 16 | (uint64_t)name->b[1] << 8 | name->b[2];

	return start << 40 | (off < OFFSET_END ? off : OFFSET_END - 1);
}

/* Of a bundle all is read, once for all of its chunks. */
static void count_wanted(struct store_pack *k, const struct pack_bundle *b, uint64_t blocks)
{
	bool *is = b ? &k->bundle_wanted[b - k->shelf.bundles.v] : NULL;

	if (is)
		k->wanted += *is ? 0 : b->len;
	else
		k->wanted += blocks;
	if (is)
		*is = true;
}

static int add_chunk(struct reading *r, uint32_t stream, const struct index_chunk *c, struct err *e)
{
	const struct pack_bundles *bundles;
	struct index_pack info;
	struct chunk_ref *ref;
	struct piece p = { .stream = stream, .sorted = true };
	uint64_t blocks = 0;
	bool far;
	int found;

	if (index_pack_at(r->ix, c->pack, &info, e) < 0)
		return -1;
	found = find_pack(r, c->pack, &info, e);
	if (found <= 0)
		return found;
	far = r->pack[c->pack]->source.ops == &store_pack_far;
	bundles = &r->pack[c->pack]->shelf.bundles;
	if (far && c->length > CHUNK_MAX) /* memory is taken by what the index says */
		return err_set(e, ERR_CORRUPT, "a chunk of %u bytes", c->length);
	ref = arena_alloc(&r->pack[c->pack]->mem,
			  sizeof(*ref) + (far ? c->n_blocks * sizeof(ref->block[0]) : 0));
	*ref = (struct chunk_ref){ .off = c->offset,
				   .at = pack_bundles_stored(bundles, c->offset),
				   .bundle = pack_bundles_at(bundles, c->offset),
				   .len = c->length,
				   .head_len = c->head_len };
	p.source = &r->pack[c->pack]->source;
	p.together =
		ref->bundle ? r->pack[c->pack]->together + (uint32_t)(ref->bundle - bundles->v) : 0;
	p.at = (uint64_t)(uintptr_t)ref;
	p.order = info.order_key;
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		struct index_block b;

		if (index_block_at(r->ix, c, k, &b, e) < 0)
			return -1;
		if (far) {
			ref->block[k].off = b.offset;
			ref->block[k].len = b.length;
		}
		p.part = k;
		p.n = b.entries;
		p.line_bytes = b.line_bytes;
		p.meta_bytes = b.meta_bytes;
		p.min_ts = b.min_ts;
		p.max_ts = b.max_ts;
		p.seq = source_pack_seq(&info.name, c->offset + b.offset);
		blocks += b.length;
		plan_add_piece(r->plan, &p);
	}
	count_wanted(r->pack[c->pack], ref->bundle, blocks);
	return 0;
}

/* What is said without the labels of the chunk's stream, before anything else is looked up: of a
 * chunk all of which would be read. */
static int is_left_out(struct reading *r, const struct index_chunk *c, bool *ret, struct err *e)
{
	struct index_pack info;
	int found = 0;

	if (r->alike && asks(r->plan) && c->from >= r->from &&
	    !time_is_behind(c->through, r->plan->to)) {
		if (index_pack_at(r->ix, c->pack, &info, e) < 0)
			return -1;
		found = find_pack(r, c->pack, &info, e);
	}
	if (found < 0)
		return -1;
	*ret = found && !pack_filter_may_any(&r->pack[c->pack]->filter, c->offset, c->n_blocks);
	return 0;
}

/* Its number in the plan; MAP_NONE: it is not wanted. */
static int number_stream(struct reading *r, uint32_t number, const struct index_series *s,
			 uint32_t *ret, struct err *e)
{
	struct labels labels;

	*ret = plan_find_stream(r->plan, &s->id); /* by another index, mostly */
	if (*ret != MAP_NONE)
		return 0;
	arena_reset(&r->mem);
	if (index_labels_of(r->ix, number, s, r->known, &r->mem, &labels, e) < 0)
		return -1;
	*ret = r->view->late && !plan_wants(r->plan, r->view->tenant, &labels)
		       ? MAP_NONE
		       : plan_stream(r->plan, &s->id, r->view->tenant, &labels);
	return 0;
}

static int add_series(struct reading *r, uint32_t number, struct err *e)
{
	struct index_series s;
	uint32_t stream = MAP_NONE;
	int64_t from = r->from;
	bool any = false;

	if (index_series_at(r->ix, number, &s, e) < 0)
		return -1;
	for (uint32_t i = 0; i < s.n_chunks; i++) {
		struct source_seen *seen = &r->plan->seen[SOURCE_STORE];
		struct index_chunk c;
		bool out;

		if (index_chunk_at(r->ix, s.first_chunk + i, &c, e) < 0)
			return -1;
		r->n_blocks += c.n_blocks;
		if (r->skip_pack[c.pack])
			continue;
		if (c.through < r->plan->from || time_is_behind(c.from, r->plan->to)) {
			seen->by_time += c.n_blocks;
			continue;
		}
		if (c.through >= from) {
			seen->streams_in += !any;
			any = true;
			if (is_left_out(r, &c, &out, e) < 0)
				return -1;
			if (out) {
				seen->chunks_in++;
				seen->by_filter += c.n_blocks;
				continue;
			}
		}
		if (stream == MAP_NONE && c.through >= from) {
			if (number_stream(r, number, &s, &stream, e) < 0)
				return -1;
			if (stream == MAP_NONE)
				return 0;
			from = plan_from(r->plan, stream);
		}
		if (c.through < from) {
			seen->by_age += c.n_blocks;
			continue;
		}
		seen->chunks_in++;
		if (add_chunk(r, stream, &c, e) < 0)
			return -1;
	}
	return 0;
}

int covered_add(struct covered *c, struct index *ix, struct bytes tenant, struct err *e)
{
	const struct index_info *info = index_info(ix);
	const struct hash128 *segment;

	if (index_list(ix, INDEX_SEGMENTS, &segment, e) < 0)
		return -1;
	mem_grow(&c->v, &c->cap, c->n + info->n_segments, sizeof(*c->v));
	for (uint32_t i = 0; i < info->n_segments; i++)
		c->v[c->n++] = (struct covered_pair){ segment[i], info->day, tenant };
	return 0;
}

static void count_index(const struct reading *r)
{
	const struct index_info *info = index_info(r->ix);
	struct source_seen *seen = &r->plan->seen[SOURCE_STORE];

	seen->files++;
	seen->streams += info->n_series;
	seen->chunks += info->n_chunks;
	seen->by_labels += info->n_blocks - r->n_blocks;
	seen->packs += info->n_packs;
	for (uint32_t i = 0; i < info->n_packs; i++)
		seen->packs_in += r->pack[i] != NULL;
}

/* What was deleted from all that the index names is not looked for there. */
static int find_applied(struct reading *r, struct err *e)
{
	uint32_t n = r->plan->hide ? index_info(r->ix)->n_deletes : 0;
	struct hide_applied *applied = &r->plan->applied;

	*applied = (struct hide_applied){ 0 };
	if (n == 0)
		return 0;
	applied->v = arena_alloc(&r->mem_applied, n * sizeof(*applied->v));
	for (; applied->n < n; applied->n++)
		if (index_delete_at(r->ix, (uint32_t)applied->n, &applied->v[applied->n], e) < 0)
			return -1;
	return 0;
}

static int add_index(struct reading *r, struct covered *cov, struct err *e)
{
	struct index_set set = { 0 };
	int ret = -1;

	if (source_check_interrupt(r->o, e) < 0 || find_applied(r, e) < 0 ||
	    index_match(r->ix, r->view->match, r->view->n_match, &set, e) < 0)
		goto out;
	for (size_t i = 0; i < set.n; i++)
		if (add_series(r, set.v[i], e) < 0)
			goto out;
	count_index(r);
	ret = r->lost ? 0 : covered_add(cov, r->ix, r->view->tenant, e);
out:
	index_set_release(&set);
	return ret;
}

struct day_data {
	struct plan *plan;
	const struct view *view;
	struct store *store;
	struct covered *covered;
	enum if_missing missing;
	const struct source_opts *o;
	int64_t from; /* of struct reading */
	bool any;     /* some day has an index, as far as is known */
};

/* While it is not known yet what has expired, nothing has. */
static void set_from(struct day_data *d)
{
	int64_t kept = hide_from(d->plan->hide, d->view->tenant);

	d->from = kept > d->plan->from ? kept : d->plan->from;
}

/* A damaged index is reported; its packs are then not found, its segments are read in the WAL. */
static int add_day(int32_t day, struct live *live, void *data, struct err *e)
{
	struct day_data *d = data;
	int ret = plan_wait_hide(d->plan, e);

	(void)day;
	if (ret == 0)
		set_from(d);
	/* Of a day that is not looked at there is a folder, which an object store has of files. */
	d->any |= live ? live->n || live->n_faults : store_is_remote(d->store);
	d->plan->seen[SOURCE_STORE].days++;
	if (!live)
		return ret;
	d->plan->seen[SOURCE_STORE].days_in++;
	for (size_t i = 0; i < live->n_faults; i++)
		d->o->damage(d->o->damage_data, &live->faults[i].err);
	for (size_t i = 0; i < live->n && ret == 0; i++) {
		struct reading r = { .plan = d->plan,
				     .view = d->view,
				     .store = d->store,
				     .ix = live->v[i],
				     .o = d->o,
				     .missing = d->missing,
				     .skip_pack = live->skip_pack[i],
				     .from = d->from };
		struct source_seen seen = d->plan->seen[SOURCE_STORE];
		size_t n_pieces = d->plan->n_pieces, n_covered = d->covered->n;

		r.alike = !d->view->late &&
			  !hide_touches(d->plan->hide, d->view->tenant, index_info(r.ix)->min_ts,
					index_info(r.ix)->max_ts);
		r.pack = mem_alloc((index_info(r.ix)->n_packs + 1) * sizeof(struct store_pack *));
		r.known = mem_alloc((index_info(r.ix)->n_pairs + 1UL) * sizeof(*r.known));
		ret = add_index(&r, d->covered, e);
		if (ret < 0 && e->code == ERR_CORRUPT) {
			err_wrap(e, "'%s'", index_label(r.ix));
			d->o->damage(d->o->damage_data, e);
			d->plan->seen[SOURCE_STORE] = seen;
			d->plan->n_pieces = n_pieces;
			d->covered->n = n_covered;
			ret = 0;
		}
		d->plan->applied = (struct hide_applied){ 0 };
		free(r.pack);
		free(r.known);
		arena_release(&r.mem);
		arena_release(&r.mem_applied);
	}
	return ret;
}

static int pair_cmp(const void *a, const void *b)
{
	const struct covered_pair *x = a, *y = b;
	int c = hash128_cmp(&x->segment, &y->segment);

	if (c == 0)
		c = (x->day > y->day) - (x->day < y->day);
	return c ? c : bytes_cmp(x->tenant, y->tenant);
}

void covered_sort(struct covered *c)
{
	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), pair_cmp);
}

bool covered_has(const struct covered *c, const struct hash128 *segment, int32_t day,
		 struct bytes tenant)
{
	struct covered_pair key = { *segment, day, tenant };

	return c->n && bsearch(&key, c->v, c->n, sizeof(key), pair_cmp);
}

struct aging {
	int64_t before_ns;
	bool found;
};

static int look_for_old(const struct store_object *o, void *data, struct err *e)
{
	struct aging *a = data;

	a->found = o->date_ns <= a->before_ns;
	return a->found ? err_set(e, ERR_NO, "one is enough") : 0;
}

/* Whether the tenant has such files that are no younger. */
static int has_files(const struct day_data *d, enum store_kind kind, int64_t before_ns, bool *ret,
		     struct err *e)
{
	struct aging a = { .before_ns = before_ns };
	struct buf folder = { 0 };
	int rc;

	store_folder_add_all(&folder, kind, d->view->tenant);
	rc = store_list_objects(d->store, buf_str(&folder), look_for_old, &a, e);
	buf_release(&folder);
	*ret = a.found;
	return a.found ? 0 : rc;
}

/* In an answer only what is no flush under way: who reads it cannot look at the store. */
static int tell_in_answer(const struct day_data *d, const struct err *note, struct err *e)
{
	bool old;

	if (!d->o->warnings)
		return 0;
	if (has_files(d, STORE_PACK, d->o->now_ns - FSCK_UNINDEXED_S * NS_PER_S, &old, e) < 0)
		return -1;
	if (old)
		source_add_warning(d->o, note);
	return 0;
}

/* Packs without any index are those of a lost one, or of the first flush, which is not over. A
 * flush that met a full disk has left folders alone. */
static int look_for_index(const struct day_data *d, struct err *e)
{
	bool index, packs;
	struct err note;

	if (has_files(d, STORE_INDEX, INT64_MAX, &index, e) < 0)
		return -1;
	if (index)
		return 0;
	if (has_files(d, STORE_PACK, INT64_MAX, &packs, e) < 0)
		return -1;
	if (!packs)
		return 0;
	err_set(&note, ERR_CORRUPT,
		"tenant '%.*s' has packs and no index: idxbuild --rebuild makes it",
		BYTES_ARG(d->view->tenant));
	if (d->o->warn)
		d->o->warn(d->o->damage_data, &note);
	return tell_in_answer(d, &note, e);
}

static void begin_view(struct day_data *d, const struct view *view)
{
	d->view = view;
	set_from(d);
}

int source_store_live(struct plan *p, struct store *s, const struct view *view, int32_t day,
		      struct live *live, struct covered *c, enum if_missing missing,
		      const struct source_opts *o, struct err *e)
{
	struct day_data d = { .plan = p, .store = s, .covered = c, .missing = missing, .o = o };

	p->kind = SOURCE_STORE;
	begin_view(&d, view);
	if (day < time_day(d.from) || day > time_day(p->to - 1))
		live = NULL;
	return add_day(day, live, &d, e);
}

int source_store_day(struct plan *p, struct store *s, const struct view *view, int32_t day,
		     struct covered *c, enum if_missing missing, const struct source_opts *o,
		     struct err *e)
{
	struct live live;
	int rc;

	if (live_load(s, view->tenant, day, &live, e) < 0)
		return -1;
	rc = source_store_live(p, s, view, day, &live, c, missing, o, e);
	live_release(&live);
	return rc;
}

/* ---- what filters rule out ---- */

/* Of a remote store, where a filter is read in requests that take their time. */
enum { FAR_WORTH_ASKING = 1 << 20 };

static struct store_pack *as_pack(struct source *s)
{
	bool is = s->ops == &store_pack_read || s->ops == &store_pack_mapped ||
		  s->ops == &store_pack_far;

	return is ? (struct store_pack *)(void *)s : NULL;
}

static bool is_asked(const struct store_pack *k)
{
	return k->source.ops != &store_pack_far || k->wanted >= FAR_WORTH_ASKING;
}

static bool lacks_filter(const struct piece *x)
{
	const struct store_pack *k = as_pack(x->source);

	return k && is_asked(k) && !pack_filter_has_answered(&k->filter);
}

static bool is_ruled_out(const struct plan *p, const struct piece *x)
{
	const struct store_pack *k = as_pack(x->source);
	const struct chunk_ref *c = (const struct chunk_ref *)(uintptr_t)x->at;

	return k && !pack_filter_may(&k->filter, &p->stream[x->stream].labels, c->off,
				     (uint32_t)x->part);
}

/* Takes the pieces out that cannot hold what is looked for. */
static void leave_out(struct plan *p)
{
	struct source_seen *seen = &p->seen[SOURCE_STORE];
	struct pack_filter **v;
	size_t n = 0, left = 0;

	if (!asks(p))
		return;
	v = mem_alloc((p->n_sources + 1) * sizeof(*v));
	for (size_t i = 0; i < p->n_sources; i++) {
		struct store_pack *k = as_pack(p->source[i]);

		if (k && k->filter.far && is_asked(k))
			v[n++] = &k->filter;
	}
	pack_filters_ask(v, n, p->needles);
	free(v);
	for (size_t i = 0; i < p->n_pieces; i++) {
		const struct piece *x = &p->piece[i];

		if (!is_ruled_out(p, x)) {
			seen->unfiltered += lacks_filter(x);
			p->piece[left++] = *x;
			continue;
		}
		seen->pieces_in--;
		seen->bytes_in -= plan_piece_bytes(x);
		seen->hides -= x->hides;
		seen->by_filter++;
	}
	p->n_pieces = left;
}

int source_store(struct plan *p, struct store *s, struct covered *c, enum if_missing missing,
		 const struct source_opts *o, struct err *e)
{
	struct day_data d = { .plan = p, .store = s, .covered = c, .missing = missing, .o = o };

	c->n = 0;
	p->kind = SOURCE_STORE;
	if (time_is_behind(p->from, p->to))
		return 0;
	/* Of a remote store it comes beside the lists and the index files. */
	if (!store_is_remote(s) && plan_wait_hide(p, e) < 0)
		return -1;
	for (size_t i = 0; i < p->views.n; i++) {
		begin_view(&d, &p->views.v[i]);
		d.any = false;
		if (d.view->out)
			continue;
		if (live_range(s, d.view->tenant, time_day(d.from), time_day(p->to - 1), add_day,
			       &d, e) < 0)
			return -1;
		if (!d.any && look_for_index(&d, e) < 0)
			return -1;
	}
	leave_out(p);
	covered_sort(c);
	return 0;
}
