#include "index/fsck_day.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/num.h"
#include "index/check.h"
#include "index/live.h"
#include "index/rewriting.h"
#include "index/scan.h"
#include "index/unnamed.h"
#include "time/time.h"

enum { TRIES = 3 };

struct names {
	struct hash128 *v;
	size_t n, cap;
};

struct day {
	const struct index_fsck *f;
	struct bytes tenant;
	int32_t day;
	const struct fsck_pack *pack;
	size_t n_packs;

	struct live live;
	struct index_beside beside; /* of the index file that is looked at; .known is of all */
	struct names known;	    /* packs: the same, and those that index files name which do
				       not count */
	struct names covered;	    /* segments that live ones replace */
	struct names read;	    /* packs that queries read */
	struct names archived;	    /* packs that index files name and that cannot be read now */
	int64_t now;		    /* INT64_MIN: not asked yet */
	bool at_rest;		    /* the store cannot be written to */
	bool has_lost;		    /* lost is loaded */
	struct fsck_lost lost;

	const char *at_name, *at_index; /* what fsck_pack_bytes looks at */
	struct fault_list found;
	struct fault_list right; /* index files: their labels alone */
	struct arena mem;	 /* names */
};

static void add_name(struct names *l, const struct hash128 *h)
{
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = *h;
}

static const char *copy(struct day *d, const char *text)
{
	return arena_copy(&d->mem, bytes_of(text, strlen(text) + 1)).p;
}

static const char *name_of(struct day *d, enum store_kind kind, const struct hash128 *hash)
{
	const struct store_name sn = { kind, d->day, d->tenant, *hash };
	struct buf b = { 0 };
	const char *ret;

	store_name_add(&b, &sn);
	ret = copy(d, buf_str(&b));
	buf_release(&b);
	return ret;
}

static void find(struct day *d, enum fault_kind kind, const char *name, const char *index,
		 const struct err *e)
{
	fault_list_add(&d->found, &(struct index_fault){ .kind = kind,
							 .name = name,
							 .index = index,
							 .tenant = d->tenant,
							 .day = d->day,
							 .n = 1,
							 .err = *e });
}

/* ---- index files ---- */

/* By its label, which is its path. */
static const char *name_of_label(struct day *d, const char *label)
{
	struct store_name sn;

	if (store_name_parse(bytes_str(label), &sn, NULL) < 0)
		return copy(d, label);
	return name_of(d, STORE_INDEX, &sn.hash);
}

/* Of a pack that an index file names: it is not wrong, but nobody can look. */
static bool take_archived(struct day *d, const struct index_fault *f)
{
	struct store_name sn;

	if (!f->index || f->err.code != ERR_VERSION || !store_is_archived(d->f->store, f->name) ||
	    store_name_parse(bytes_str(f->name), &sn, NULL) < 0)
		return false;
	add_name(&d->archived, &sn.hash);
	return true;
}

static void on_index_fault(const struct index_fault *f, void *data)
{
	struct day *d = data;

	if (take_archived(d, f))
		return;
	if (f->index)
		find(d, f->kind, copy(d, f->name), name_of_label(d, f->index), &f->err);
	else
		find(d, f->kind, name_of_label(d, f->name), NULL, &f->err);
}

static void check_index(struct day *d, struct index *ix, const struct index_beside *beside)
{
	if (index_check(d->f->store, ix, beside, on_index_fault, d) == 0 && d->f->right)
		fault_list_add(&d->right, &(struct index_fault){ .name = index_label(ix) });
}

/* Files that could not even be opened. */
static void find_unread(struct day *d)
{
	for (size_t i = 0; i < d->live.n_faults; i++) {
		const char *name = name_of(d, STORE_INDEX, &d->live.faults[i].name);
		struct err why = d->live.faults[i].err;

		fault_cut_path(&why, store_path_of(d->f->store, name), name);
		find(d, FAULT_DAMAGED, name, NULL, &why);
	}
}

static int add_read(struct day *d, size_t i, struct err *e)
{
	struct index_pack p;

	for (uint32_t k = 0; k < index_info(d->live.v[i])->n_packs; k++) {
		if (index_pack_at(d->live.v[i], k, &p, e) < 0)
			return -1;
		if (!d->live.skip_pack[i][k])
			add_name(&d->read, &p.name);
	}
	return 0;
}

