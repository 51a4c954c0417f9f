/*
 * First it is looked at what each fault asks for, and what is wrong is copied: to ~lokid/lost, or
 * to where it belongs. Then day by day, under the day's lock, new index files are committed over
 * those packs that only wrong ones name, and last what was copied is deleted. So at each moment a
 * pack is named by the wrong file, by the right one, or by both, which readers fold; and in
 * whatever state a kill leaves the store, what is wrong is still there to be found by the next run.
 *
 * A pack that is damaged stays as long as an index file names it, since what is right in it is
 * read, but when it is to be salvaged. Of one that none can name what can be read goes into a new
 * pack, before the index files are made. What is not by its name, its place and its beginning a
 * pack or an index file stays too: it is somebody else's.
 */
#include "index/repair.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "index/compact.h"
#include "index/fsck_day.h"
#include "index/lost.h"
#include "index/repair_loss.h"
#include "index/repair_work.h"
#include "index/scan.h"
#include "time/time.h"

void repair_say(const struct repair *r, const char *done, const char *would, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	buf_add_str(&b, r->r->dry_run ? would : done);
	buf_add_char(&b, ' ');
	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	r->r->done(buf_str(&b), r->r->data);
	buf_release(&b);
}

void repair_keep(struct repair *r, size_t i, const char *why)
{
	if (r->kept[i])
		return;
	r->kept[i] = true;
	r->n_kept++;
	r->r->kept(&r->l->v[i], why, r->r->data);
}

static size_t place_of(struct repair *r, struct bytes tenant, int32_t day)
{
	for (size_t i = 0; i < r->n_places; i++)
		if (r->place[i].day == day && bytes_eq(r->place[i].tenant, tenant))
			return i;
	mem_grow(&r->place, &r->cap_places, r->n_places + 1, sizeof(*r->place));
	r->place[r->n_places] = (struct place){ .tenant = arena_copy(&r->mem, tenant), .day = day };
	return r->n_places++;
}

static struct place *place_of_fault(struct repair *r, const struct index_fault *f)
{
	size_t at = place_of(r, f->tenant, f->day);

	return &r->place[at];
}

static const char *copy_text(struct repair *r, const char *text)
{
	return arena_copy(&r->mem, bytes_of(text, strlen(text) + 1)).p;
}

/* ---- moving ---- */

static int put_piece(struct bytes piece, void *data, struct err *e)
{
	return store_put_write(data, piece, e);
}

/* The copy's name, which is that of its bytes, goes to `to`. 1; 0 it is gone already; -1. */
static int copy(struct repair *r, const char *name, const char *folder, const char *suffix,
		struct buf *to, struct err *e)
{
	struct store *s = r->r->store;
	struct store_file f = { 0 };
	struct store_put *p = NULL;
	struct hash128 hash;
	struct err why = { 0 };
	int rc = store_file_open(s, name, &f, &why);

	if (rc == 0) {
		p = store_put_new(s, folder, &why);
		rc = p ? store_file_pieces(&f, put_piece, p, &why) : -1;
		if (rc == 0)
			rc = store_put_commit(p, suffix, &hash, to, &why);
		else
			store_put_abort(p);
	}
	store_file_close(&f);
	if (rc == 0)
		return 1;
	if (why.code == ERR_NO)
		return 0;
	*e = why;
	return -1;
}

/* What its name would be. */
static int name_copy(struct repair *r, const char *name, const char *folder, const char *suffix,
		     struct buf *to, struct err *e)
{
	char hex[HASH128_HEX + 1] = "";
	struct hash128 hash;

	if (*suffix && fsck_hash(r->r->store, name, &hash, e) < 0)
		return e->code == ERR_NO ? 0 : -1;
	if (*suffix)
		hash128_hex(&hash, hex);
	buf_addf(to, "%s%s%s", folder, hex, suffix);
	return 1;
}

/* Copies it, for the fault; it goes when that place is done. A dry run only notes that. */
static int move(struct repair *r, size_t fault, const char *name, size_t place, const char *folder,
		const char *suffix, struct err *e)
{
	const uint64_t h = hash64(bytes_str(name));
	struct buf to = { 0 };
	int rc;

	if (map_get(&r->moved, h, bytes_str(name)) != MAP_NONE)
		return 0;
	name = copy_text(r, name);
	map_put(&r->moved, h, bytes_str(name), 0);
	if (r->r->dry_run) {
		repair_say(r, "", "would move", "'%s' to '%s'", name, folder);
		rc = name_copy(r, name, folder, suffix, &to, e);
	} else {
		rc = copy(r, name, folder, suffix, &to, e);
	}
	if (rc > 0 && strcmp(buf_str(&to), name) != 0) {
		mem_grow(&r->going, &r->cap_going, r->n_going + 1, sizeof(*r->going));
		r->going[r->n_going++] = (struct going){ .name = name,
							 .to = copy_text(r, buf_str(&to)),
							 .place = place,
							 .fault = fault };
	}
	buf_release(&to);
	return rc < 0 ? -1 : 0;
}

