/*
 * Two ways. When all streams of a day are copied for the same tenant, packs and index files go over
 * as they are: names, provenance and what was replaced stay right; but for an index file of which a
 * pack is lost, in whose place one is made of the others' trailers. Else each pack that has
 * selected streams goes over as it is, or as a new one of what is selected; the new index files
 * come from their trailers alone. What such a pack was made of stands in its trailer as a segment
 * would, so the commit rules see what of it is covered, and what a later copy of a merged pack
 * makes obsolete.
 */
#include "compact/copy_day.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "compact/copy_pack.h"
#include "compact/copy_requests.h"
#include "compact/copy_target.h"
#include "compact/inputs.h"
#include "index/build.h"
#include "index/live.h"
#include "retention/retention.h"
#include "time/time.h"

enum { TRIES = 3 };

enum fate {
	FATE_NONE,   /* nothing of it is selected */
	FATE_THERE,  /* nothing is to be done */
	FATE_COPIED, /* as it is */
	FATE_MADE,   /* a new pack of some chunks, or for another tenant */
	FATE_KNOWN,  /* its bytes are there, no index file names it */
	FATE_BAD,    /* was told */
};

/* A pack that is read, and what becomes of it. */
struct item {
	struct index_pack row;
	size_t index;	     /* of the live index file that has it */
	size_t first, n;     /* in day.chunk: what is selected of it */
	struct hash128 seal; /* stands for what is selected of it */
	enum fate fate;
	struct pack_trailer trailer; /* of one that is made, in mem */
	struct arena mem;
	struct copy_made made;
	struct err err; /* FATE_BAD */
};

struct day {
	const struct copy_opts *o;
	struct bytes tenant, to_tenant;
	int32_t day;
	bool as_it_is; /* all streams, for the same tenant */
	struct live src;
	struct copy_target to;
	struct item *item;
	size_t n, cap;
	struct copy_chunk *chunk; /* by item, then offset */
	size_t n_chunks, cap_chunks;
	size_t *todo; /* items of one round of work */
	size_t n_todo;
	bool vanished;	     /* a pack or an index file is gone since it was listed; */
	bool index_vanished; /* an index file is */
	struct copy_day *sum;
	const struct copy_hidden *hidden;
};

static void day_release(struct day *d)
{
	for (size_t i = 0; i < d->n; i++)
		arena_release(&d->item[i].mem);
	live_release(&d->src);
	copy_target_release(&d->to);
	free(d->item);
	free(d->chunk);
	free(d->todo);
}

static struct store_name source_name(const struct day *d, enum store_kind kind,
				     const struct hash128 *hash)
{
	return (struct store_name){ kind, d->day, d->tenant, *hash };
}

static void tell_object(const struct day *d, enum store_kind kind, const struct hash128 *hash)
{
	struct store_name sn = { kind, d->day, d->to_tenant, *hash };
	struct buf name = { 0 };

	store_name_add(&name, &sn);
	if (d->o->on_object)
		d->o->on_object(d->o->data, buf_str(&name));
	buf_release(&name);
}

static bool is_among(const struct hash_list *l, const struct hash128 *h)
{
	return hash128_among(l->v, l->n, h);
}

static int look(const struct day *d, struct copy_target *t, struct err *e)
{
	return copy_target_look(d->o, d->to_tenant, d->day, t, e);
}

/* ---- what is selected ---- */

/* The same pack gives another one for another selection, and another tenant. */
static struct hash128 seal_of(const struct day *d, const struct hash128 *pack)
{
	struct buf b = { 0 };
	struct hash128 h;

	buf_add_str(&b, "copy");
	buf_add_char(&b, '\0');
	buf_add_bytes(&b, d->tenant);
	buf_add_char(&b, '\0');
	buf_add_bytes(&b, d->o->selector);
	buf_add_char(&b, '\0');
	buf_add(&b, pack->b, sizeof(pack->b));
	h = hash128(buf_bytes(&b));
	buf_release(&b);
	return h;
}