static int add_segments(struct day *d, struct index *ix, struct err *e)
{
	const struct hash128 *id;

	if (index_list(ix, INDEX_SEGMENTS, &id, e) < 0)
		return -1;
	for (uint32_t i = 0; i < index_info(ix)->n_segments; i++)
		add_name(&d->covered, &id[i]);
	return 0;
}

/* What is obsolete waits to be deleted, and may be at any moment: it is looked at by itself. */
static void look_at_obsolete(struct day *d, const struct hash128 *hash)
{
	const char *name = name_of(d, STORE_INDEX, hash);
	struct err why = { 0 };
	struct index *ix = index_load(d->f->store, name, &why);
	struct index_pack p;

	if (!ix) {
		fault_cut_path(&why, store_path_of(d->f->store, name), name);
		if (why.code != ERR_NO && d->f->depth != FSCK_UNNAMED)
			find(d, FAULT_DAMAGED, name, NULL, &why);
		return;
	}
	if (d->f->depth != FSCK_UNNAMED)
		check_index(d, ix, NULL);
	for (uint32_t i = 0; i < index_info(ix)->n_packs && index_pack_at(ix, i, &p, NULL) == 0;
	     i++)
		add_name(&d->known, &p.name);
	index_close(ix);
}

/* ---- packs that index files name ---- */

static bool is_chosen(const struct index_fsck *f, const struct hash128 *pack)
{
	uint64_t slot = hash64(bytes_of(pack->b, sizeof(pack->b))) % FSCK_SAMPLE_ALL;
	uint64_t first = f->seed % FSCK_SAMPLE_ALL * f->sample % FSCK_SAMPLE_ALL;

	return f->sample == 0 || (slot + FSCK_SAMPLE_ALL - first) % FSCK_SAMPLE_ALL < f->sample;
}