/* Will it be there? A dry run puts nothing there yet. */
static bool is_to_come(const struct repair *r, const char *pack)
{
	for (size_t i = 0; i < r->n_going && r->r->dry_run; i++)
		if (strcmp(r->going[i].to, pack) == 0)
			return true;
	return false;
}

/* Does it have a name of ours, and begin otherwise? */
static bool is_others(const struct repair *r, const char *name)
{
	struct store_name sn;

	return store_name_parse(bytes_str(name), &sn, NULL) == 0 &&
	       fsck_start(r->r->store, &sn, name) == FSCK_START_OTHER;
}

int repair_set_aside(struct repair *r, size_t fault, const char *name, size_t place, struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	if (is_others(r, name))
		return 0; /* the check that follows finds it again */
	buf_addf(&folder, LOST_FOLDER "%s/", name);
	rc = move(r, fault, name, place, buf_str(&folder), "", e);
	buf_release(&folder);
	return rc;
}

/* ---- fault by fault ---- */

static bool is_pack(const char *name, struct store_name *ret)
{
	return store_name_parse(bytes_str(name), ret, NULL) == 0 && ret->kind == STORE_PACK;
}

static int set_flag(const char *name, uint64_t size, void *data, struct err *e)
{
	struct store_name sn;

	(void)size;
	(void)e;
	if (is_pack(name, &sn))
		*(bool *)data = true;
	return 0;
}

static int has_packs(struct repair *r, const struct index_fault *f, bool *ret, struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	*ret = false;
	store_folder_add(&folder, STORE_PACK, f->tenant, f->day);
	rc = store_list(r->r->store, buf_str(&folder), set_flag, ret, e);
	buf_release(&folder);
	return rc;
}

/* Of an index file in a wrong folder, the place where its packs are. */
static size_t place_of_index(struct repair *r, const struct index_fault *f, const char *name)
{
	struct index *ix = f->kind == FAULT_FOLDER ? index_load(r->r->store, name, NULL) : NULL;
	size_t ret = ix ? place_of(r, index_info(ix)->tenant, index_info(ix)->day)
			: place_of(r, f->tenant, f->day);

	index_close(ix);
	return ret;
}

/* Index files are made again from packs; that of a missing pack goes only where other packs are. */
static int mend_index(struct repair *r, size_t i, struct err *e)
{
	const struct index_fault *f = &r->l->v[i];
	const char *name = f->index ? f->index : f->name;
	size_t at = place_of_index(r, f, name);
	struct store_name sn;
	bool any = true;

	if (f->err.code != ERR_CORRUPT) {
		repair_keep(r, i, "it cannot be read here");
		return 0;
	}
	if (store_name_parse(bytes_str(name), &sn, e) < 0)
		return -1;
	if (fsck_start(r->r->store, &sn, name) == FSCK_START_OTHER) {
		repair_keep(r, i,
			    "it does not begin as an index file does, and may be somebody else's");
		return 0;
	}
	if (f->kind == FAULT_MISSING) {
		int rc = is_to_come(r, f->name) ? 1 : store_has(r->r->store, f->name, NULL, e);

		if (rc != 0)
			return rc < 0 ? -1 : 0; /* put right before */
		if (has_packs(r, f, &any, e) < 0)
			return -1;
	}
	if (!any) {
		repair_keep(r, i,
			    "no pack of its day is there: mount the disk, or delete it if they are "
			    "lost");
		return 0;
	}
	r->place[at].build = true;
	return repair_set_aside(r, i, name, at, e);
}

/* A pack goes to the folder that its trailer names, under the name that its bytes have; one without
 * a trailer that can be read is set aside. */