static int cmp_chunks(const void *pa, const void *pb)
{
	const struct copy_chunk *a = pa, *b = pb;

	if (a->pack != b->pack)
		return a->pack < b->pack ? -1 : 1;
	return (a->off > b->off) - (a->off < b->off);
}

/* Before this all of a series has expired. */
static int find_cut(const struct day *d, struct index *ix, uint32_t series, struct arena *mem,
		    int64_t *ret, struct err *e)
{
	const struct copy_hidden *h = d->hidden;
	struct labels labels;

	*ret = INT64_MIN;
	if (!h->limits)
		return 0;
	arena_reset(mem);
	if (index_series_labels(ix, series, mem, &labels, e) < 0)
		return -1;
	*ret = retention_cut(retention_of(h->limits, &labels).period_ns, h->now_ns);
	return 0;
}

static int select_series(struct day *d, struct index *ix, uint32_t number, struct arena *mem,
			 struct err *e)
{
	struct index_series s;
	int64_t cut_ns;

	if (index_series_at(ix, number, &s, e) < 0 || find_cut(d, ix, number, mem, &cut_ns, e) < 0)
		return -1;
	mem_grow(&d->chunk, &d->cap_chunks, d->n_chunks + s.n_chunks + 1, sizeof(*d->chunk));
	for (uint32_t k = 0; k < s.n_chunks; k++) {
		struct index_chunk c;
		uint64_t stored;

		if (index_chunk_at(ix, s.first_chunk + k, &c, e) < 0 ||
		    index_chunk_stored(ix, &c, &stored, e) < 0)
			return -1;
		if (c.through >= cut_ns)
			d->chunk[d->n_chunks++] =
				(struct copy_chunk){ c.pack,	c.length, c.head_len,
						     c.entries, c.offset, stored };
	}
	return 0;
}

/* The selected chunks of an index file go behind those that are there, by pack. */
static int select_chunks(struct day *d, struct index *ix, struct err *e)
{
	size_t first = d->n_chunks;
	struct index_set set = { 0 };
	struct arena mem = { 0 };
	int rc = index_match(ix, d->o->match, d->o->n_match, &set, e);

	for (size_t i = 0; i < set.n && rc == 0; i++)
		rc = select_series(d, ix, set.v[i], &mem, e);
	if (d->n_chunks > first)
		qsort(d->chunk + first, d->n_chunks - first, sizeof(*d->chunk), cmp_chunks);
	index_set_release(&set);
	arena_release(&mem);
	return rc;
}

/* What is to become of it. */
static void decide(struct day *d, struct item *it)
{
	const struct copy_target *t = &d->to;

	it->seal = seal_of(d, &it->row.name);
	if (!d->as_it_is && (it->n < it->row.n_chunks || !bytes_eq(d->tenant, d->to_tenant)))
		it->fate = is_among(&t->seals, &it->seal) ? FATE_THERE : FATE_MADE;
	else if (is_among(&t->old, &it->row.name))
		it->fate = FATE_THERE;
	else if (!copy_target_has(t, &it->row))
		it->fate = FATE_COPIED;
	else
		it->fate =
			d->as_it_is || is_among(&t->named, &it->row.name) ? FATE_THERE : FATE_KNOWN;
}

static void count(struct day *d, const struct item *it)
{
	struct copy_day *s = d->sum;

	s->packs++;
	if (it->n == 0) { /* all of it */
		s->entries += it->row.entries;
		s->bytes += it->row.size;
	}
	for (size_t i = it->first; i < it->first + it->n; i++) {
		s->entries += d->chunk[i].entries;
		s->bytes += d->chunk[i].stored;
	}
}

static int add_items(struct day *d, size_t i, struct err *e)
{
	struct index *ix = d->src.v[i];
	size_t at = d->n_chunks;

	if (!d->as_it_is && select_chunks(d, ix, e) < 0)
		return -1;
	for (uint32_t k = 0; k < index_info(ix)->n_packs; k++) {
		struct item it = { .index = i, .first = at };

		if (index_pack_at(ix, k, &it.row, e) < 0)
			return -1;
		while (at < d->n_chunks && d->chunk[at].pack == k)
			at++;
		it.n = at - it.first;
		if (d->src.skip_pack[i][k])
			continue;
		if (d->as_it_is || it.n > 0) {
			decide(d, &it);
			count(d, &it);
		}
		mem_grow(&d->item, &d->cap, d->n + 1, sizeof(*d->item));
		d->item[d->n++] = it;
	}
	return 0;
}