static const struct fsck_pack *listed(const struct day *d, const struct hash128 *hash)
{
	size_t lo = 0, hi = d->n_packs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = hash128_cmp(&d->pack[mid].hash, hash);

		if (c == 0)
			return &d->pack[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void on_pack_fault(const struct index_fault *f, void *data)
{
	struct day *d = data;

	find(d, f->kind, d->at_name, d->at_index, &f->err);
}

/* How many faults, or -1. named, index: what names it, or NULL. */
static int64_t check_bytes(struct day *d, const struct hash128 *hash, const char *name,
			   const struct fsck_named *named, const char *index, struct err *e)
{
	const struct store_name sn = { STORE_PACK, d->day, d->tenant, *hash };
	const struct fsck_pack *there = listed(d, hash);

	if (d->f->depth < FSCK_BYTES || !is_chosen(d->f, hash))
		return 0;
	d->at_name = name;
	d->at_index = index;
	return fsck_pack_bytes(d->f->store, &sn, there ? &there->size : NULL, d->f->depth, named,
			       on_pack_fault, d, e);
}

/* Of one that is not read, or cannot be: it may be of an index file younger than the list. */
static int check_presence(struct day *d, const struct index_pack *p, const char *index,
			  struct err *e)
{
	const struct fsck_pack *there = listed(d, &p->name);
	const char *name = name_of(d, STORE_PACK, &p->name);
	uint64_t size = there ? there->size : 0;
	int rc = there ? 1 : store_has(d->f->store, name, &size, e);
	struct err why;

	if (rc == 0) {
		err_set(&why, ERR_CORRUPT, "there is no such pack");
		find(d, FAULT_MISSING, name, index, &why);
	} else if (rc > 0 && size != p->size) {
		err_set(&why, ERR_CORRUPT, "it has %" PRIu64 " bytes; expected %" PRIu64, size,
			p->size);
		find(d, FAULT_DAMAGED, name, index, &why);
	}
	return rc < 0 ? -1 : 0;
}

static bool is_kept(const struct fsck_expired *x, struct index *ix, const char *pack)
{
	struct store_name sn;
	struct index_pack p;

	if (store_name_parse(bytes_str(pack), &sn, NULL) < 0)
		return true;
	for (uint32_t i = 0; i < index_info(ix)->n_packs; i++)
		if (index_pack_at(ix, i, &p, NULL) == 0 && hash128_cmp(&p.name, &sn.hash) == 0)
			return x->kept[i];
	return true;
}

/* A pack that is missing, of faults from `first` on, is nothing worse where all of it has expired.
 */
static int find_expired(struct day *d, struct index *ix, const bool *skip_pack, size_t first,
			struct err *e)
{
	struct fsck_expired x;
	struct err why;

	if (!d->f->overdue)
		return 0;
	if (fsck_expired(d->f, ix, skip_pack, &x, &why) < 0) {
		*e = why;
		return why.code == ERR_CORRUPT ? 0 : -1; /* index_check tells */
	}
	if (x.chunks) {
		err_set(&why, ERR_CORRUPT,
			"%" PRIu64 " %s of %" PRIu64 " %s past retention: idxbuild --retain takes "
			"them out",
			x.chunks, num_word(x.chunks, "chunk", "chunks"), x.entries,
			num_word(x.entries, "entry is", "entries are"));
		find(d, FAULT_EXPIRED, name_of(d, STORE_INDEX, &index_info(ix)->name), NULL, &why);
	}
	for (size_t i = first; i < d->found.n; i++) {
		struct index_fault *f = &d->found.v[i];

		if (f->kind != FAULT_MISSING || is_kept(&x, ix, f->name))
			continue;
		f->kind = FAULT_EXPIRED;
		err_set(&f->err, ERR_CORRUPT,
			"there is no such pack, and all of it is past retention");
	}
	fsck_expired_release(&x);
	return 0;
}

/* 1 it is not to be looked at any further; 0; -1. */
static int64_t check_pack(struct day *d, const struct index_pack *p, const struct fsck_named *named,
			  const char *index, struct err *e)
{
	int64_t rc;

	if (is_chosen(d->f, &p->name)) {
		rc = check_bytes(d, &p->name, name_of(d, STORE_PACK, &p->name), named, index, e);
		if (rc >= 0 || e->code != ERR_VERSION)
			return rc < 0 ? -1 : rc > 0;
		add_name(&d->archived, &p->name);
	}
	return check_presence(d, p, index, e) < 0 ? -1 : 1;
}

/* Bytes first: of a pack that is not what its name says all else would only repeat it. */
static int check_live(struct day *d, size_t i, struct err *e)
{
	struct index *ix = d->live.v[i];
	const char *index = name_of(d, STORE_INDEX, &index_info(ix)->name);
	uint32_t n = index_info(ix)->n_packs;
	bool *leave = mem_alloc((n + (size_t)1) * sizeof(*leave));
	const size_t first = d->found.n;
	int64_t rc = 0;

	for (uint32_t k = 0; k < n && rc >= 0; k++) {
		struct index_pack p;

		if (d->live.skip_pack[i][k] || index_pack_at(ix, k, &p, NULL) < 0)
			continue; /* index_check tells of the second */
		rc = check_pack(d, &p, &(struct fsck_named){ ix, k }, index, e);
		leave[k] = rc > 0;
	}
	d->beside.skip_pack = d->live.skip_pack[i];
	d->beside.leave = leave;
	if (rc >= 0)
		check_index(d, ix, &d->beside);
	if (rc >= 0)
		rc = find_expired(d, ix, d->live.skip_pack[i], first, e);
	free(leave);
	return rc < 0 ? -1 : 0;
}

/* ---- overlapping ---- */

/* What of b's is a's, both ascending. */
static size_t count_common(const struct hash128 *a, size_t na, const struct hash128 *b, size_t nb)
{
	size_t n = 0;

	for (size_t i = 0; i < nb; i++)
		n += hash128_among(a, na, &b[i]);
	return n;
}

static void compare(struct day *d, const struct live_item *a, const struct live_item *b)
{
	size_t segments = count_common(a->set[INDEX_SEGMENTS], a->n[INDEX_SEGMENTS],
				       b->set[INDEX_SEGMENTS], b->n[INDEX_SEGMENTS]);
	size_t packs = count_common(a->packs, a->n_packs, b->packs, b->n_packs);
	size_t old = count_common(a->set[INDEX_OLD_PACKS], a->n[INDEX_OLD_PACKS],
				  b->set[INDEX_OLD_PACKS], b->n[INDEX_OLD_PACKS]);
	struct err why;

	if (segments + packs + old == 0)
		return;
	err_set(&why, ERR_CORRUPT,
		"%zu %s, %zu %s and %zu replaced %s are also those of '%s': both count", packs,
		num_word(packs, "pack", "packs"), segments,
		num_word(segments, "segment", "segments"), old, num_word(old, "pack", "packs"),
		name_of(d, STORE_INDEX, &a->name));
	find(d, FAULT_OVERLAP, name_of(d, STORE_INDEX, &b->name), NULL, &why);
}

/* Of thousands of files it is seen at once that no two have anything in common. */
static bool all_differ(const struct live_item *v, size_t n)
{
	struct names all = { 0 };
	bool ret;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < v[i].n[INDEX_SEGMENTS]; k++)
			add_name(&all, &v[i].set[INDEX_SEGMENTS][k]);
		for (size_t k = 0; k < v[i].n[INDEX_OLD_PACKS]; k++)
			add_name(&all, &v[i].set[INDEX_OLD_PACKS][k]);
		for (size_t k = 0; k < v[i].n_packs; k++)
			add_name(&all, &v[i].packs[k]);
	}
	ret = hash128_sort(all.v, all.n) == all.n;
	free(all.v);
	return ret;
}