static int put_right(struct repair *r, size_t i, const struct store_name *sn, struct err *e)
{
	const struct index_fault *f = &r->l->v[i];
	struct buf folder = { 0 };
	struct pack_scan scan;
	struct err why;
	size_t at;
	int rc = pack_scan_open(r->r->store, sn, &scan, &why);

	if (rc < 0)
		rc = pack_scan_open_astray(r->r->store, sn, &scan, &why);
	if (rc < 0 && why.code != ERR_CORRUPT) {
		repair_keep(r, i, "it cannot be read here");
		return 0;
	}
	if (rc < 0)
		return repair_set_aside(r, i, f->name, place_of(r, f->tenant, f->day), e);
	at = place_of(r, scan.trailer.tenant, scan.trailer.day);
	r->place[at].build = true;
	store_folder_add(&folder, STORE_PACK, scan.trailer.tenant, scan.trailer.day);
	pack_scan_close(&scan);
	rc = move(r, i, f->name, at, buf_str(&folder), store_suffix(STORE_PACK), e);
	buf_release(&folder);
	return rc;
}

/* Whether it stays is known when its place is done. */
static void mend_damaged_pack(struct repair *r, size_t i, const struct store_name *sn)
{
	const struct index_fault *f = &r->l->v[i];
	struct place *p = place_of_fault(r, f);

	if (f->err.code != ERR_CORRUPT)
		repair_keep(r, i, "it cannot be read here");
	else if (fsck_start(r->r->store, sn, f->name) == FSCK_START_OTHER)
		repair_keep(r, i, "it does not begin as a pack does, and may be somebody else's");
	else if (!f->index)
		p->build = true;
}

void repair_judge_later(struct repair *r, size_t i, size_t place)
{
	const struct index_fault *f = &r->l->v[i];

	if (r->r->dry_run) {
		repair_say(r, "", "would move", "'%s' to '" LOST_FOLDER "%s/'", f->name, f->name);
		return;
	}
	mem_grow(&r->going, &r->cap_going, r->n_going + 1, sizeof(*r->going));
	r->going[r->n_going++] = (struct going){ .name = f->name, .place = place, .fault = i };
}

static int mend(struct repair *r, size_t i, struct err *e)
{
	const struct index_fault *f = &r->l->v[i];
	struct store_name sn;
	bool pack = is_pack(f->name, &sn);
	int rc;

	switch (f->kind) {
	case FAULT_UNMARKED:
		repair_say(r, "wrote", "would write", "'~lokid/format'");
		return r->r->dry_run ? 0 : store_mark(r->r->store, e);
	case FAULT_ABANDONED:
		repair_say(r, "deleted", "would delete", "what writers that died have left in '%s'",
			   f->name);
		return r->r->dry_run ? 0 : store_sweep(r->r->store, f->name, e);
	case FAULT_FOREIGN:
		repair_keep(r, i, "it is not of the store, so who put it there is to take it away");
		return 0;
	case FAULT_SUPERFLUOUS:
	case FAULT_LEFTOVER:
		repair_judge_later(r, i, place_of(r, f->tenant, f->day));
		return 0;
	case FAULT_ORPHAN:
		place_of_fault(r, f)->build = true;
		return 0;
	case FAULT_OVERLAP:
		place_of_fault(r, f)->merge = true;
		return 0;
	case FAULT_NAME:
	case FAULT_FOLDER:
		if (!pack)
			return mend_index(r, i, e);
		rc = put_right(r, i, &sn, e);
		return rc == 0 && f->index ? mend_index(r, i, e)
					   : rc; /* it names what is no more */
	case FAULT_DAMAGED:
		if (!pack)
			return mend_index(r, i, e);
		mend_damaged_pack(r, i, &sn);
		return 0;
	case FAULT_RULE:
		repair_keep(
			r, i,
			"set aside, it would show, or delete, what it keeps back: put it right, or "
			"delete it if that is meant");
		return 0;
	case FAULT_RECEIPT:
		return repair_set_aside(r, i, f->name, place_of(r, f->tenant, f->day), e);
	case FAULT_EXPIRED:
		if (f->index) /* it is gone */
			return mend_index(r, i, e);
		repair_keep(r, i, "idxbuild --retain is for that");
		return 0;
	case FAULT_MISSING:
	case FAULT_DIFFERS:
	case FAULT_UNCOVERED:
	case FAULT_KINDS:
		break;
	}
	return mend_index(r, i, e);
}

/* Packs that lie wrong come first: they may be those that are missing. */
enum turn { TURN_ASTRAY, TURN_REST, TURNS };

static enum turn turn_of(const struct index_fault *f)
{
	struct store_name sn;

	return (f->kind == FAULT_NAME || f->kind == FAULT_FOLDER) && is_pack(f->name, &sn)
		       ? TURN_ASTRAY
		       : TURN_REST;
}