/* ---- work ---- */

/* Is it the fault of this pack alone? Then the others are still copied. */
static bool is_of_the_pack(const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_VERSION || e->code == ERR_NO;
}

static int read_trailer(struct day *d, struct item *it, struct err *e)
{
	struct store_name sn = source_name(d, STORE_PACK, &it->row.name);

	return copy_read_trailer(d->o->from, &sn, &it->mem, &it->trailer, e);
}

static int copy_item(struct day *d, struct item *it, struct err *e)
{
	struct store_name sn = source_name(d, STORE_PACK, &it->row.name);

	if (it->fate == FATE_MADE)
		return copy_chunks(&(struct copy_part){ .from = d->o->from,
							.to = d->o->to,
							.pack = sn,
							.chunk = d->chunk + it->first,
							.n = it->n,
							.to_tenant = d->to_tenant,
							.bundles = it->trailer.bundles,
							.trailer = &it->trailer },
				   &it->made, e);
	it->made = (struct copy_made){ it->row.name, it->row.size, it->row.entries, it->row.name };
	return copy_object(d->o->from, d->o->to, &sn, e);
}

static int run_item(struct day *d, size_t item,
		    int (*what)(struct day *, struct item *, struct err *), struct err *e)
{
	struct item *it = &d->item[d->todo[item]];
	struct err why;

	if (what(d, it, &why) == 0)
		return 0;
	if (!is_of_the_pack(&why)) {
		*e = why;
		return -1;
	}
	it->err = why;
	it->fate = FATE_BAD;
	return 0;
}

static int run_read(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	(void)worker;
	(void)slot;
	return run_item(data, item, read_trailer, e);
}

static int run_copy(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	(void)worker;
	(void)slot;
	return run_item(data, item, copy_item, e);
}

/* On the thread that tells. */
static int see_bad(void *data, size_t item, size_t slot, struct err *e)
{
	struct day *d = data;
	struct item *it = &d->item[d->todo[item]];

	(void)slot;
	(void)e;
	if (it->fate == FATE_BAD && it->err.code == ERR_NO)
		d->vanished = true;
	return 0;
}

static int see_copied(void *data, size_t item, size_t slot, struct err *e)
{
	struct day *d = data;
	struct item *it = &d->item[d->todo[item]];
	struct copy_day *s = d->sum;

	if (it->fate == FATE_BAD)
		return see_bad(data, item, slot, e);
	if (it->fate == FATE_COPIED) {
		s->copied++;
		s->copied_bytes += it->made.size;
	} else {
		s->made++;
		s->made_bytes += it->made.size;
	}
	copy_checksum_add(&s->checksum, &it->made.checksum);
	tell_object(d, STORE_PACK, &it->made.name);
	return 0;
}

enum round { ROUND_TRAILERS, ROUND_PARTS, ROUND_WHOLES };

static int work_on(struct day *d, enum round round, struct err *e)
{
	const bool reads = round == ROUND_TRAILERS;
	const struct work w = { d->n_todo,
				d->o->jobs,
				2 * (size_t)d->o->jobs,
				reads ? run_read : run_copy,
				reads ? see_bad : see_copied,
				d };

	return work_run(&w, e);
}

/* Packs that name parts come when these are there, and their names known. */
static bool is_due(const struct item *it, enum round round)
{
	if (it->fate == FATE_COPIED)
		return round == ROUND_PARTS;
	if (it->fate != FATE_MADE)
		return false;
	return round == ROUND_TRAILERS || (it->trailer.parts.n > 0) == (round == ROUND_WHOLES);
}

static void plan_round(struct day *d, enum round round)
{
	d->n_todo = 0;
	for (size_t i = 0; i < d->n; i++)
		if (is_due(&d->item[i], round))
			d->todo[d->n_todo++] = i;
}