/* Entries that two have are folded by queries, but read twice: after a race. */
static int check_overlap(struct day *d, struct err *e)
{
	struct live_item *v = mem_alloc((d->live.n + 1) * sizeof(*v));
	size_t n = 0;
	int rc = 0;

	for (; n < d->live.n && rc == 0; n++)
		rc = live_item_init(&v[n], d->live.v[n], e);
	if (rc == 0 && !all_differ(v, n))
		for (size_t a = 0; a < n; a++)
			for (size_t b = a + 1; b < n; b++)
				compare(d, &v[a], &v[b]);
	for (size_t i = 0; i < n; i++)
		live_item_release(&v[i]);
	free(v);
	return rc;
}

/* ---- packs that no index file names ---- */

/* Of an index file that was set aside, its packs are missed at once. */
static int is_lost(struct day *d, const struct fsck_pack *p, struct err *e)
{
	if (!d->has_lost && fsck_lost_load(d->f->store, d->tenant, d->day, &d->lost, e) < 0)
		return -1;
	d->has_lost = true;
	return hash128_among(d->lost.packs.v, d->lost.packs.n, &p->hash) ||
	       p->date_ns <= d->lost.unread_ns;
}

/* A flush under way has packs without an index file, too. */
static bool is_old(const struct day *d, const struct fsck_pack *p)
{
	const int64_t last = d->f->last_pack_ns;

	return (num_wide)d->now - p->date_ns >= d->f->grace_ns ||
	       (last && (num_wide)d->now - last >= FSCK_UNINDEXED_S * NS_PER_S);
}

/* 1 it is there and old enough; 0. */
static int is_due(struct day *d, const struct fsck_pack *p, const char *name, struct err *e)
{
	int rc = 1;

	if (d->f->grace_ns > 0 && !d->at_rest) {
		if (d->now == INT64_MIN && store_now(d->f->store, name, &d->now, NULL) < 0)
			d->at_rest = true;
		else if (!is_old(d, p))
			rc = is_lost(d, p, e);
	}
	return rc > 0 ? store_has(d->f->store, name, NULL, e) : rc;
}

/* Has it other lines of a pack that is read as it was before? The index file that said so is lost,
 * or was never made; made now, it lets no line be seen that was rewritten. */
static bool is_unseen_rewriting(const struct day *d, const struct pack_trailer *t)
{
	const struct hash_list marks = rewriting_marks(t->replaced.v, t->replaced.n);
	const struct hash_list *known = &d->beside.known;

	for (size_t i = 0; i < marks.n; i++)
		if (!hash128_among(known->v, known->n, &marks.v[i]) &&
		    rewriting_is_of(&marks.v[i], d->read.v, d->read.n))
			return true;
	return false;
}

static enum fault_kind judge(const struct day *d, const struct pack_trailer *t, struct err *why)
{
	const struct hash_list known = { d->known.v, d->known.n };
	const struct hash_list covered = { d->covered.v, d->covered.n };