static int mend_all(struct repair *r, enum turn turn, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < r->l->n && rc == 0; i++)
		if (turn_of(&r->l->v[i]) == turn)
			rc = mend(r, i, e);
	return rc;
}

/* ---- day by day ---- */

/* 1 somebody else is at work there; 0, -1. */
static int lock_day(struct repair *r, const struct place *p, struct store_lock **ret, struct err *e)
{
	struct err why = { 0 };

	*ret = index_lock(r->r->store, p->tenant, p->day, &why);
	if (*ret || why.code == ERR_AGAIN)
		return *ret ? 0 : 1;
	*e = why;
	return -1;
}

/* Wherever it is to be dealt with. */
struct hash_list repair_names_going(const struct repair *r, const struct place *p,
				    enum store_kind kind)
{
	struct hash_list ret = { mem_alloc((r->n_going + 1) * sizeof(*ret.v)), 0 };

	for (size_t i = 0; i < r->n_going; i++) {
		struct store_name sn;

		if (r->going[i].to &&
		    store_name_parse(bytes_str(r->going[i].name), &sn, NULL) == 0 &&
		    sn.kind == kind && sn.day == p->day && bytes_eq(sn.tenant, p->tenant))
			ret.v[ret.n++] = sn.hash;
	}
	ret.n = hash128_sort(ret.v, ret.n);
	return ret;
}

static void on_made(const char *name, const struct index_info *info, void *data)
{
	struct repair *r = data;
	const uint64_t h = hash64(bytes_str(name));

	(void)info;
	repair_say(r, "made", "", "'%s'", name);
	if (map_get(&r->made, h, bytes_str(name)) == MAP_NONE)
		map_put(&r->made, h, bytes_str(copy_text(r, name)), 0);
}

static int delete_going(struct repair *r, const struct going *g, struct err *e)
{
	const struct bytes name = bytes_str(g->name);

	/* The right one has its name. */
	if (map_get(&r->made, hash64(name), name) == MAP_NONE &&
	    store_delete(r->r->store, g->name, e) < 0)
		return -1;
	repair_say(r, "moved", "", "'%s' to '%s'", g->name, g->to);
	return 0;
}

/* n_bad: packs that a wrong index file may name, and a new one of this program cannot. */
static int delete_all_going(struct repair *r, size_t place, int64_t n_bad, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < r->n_going && rc == 0; i++) {
		const struct going *g = &r->going[i];
		struct store_name sn;

		if (g->place != place || !g->to)
			continue;
		if (n_bad && store_name_parse(bytes_str(g->name), &sn, NULL) == 0 &&
		    sn.kind == STORE_INDEX)
			repair_keep(r, g->fault,
				    "a pack of its day is such that no new one can name it");
		else
			rc = delete_going(r, g, e);
	}
	return rc;
}

/* Right away: nobody can read it, or needs it. */
static int drop_pack(struct repair *r, const char *name, struct err *e)
{
	struct buf folder = { 0 }, to = { 0 };
	int rc;

	buf_addf(&folder, LOST_FOLDER "%s/", name);
	rc = copy(r, name, buf_str(&folder), "", &to, e);
	if (rc > 0)
		rc = delete_going(r, &(struct going){ .name = name, .to = buf_str(&to) }, e);
	buf_release(&folder);
	buf_release(&to);
	return rc;
}

static bool is_listed(const struct fault_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return true;
	return false;
}

/* Packs that were of no use, and still are. */
static int drop_unneeded(struct repair *r, size_t place, const struct repair_day *d, struct err *e)
{
	struct fault_list l = { 0 };
	bool asked = false;
	int rc = 0;

	for (size_t i = 0; i < r->n_going && rc == 0; i++) {
		const struct going *g = &r->going[i];

		if (g->place != place || g->to)
			continue;
		if (!asked)
			rc = repair_unneeded(d, &l, e);
		asked = true;
		if (rc == 0 && is_listed(&l, g->name))
			rc = drop_pack(r, g->name, e);
	}
	fault_list_release(&l);
	return rc;
}

/* ---- packs that are damaged, or not there ---- */

static bool is_of(const struct place *p, const struct index_fault *f)
{
	return f->day == p->day && bytes_eq(f->tenant, p->tenant);
}

static bool is_among(const struct repair_packs *l, const struct store_name *sn)
{
	for (size_t i = 0; i < l->n; i++)
		if (hash128_cmp(&l->v[i].name.hash, &sn->hash) == 0)
			return true;
	return false;
}