/* ---- trailers of new packs ---- */

static const struct item *find_item(const struct day *d, const struct hash128 *pack)
{
	for (size_t i = 0; i < d->n; i++)
		if (hash128_cmp(&d->item[i].row.name, pack) == 0)
			return &d->item[i];
	return NULL;
}

/* The name that a pack has at the target, if that is known. */
static const struct hash128 *new_name(const struct item *it)
{
	return it->fate == FATE_KNOWN				  ? &it->row.name
	       : it->fate == FATE_MADE || it->fate == FATE_COPIED ? &it->made.name
								  : NULL;
}

/* The names that its parts have now: all must be made in this run, or what it replaced is more than
 * it is known to hold. */
static bool new_parts(const struct day *d, const struct item *it, struct hash_list *ret)
{
	for (size_t i = 0; i < it->trailer.parts.n; i++) {
		const struct item *part = find_item(d, &it->trailer.parts.v[i]);

		if (!part || (part->fate != FATE_NONE && !new_name(part)))
			return false;
		if (part->fate != FATE_NONE)
			copy_add_hashes(ret, new_name(part), 1);
	}
	return true;
}

static struct hash_list keep(struct arena *a, struct hash_list *l)
{
	struct hash_list ret = { NULL, hash128_sort(l->v, l->n) };

	ret.v = (struct hash128 *)(uintptr_t)arena_copy(a, bytes_of(l->v, ret.n * sizeof(*l->v))).p;
	free(l->v);
	return ret;
}

/* From what the source's trailer says to what that of the new pack says. */
static int new_trailer(struct day *d, struct item *it, struct err *e)
{
	struct pack_trailer *t = &it->trailer;
	struct hash_list parts = { 0 }, seals = { 0 };

	copy_add_hashes(&seals, &it->seal, 1);
	if (new_parts(d, it, &parts))
		for (size_t i = 0; i < t->replaced.n; i++) {
			struct hash128 seal = seal_of(d, &t->replaced.v[i]);

			copy_add_hashes(&seals, &seal, 1);
		}
	else
		parts.n = 0;
	t->segments = keep(&it->mem, &seals);
	t->parts = keep(&it->mem, &parts);
	t->replaced = t->sources = (struct hash_list){ 0 };
	t->mixed = false;
	t->tenant = d->to_tenant;
	if (!bytes_eq(d->tenant, d->to_tenant)) { /* the requests are the other tenant's */
		t->n_deletes = 0;
		return 0;
	}
	return inputs_add_deletes(t, d->src.v[it->index], &it->mem, e);
}

static int do_round(struct day *d, enum round round, struct err *e)
{
	plan_round(d, round);
	for (size_t i = 0; i < d->n_todo && round != ROUND_TRAILERS; i++) {
		struct item *it = &d->item[d->todo[i]];

		if (it->fate == FATE_MADE && new_trailer(d, it, e) < 0)
			return -1;
	}
	return work_on(d, round, e);
}

static int copy_packs(struct day *d, struct err *e)
{
	d->todo = mem_alloc((d->n + 1) * sizeof(*d->todo));
	for (enum round r = ROUND_TRAILERS; r <= ROUND_WHOLES; r++)
		if (do_round(d, r, e) < 0)
			return -1;
	return 0;
}

/* ---- index files ---- */

/* Without each of its packs an index file would be worth less than none: those of its packs that
 * did come get one of their own. */
static bool is_complete(const struct day *d, size_t index)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->item[i].index == index && d->item[i].fate == FATE_BAD)
			return false;
	return true;
}

static int copy_indexes(struct day *d, struct err *e)
{
	for (size_t i = 0; i < d->src.n; i++) {
		const struct hash128 *name = &index_info(d->src.v[i])->name;
		struct store_name sn = source_name(d, STORE_INDEX, name);
		struct err why;

		if (is_among(&d->to.index, name) || !is_complete(d, i))
			continue;
		if (!d->o->dry_run && copy_object(d->o->from, d->o->to, &sn, &why) < 0) {
			if (!is_of_the_pack(&why)) {
				*e = why;
				return -1;
			}
			if (why.code == ERR_NO)
				d->vanished = d->index_vanished = true;
			else
				d->o->on_fault(d->o->data, &why);
			continue;
		}
		d->sum->index_files++;
		if (!d->o->dry_run)
			tell_object(d, STORE_INDEX, name);
	}
	return 0;
}