	if (is_unseen_rewriting(d, t)) {
		err_set(why, ERR_CORRUPT,
			"no index file names it, so queries see lines as they were before they "
			"were rewritten in it");
		return FAULT_ORPHAN;
	}
	switch (unnamed_judge(t, &known, &covered)) {
	case UNNAMED_LEFTOVER:
		err_set(why, ERR_CORRUPT,
			"left by a compaction that did not end: all of it is in packs that index "
			"files name");
		return FAULT_LEFTOVER;
	case UNNAMED_SUPERFLUOUS:
		err_set(why, ERR_CORRUPT,
			"superfluous, as after a flush that was broken off: other packs have all "
			"its segments");
		return FAULT_SUPERFLUOUS;
	case UNNAMED_ORPHAN:
		break;
	}
	err_set(why, ERR_CORRUPT, "no index file names it, so no query sees it");
	return FAULT_ORPHAN;
}

/* Of the pack, not of what it lies in, which may answer again a moment later. */
static bool is_of_the_pack(const struct err *why)
{
	return why->code == ERR_CORRUPT || why->code == ERR_VERSION || why->code == ERR_LIMIT ||
	       why->code == ERR_NO;
}

/* Nobody writes a pack into another folder than its own: whatever its age. 1, 0, -1. */
static int is_astray(struct day *d, const struct store_name *sn, struct err *e)
{
	struct pack_scan scan;
	struct err why;

	if (pack_scan_open_astray(d->f->store, sn, &scan, &why) == 0) {
		pack_scan_close(&scan);
		return 1;
	}
	if (is_of_the_pack(&why))
		return 0;
	*e = why;
	return -1;
}

/* What it is by its trailer is seen once it is restored. */
static int find_archived(struct day *d, const char *name)
{
	struct err why;

	err_set(&why, ERR_VERSION,
		"no index file names it, and it is archived: it has to be restored first");
	find(d, FAULT_ORPHAN, name, NULL, &why);
	return 0;
}

static int look_at_unnamed(struct day *d, const struct fsck_pack *p, struct err *e)
{
	const struct store_name sn = { STORE_PACK, d->day, d->tenant, p->hash };
	const char *name = name_of(d, STORE_PACK, &p->hash);
	struct pack_scan scan;
	struct err why;
	int due = is_due(d, p, name, e);
	int64_t n_told = due > 0 ? check_bytes(d, &p->hash, name, NULL, NULL, e) : 0;
	int astray;

	if (n_told < 0 && e->code == ERR_VERSION)
		return find_archived(d, name);
	if (due < 0 || n_told != 0)
		return due < 0 || n_told < 0 ? -1 : 0;
	if (pack_scan_open_sized(d->f->store, &sn, p->size, &scan, &why) == 0) {
		enum fault_kind kind = judge(d, &scan.trailer, &why);

		/* Who cannot be read may name it: that was told. */
		if (due > 0 &&
		    (kind != FAULT_ORPHAN || d->live.n_faults == 0 || d->f->depth == FSCK_UNNAMED))
			find(d, kind, name, NULL, &why);
		pack_scan_close(&scan);
		return 0;
	}
	if (!is_of_the_pack(&why)) {
		*e = why;
		return -1;
	}
	if (why.code == ERR_VERSION && store_is_archived(d->f->store, name))
		return due > 0 ? find_archived(d, name) : 0;
	fault_cut_path(&why, store_path_of(d->f->store, name), name);
	astray = is_astray(d, &sn, e);
	if (astray > 0)
		find(d, FAULT_FOLDER, name, NULL, &why);
	else if (astray == 0 && due > 0)
		find(d, FAULT_DAMAGED, name, NULL, &why);
	return astray < 0 ? -1 : 0;
}

static int look_at_all_unnamed(struct day *d, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < d->beside.known.n; i++)
		add_name(&d->known, &d->beside.known.v[i]);
	d->known.n = hash128_sort(d->known.v, d->known.n);
	d->covered.n = hash128_sort(d->covered.v, d->covered.n);
	d->read.n = hash128_sort(d->read.v, d->read.n);
	for (size_t i = 0; i < d->n_packs && rc == 0; i++)
		if (!hash128_among(d->known.v, d->known.n, &d->pack[i].hash))
			rc = look_at_unnamed(d, &d->pack[i], e);
	return rc;
}