void repair_say_would_salvage(struct repair *r, const char *name)
{
	repair_say(r, "", "would keep",
		   "what can be read of '%s', and move it to '" LOST_FOLDER
		   "%s/' unless it can be made anew as it was",
		   name, name);
}

bool repair_is_damage(const struct repair *r, size_t i, const struct place *p,
		      struct store_name *ret)
{
	const struct index_fault *f = &r->l->v[i];

	return f->kind == FAULT_DAMAGED && is_of(p, f) && !r->kept[i] && is_pack(f->name, ret);
}

/* Once, of several faults in a row. */
static void say_once(struct repair *r, size_t i)
{
	const char *name = r->l->v[i].name;

	if (i == 0 || strcmp(r->l->v[i - 1].name, name) != 0)
		repair_say_would_salvage(r, name);
}

/* n_bad: see delete_all_going; then those are still named. */
static bool is_dealt_with(const struct repair_damaged *d, const struct store_name *sn,
			  int64_t n_bad)
{
	return hash128_among(d->merged.v, d->merged.n, &sn->hash) ||
	       (n_bad == 0 && hash128_among(d->apart.v, d->apart.n, &sn->hash));
}

/* Those that are not among the unusable ones. */
static void keep_damaged(struct repair *r, const struct place *p,
			 const struct repair_packs *unusable, const struct repair_damaged *d,
			 int64_t n_bad)
{
	for (size_t i = 0; i < r->l->n; i++) {
		struct store_name sn;

		if (!repair_is_damage(r, i, p, &sn) || is_dealt_with(d, &sn, n_bad))
			continue;
		if (!is_among(unusable, &sn))
			repair_keep(r, i,
				    r->r->salvage
					    ? "it cannot be salvaged"
					    : "what is right in it is read by queries, and packed "
					      "anew with --salvage");
		else if (r->r->dry_run)
			say_once(r, i);
	}
}

/* That only such index files name as go. */
static struct hash_list missing_packs(const struct repair *r, const struct place *p)
{
	struct hash_list ret = { mem_alloc((r->l->n + 1) * sizeof(*ret.v)), 0 };

	for (size_t i = 0; i < r->l->n; i++) {
		const struct index_fault *f = &r->l->v[i];
		struct store_name sn;

		if (f->kind == FAULT_MISSING && is_of(p, f) && !r->kept[i] &&
		    is_pack(f->name, &sn) && !is_to_come(r, f->name))
			ret.v[ret.n++] = sn.hash;
	}
	ret.n = hash128_sort(ret.v, ret.n);
	return ret;
}

/* n_bad: see delete_all_going; then no index file goes. */
static int tell_losses(struct repair *r, const struct place *p, const struct repair_day *d,
		       const struct repair_packs *unusable, int64_t n_bad, struct err *e)
{
	static const struct hash_list none;
	struct hash_list missing = n_bad ? none : missing_packs(r, p);
	struct repair_day now = *d;
	int rc;

	if (n_bad)
		now.without = none;
	rc = repair_tell_losses(&now, unusable, &missing, r->r->lost, r->r->data, e);
	free(missing.v);
	return rc;
}

/* Is what was made of it what it was before, and so in its place? */
static bool is_put_right(const struct repair_pack *p)
{
	return p->salvaged.entries > 0 && hash128_cmp(&p->salvaged.name, &p->name.hash) == 0;
}

static void say_kept(struct repair *r, const struct repair_packs *unusable)
{
	for (size_t i = 0; i < unusable->n; i++) {
		const struct salvaged *rest = &unusable->v[i].salvaged;
		struct store_name made = unusable->v[i].name;
		struct buf old = { 0 }, name = { 0 };

		store_name_add(&old, &made);
		made.hash = rest->name;
		store_name_add(&name, &made);
		if (is_put_right(&unusable->v[i]))
			repair_say(r, "made", "", "'%s' anew, as it was", buf_str(&old));
		else if (rest->entries)
			repair_say(r, "kept", "", "%" PRIu64 " %s of '%s' in '%s'", rest->entries,
				   num_word(rest->entries, "entry", "entries"), buf_str(&old),
				   buf_str(&name));
		buf_release(&old);
		buf_release(&name);
	}
}

/* What is left of them is in new ones. */
static int drop_unusable(struct repair *r, const struct repair_packs *unusable, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < unusable->n && rc == 0; i++) {
		struct buf name = { 0 };

		if (is_put_right(&unusable->v[i]))
			continue;
		store_name_add(&name, &unusable->v[i].name);
		rc = drop_pack(r, buf_str(&name), e);
		buf_release(&name);
	}
	return rc;
}