static void build_fault(const struct err *e, void *data)
{
	const struct day *d = data;

	d->o->on_fault(d->o->data, e);
}

static void build_made(const char *name, const struct index_info *info, void *data)
{
	struct day *d = data;

	(void)info;
	d->sum->index_files++;
	if (d->o->on_object)
		d->o->on_object(d->o->data, name);
}

/* The pack's name when it has come, and no index file at the target will name it. */
static const struct hash128 *unnamed(const struct day *d, const struct item *it)
{
	const struct hash128 *name = &it->row.name;

	return it->fate == FATE_BAD || is_complete(d, it->index) || is_among(&d->to.named, name) ||
			       is_among(&d->to.old, name)
		       ? NULL
		       : name;
}

/* Over packs that no index file is copied for. */
static int build_indexes(struct day *d, struct err *e)
{
	const struct build_events ev = { .fault = build_fault, .made = build_made, .data = d };
	struct store_name *v = mem_alloc((d->n + 1) * sizeof(*v));
	size_t n = 0;
	int64_t rc = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct hash128 *name =
			d->as_it_is ? unnamed(d, &d->item[i]) : new_name(&d->item[i]);

		if (name)
			v[n++] = (struct store_name){ STORE_PACK, d->day, d->to_tenant, *name };
	}
	if (n && !d->o->dry_run)
		rc = index_build(d->o->to, v, n, &ev, e);
	free(v);
	return rc < 0 ? -1 : 0;
}

static bool counts_now(const struct item *it, const struct copy_target *now)
{
	if (it->fate == FATE_MADE)
		return is_among(&now->seals, &it->seal);
	if (it->fate == FATE_COPIED)
		return is_among(&now->named, &it->row.name) || is_among(&now->old, &it->row.name);
	return true;
}

/* What was written counts now, or what replaced it does. */
static int check_target(struct day *d, struct err *e)
{
	struct copy_target now = { 0 };
	uint64_t missing = 0;
	int rc = look(d, &now, e);

	for (size_t i = 0; i < d->n && rc == 0; i++)
		missing += !counts_now(&d->item[i], &now);
	copy_target_release(&now);
	if (rc == 0 && missing)
		rc = err_set(e, ERR_IO,
			     "%llu of the packs that were copied do not count in the store",
			     (unsigned long long)missing);
	return rc;
}

/* ---- the whole ---- */

static int add_all_items(struct day *d, struct err *e)
{
	for (size_t i = 0; i < d->src.n; i++)
		if (add_items(d, i, e) < 0)
			return err_wrap(e, "'%s'", index_label(d->src.v[i]));
	return 0;
}

static int load(struct day *d, struct err *e)
{
	if (live_load(d->o->from, d->tenant, d->day, &d->src, e) < 0 || look(d, &d->to, e) < 0)
		return -1;
	return add_all_items(d, e);
}

static void sum_dry(struct day *d)
{
	struct copy_day *s = d->sum;

	for (size_t i = 0; i < d->n; i++) {
		const struct item *it = &d->item[i];

		if (it->fate == FATE_COPIED) {
			s->copied++;
			s->copied_bytes += it->row.size;
		} else if (it->fate == FATE_MADE) {
			s->made++;
			for (size_t k = it->first; k < it->first + it->n; k++)
				s->made_bytes += d->chunk[k].stored;
		}
	}
}

enum attempt { ATTEMPT_FIRST, ATTEMPT_AGAIN, ATTEMPT_LAST };

static bool is_tried_again(const struct day *d, enum attempt attempt)
{
	return d->vanished && attempt != ATTEMPT_LAST;
}