/* ---- all of it ---- */

static int examine(struct day *d, struct err *e)
{
	int rc = live_known_packs(&d->live, &d->beside.known, e);

	if (d->f->depth != FSCK_UNNAMED)
		find_unread(d);
	for (size_t i = 0; i < d->live.n && rc == 0; i++) {
		rc = add_segments(d, d->live.v[i], e);
		if (rc == 0)
			rc = add_read(d, i, e);
		if (rc == 0 && d->f->depth != FSCK_UNNAMED)
			rc = check_live(d, i, e);
	}
	for (size_t i = 0; i < d->live.n_obsolete; i++)
		look_at_obsolete(d, &d->live.obsolete[i]);
	if (rc == 0 && d->f->depth >= FSCK_BYTES)
		rc = check_overlap(d, e);
	if (rc == 0)
		rc = look_at_all_unnamed(d, e);
	return rc;
}

/* Has somebody replaced and deleted what was looked at? 1, 0, -1. */
static int has_changed(struct day *d, struct err *e)
{
	for (size_t i = 0; i < d->live.n; i++) {
		int rc = store_has(d->f->store,
				   name_of(d, STORE_INDEX, &index_info(d->live.v[i])->name), NULL,
				   e);

		if (rc <= 0)
			return rc < 0 ? -1 : 1;
	}
	return 0;
}

static void forget(struct day *d)
{
	live_release(&d->live);
	free(d->beside.known.v);
	d->beside = (struct index_beside){ 0 };
	d->known.n = d->covered.n = d->read.n = d->archived.n = 0;
	fault_list_reset(&d->found);
	fault_list_reset(&d->right);
	arena_reset(&d->mem);
}

/* Those that are given, the first time. */
static int load(struct day *d, struct live *given, struct err *e)
{
	forget(d);
	if (!given)
		return live_load_without(d->f->store, d->tenant, d->day, d->f->without, &d->live,
					 e);
	d->live = *given;
	*given = (struct live){ 0 };
	return 0;
}

int fsck_day_look(const struct index_fsck *f, struct bytes tenant, int32_t day,
		  const struct fsck_pack *v, size_t n, struct live *given, struct fsck_found *ret,
		  struct err *e)
{
	struct day d = {
		.f = f, .tenant = tenant, .day = day, .pack = v, .n_packs = n, .now = INT64_MIN
	};
	int rc = 1;

	for (int i = 0; i < TRIES && rc == 1; i++) {
		rc = load(&d, i == 0 ? given : NULL, e);
		if (rc == 0)
			rc = examine(&d, e);
		if (rc == 0 && d.found.n)
			rc = has_changed(&d, e);
	}
	*ret = (struct fsck_found){ 0 };
	if (rc >= 0) {
		*ret = (struct fsck_found){ d.found, d.right,
					    hash128_sort(d.archived.v, d.archived.n) };
		d.found = d.right = (struct fault_list){ 0 };
	}
	forget(&d);
	fault_list_release(&d.found);
	fault_list_release(&d.right);
	fsck_lost_release(&d.lost);
	free(d.known.v);
	free(d.covered.v);
	free(d.read.v);
	free(d.archived.v);
	arena_release(&d.mem);
	return rc < 0 ? -1 : 0;
}

void fsck_found_release(struct fsck_found *x)
{
	fault_list_release(&x->faults);
	fault_list_release(&x->right);
}

int64_t fsck_day_tell(const struct index_fsck *f, struct fsck_found *found)
{
	const int64_t ret = (int64_t)found->faults.n;

	for (size_t i = 0; i < found->right.n; i++)
		f->right(found->right.v[i].name, f->data);
	for (size_t i = 0; i < found->faults.n; i++)
		f->tell(&found->faults.v[i], f->data);
	if (found->n_archived && f->archived)
		f->archived(found->n_archived, f->data);
	fsck_found_release(found);
	return ret;
}

int64_t fsck_day(const struct index_fsck *f, struct bytes tenant, int32_t day,
		 const struct fsck_pack *v, size_t n, struct err *e)
{
	struct fsck_found found;

	if (fsck_day_look(f, tenant, day, v, n, NULL, &found, e) < 0)
		return -1;
	return fsck_day_tell(f, &found);
}