/* Index files go before the damaged packs that they name: killed in between, it is seen that these
 * are not lost, but damaged. */
static int finish(struct repair *r, size_t place, const struct repair_day *d,
		  const struct repair_packs *unusable, int64_t n_bad, struct err *e)
{
	int rc = delete_all_going(r, place, n_bad, e);

	if (rc == 0)
		rc = drop_unusable(r, unusable, e);
	return rc == 0 ? drop_unneeded(r, place, d, e) : rc;
}

static int mend_locked(struct repair *r, size_t place, const struct repair_damaged *damaged,
		       struct err *e)
{
	const struct build_events ev = { .made = on_made, .data = r };
	const struct place *p = &r->place[place];
	struct repair_packs unusable = { 0 };
	struct repair_day d = { .store = r->r->store,
				.tenant = p->tenant,
				.day = p->day,
				.without = repair_names_going(r, p, STORE_INDEX),
				.gone = repair_names_going(r, p, STORE_PACK),
				.damaged = damaged->apart,
				.dry_run = r->r->dry_run };
	int64_t n_bad = p->build ? repair_build(&d, &ev, &unusable, e) : 0;
	int rc = n_bad < 0 ? -1 : 0;

	if (!d.dry_run)
		say_kept(r, &unusable);
	if (rc == 0 && n_bad)
		rc = repair_leave_named(&d, &unusable, e);
	if (rc == 0)
		rc = tell_losses(r, p, &d, &unusable, n_bad, e);
	if (rc == 0)
		keep_damaged(r, p, &unusable, damaged, n_bad);
	if (rc == 0 && !d.dry_run)
		rc = finish(r, place, &d, &unusable, n_bad, e);
	repair_packs_release(&unusable);
	free(d.without.v);
	free(d.gone.v);
	return rc;
}

static void on_merged(const char *name, size_t n, void *data)
{
	repair_say(data, "made", "would make", "'%s' in place of %zu index files", name, n);
}

static int merge_day(struct repair *r, const struct place *p, struct err *e)
{
	const struct index_compaction c = { .store = r->r->store,
					    .tenant = p->tenant,
					    .one_day = true,
					    .day = p->day,
					    .delay_ns = r->r->delay_ns,
					    .dry_run = r->r->dry_run,
					    .made = on_merged,
					    .data = r };

	return index_compact(&c, e);
}

static void keep_place(struct repair *r, const struct place *p)
{
	for (size_t i = 0; i < r->l->n; i++)
		if (is_of(p, &r->l->v[i]))
			repair_keep(r, i, "another repair or a compaction is at work there");
}

static void say_would_make(const struct repair *r, const struct place *p)
{
	char day[TIME_DAY_LEN + 1];

	time_day_text(p->day, day);
	if (p->build && r->r->dry_run)
		repair_say(r, "", "would make", "index files of what '%.*s/chunks/%s' then has",
			   BYTES_ARG(p->tenant), day);
}

static int mend_place(struct repair *r, size_t place, struct err *e)
{
	const struct place *p = &r->place[place];
	struct repair_damaged damaged = { 0 };
	struct store_lock *lock = NULL;
	int rc = r->r->dry_run ? 0 : lock_day(r, p, &lock, e);

	if (rc == 1)
		keep_place(r, p);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	rc = repair_salvage(r, place, &damaged, e);
	if (rc == 0) {
		say_would_make(r, p);
		rc = mend_locked(r, place, &damaged, e);
	}
	repair_damaged_release(&damaged);
	store_unlock(lock);
	return rc == 0 && p->merge ? merge_day(r, p, e) : rc;
}

int64_t index_repair(const struct index_repair *how, const struct fault_list *l, struct err *e)
{
	struct repair r = { .r = how, .l = l, .kept = mem_alloc((l->n + 1) * sizeof(*r.kept)) };
	int rc = 0;

	for (enum turn turn = 0; turn < TURNS && rc == 0; turn++)
		rc = mend_all(&r, turn, e);
	for (size_t i = 0; i < r.n_places && rc == 0; i++)
		rc = mend_place(&r, i, e);
	free(r.kept);
	free(r.place);
	free(r.going);
	map_release(&r.moved);
	map_release(&r.made);
	arena_release(&r.mem);
	return rc < 0 ? -1 : r.n_kept;
}