static int copy_loaded(struct day *d, enum attempt attempt, struct err *e)
{
	uint64_t before = d->sum->index_files;

	if (d->o->dry_run)
		sum_dry(d);
	else if (copy_packs(d, e) < 0)
		return -1;
	if ((d->as_it_is ? copy_indexes(d, e) : build_indexes(d, e)) < 0)
		return -1;
	if (d->o->dry_run || is_tried_again(d, attempt))
		return 0;
	if (d->as_it_is && build_indexes(d, e) < 0)
		return -1;
	if (d->index_vanished)
		return err_set(e, ERR_AGAIN, "index files vanish while they are copied");
	return d->sum->index_files == before ? 0 : check_target(d, e);
}

/* What is damaged in the source, once it is known not to have been replaced. */
static void tell_faults(struct day *d)
{
	for (size_t i = 0; i < d->src.n_faults; i++)
		d->o->on_fault(d->o->data, &d->src.faults[i].err);
	for (size_t i = 0; i < d->n; i++) {
		struct item *it = &d->item[i];

		if (it->fate != FATE_BAD)
			continue;
		if (it->err.code == ERR_NO) {
			it->err.code = ERR_CORRUPT;
			err_wrap(&it->err, "a pack is lost");
		}
		d->o->on_fault(d->o->data, &it->err);
	}
}

static struct day day_of(const struct copy_opts *o, const struct copy_hidden *hidden,
			 struct copy_day *sum)
{
	return (struct day){ .o = o,
			     .hidden = hidden,
			     .tenant = sum->tenant,
			     .to_tenant = sum->to_tenant,
			     .day = sum->day,
			     .as_it_is = o->n_match == 0 && bytes_eq(sum->tenant, sum->to_tenant),
			     .sum = sum };
}

/* 1: something vanished from the source, which is at work perhaps, and has replaced it. */
static int try_day(const struct copy_opts *o, const struct copy_hidden *hidden,
		   enum attempt attempt, struct copy_day *sum, struct err *e)
{
	struct day d = day_of(o, hidden, sum);
	int rc;

	sum->packs = sum->bytes = sum->entries = 0;
	rc = load(&d, e);
	for (size_t i = 0; i < d.n && attempt == ATTEMPT_FIRST; i++)
		sum->there += d.item[i].fate == FATE_THERE || d.item[i].fate == FATE_KNOWN;
	if (rc == 0)
		rc = copy_check_applied(o, &hidden->requests, &d.src, e);
	if (rc == 0)
		rc = copy_loaded(&d, attempt, e);
	if (rc == 0 && is_tried_again(&d, attempt))
		rc = 1;
	if (rc == 0)
		tell_faults(&d);
	day_release(&d);
	return rc;
}

int copy_day(const struct copy_opts *o, const struct copy_hidden *hidden, struct copy_day *sum,
	     struct err *e)
{
	int rc = 1;

	for (enum attempt a = ATTEMPT_FIRST; a <= ATTEMPT_LAST && rc == 1; a++)
		rc = try_day(o, hidden, a, sum, e);
	return rc;
}

static bool has_all(const struct day *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->item[i].fate != FATE_NONE && d->item[i].fate != FATE_THERE)
			return false;
	for (size_t i = 0; d->as_it_is && i < d->src.n; i++)
		if (!is_among(&d->to.index, &index_info(d->src.v[i])->name))
			return false;
	return d->src.n_faults == 0;
}

bool copy_day_is_there(const struct copy_opts *o, const struct copy_hidden *hidden,
		       const struct live *src, const struct copy_target *to, struct copy_day *sum)
{
	struct day d = day_of(o, hidden, sum);
	bool ret;

	d.src = *src;
	d.to = *to;
	ret = add_all_items(&d, NULL) == 0 &&
	      copy_check_applied(o, &hidden->requests, src, NULL) == 0 && has_all(&d);
	for (size_t i = 0; i < d.n; i++)
		sum->there += d.item[i].fate == FATE_THERE;
	d.src = (struct live){ 0 }; /* they are the caller's */
	d.to = (struct copy_target){ 0 };
	day_release(&d);
	return ret;
}
