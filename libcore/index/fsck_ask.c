#include "index/fsck_ask.h"

#include <inttypes.h>

#include "base/num.h"
#include "index/repair.h"
#include "json/json.h"
#include "store/names.h"
#include "time/time.h"

enum { ROUNDS_MAX = 16 };

struct asking {
	const struct fsck_ask *a;
	struct fault_list found, kept;
	struct fault_list lost; /* packs of which something is: their names alone */
	struct buf line;
	int rc; /* of the sink */
	struct err err;
	int64_t n_left;
	size_t n_done; /* steps of a round */
	uint64_t n_archived;
	bool damaged_packs;
};

static const char *name_of(const struct index_fault *f)
{
	return f->kind == FAULT_UNMARKED ? "~lokid/format" : f->name;
}

static void add_text(struct buf *b, const struct index_fault *f)
{
	buf_addf(b, "%s %s: ", fault_word(f->kind), name_of(f));
	if (f->index)
		buf_addf(b, "'%s' names it: ", f->index);
	buf_addf(b, "%s\n", f->err.msg);
}

static void add_member(struct buf *b, const char *name, struct bytes value)
{
	buf_addf(b, "%s\"%s\":", b->p[b->n - 1] == '{' ? "" : ",", name);
	json_add_quoted(b, value);
}

/* Those of packs and index files. */
static bool has_day(enum fault_kind kind)
{
	return kind != FAULT_UNMARKED && kind != FAULT_FOREIGN && kind != FAULT_ABANDONED &&
	       kind != FAULT_RULE && kind != FAULT_RECEIPT;
}

static void add_json(struct buf *b, const struct index_fault *f)
{
	buf_add_char(b, '{');
	add_member(b, "fault", bytes_str(fault_word(f->kind)));
	add_member(b, "name", bytes_str(name_of(f)));
	if (f->tenant.n)
		add_member(b, "tenant", f->tenant);
	if (has_day(f->kind)) {
		char day[TIME_DAY_LEN + 1];

		time_day_text(f->day, day);
		add_member(b, "day", bytes_str(day));
	}
	if (f->index)
		add_member(b, "index", bytes_str(f->index));
	add_member(b, "what", bytes_str(f->err.msg));
	buf_add_str(b, "}\n");
}

static bool is_damaged_pack(const struct index_fault *f)
{
	struct store_name sn;

	return f->kind == FAULT_DAMAGED && store_name_parse(bytes_str(f->name), &sn, NULL) == 0 &&
	       sn.kind == STORE_PACK;
}

static void on_found(const struct index_fault *f, void *data)
{
	struct asking *q = data;

	q->damaged_packs |= is_damaged_pack(f);
	buf_reset(&q->line);
	if (q->a->format == CLI_JSONL)
		add_json(&q->line, f);
	else
		add_text(&q->line, f);
	if (q->rc == 0)
		q->rc = q->a->sink(buf_bytes(&q->line), q->a->data, &q->err);
	if (q->a->repair)
		fault_list_add(&q->found, f);
}

static void on_foreign(const char *name, void *data)
{
	const struct asking *q = data;
	struct buf b = { 0 };

	buf_addf(&b, "'%s/%s' is not of the store: left alone",
		 store_path_of(q->a->check.store, name), name);
	q->a->note(buf_str(&b), q->a->data);
	buf_release(&b);
}

static void on_archived(uint64_t packs, void *data)
{
	((struct asking *)data)->n_archived += packs;
}

static void note_archived(const struct asking *q)
{
	struct buf b = { 0 };

	if (q->n_archived == 0)
		return;
	buf_addf(&b, "%" PRIu64 " %s archived: seen to be there, in %s size, and not read",
		 q->n_archived, num_word(q->n_archived, "pack is", "packs are"),
		 num_word(q->n_archived, "its", "their"));
	q->a->note(buf_str(&b), q->a->data);
	buf_release(&b);
}

static void note_remedy(const struct asking *q)
{
	if (q->damaged_packs && !q->a->repair)
		q->a->note("a damaged pack is mended by a right copy of it in its place, from a "
			   "backup or another store; without one --fsck --repair --salvage packs "
			   "anew what can be read",
			   q->a->data);
}

/* ---- mending ---- */

static void on_done(const char *text, void *data)
{
	struct asking *q = data;

	q->n_done++;
	q->a->note(text, q->a->data);
}

/* What is not there does not stay: the index file does that names it. */
static void tell_left(struct asking *q, const struct index_fault *f, const char *why)
{
	struct err e = f->err;

	if (f->index && (f->kind == FAULT_MISSING || f->kind == FAULT_EXPIRED))
		err_wrap(&e, "'%s' stays: %s: '%s'", f->index, why, f->name);
	else
		err_wrap(&e, "'%s' stays: %s", name_of(f), why);
	q->n_left++;
	q->a->fault(&e, q->a->data);
}

static void on_kept(const struct index_fault *f, const char *why, void *data)
{
	struct asking *q = data;

	fault_list_add(&q->kept, f);
	tell_left(q, f, why);
}

/* Of each pack once: more than one index file may have named it. */
static void on_lost(const char *pack, const char *what, void *data)
{
	struct asking *q = data;
	struct err e;

	for (size_t i = 0; i < q->lost.n; i++)
		if (strcmp(q->lost.v[i].name, pack) == 0)
			return;
	fault_list_add(&q->lost, &(struct index_fault){ .name = pack });
	q->n_left++;
	err_set(&e, ERR_CORRUPT, "'%s': %s", pack, what);
	q->a->fault(&e, q->a->data);
}

/* Found again after the repair. */
static void on_left(const struct index_fault *f, void *data)
{
	struct asking *q = data;

	for (size_t i = 0; i < q->kept.n; i++)
		if (strcmp(q->kept.v[i].name, f->name) == 0)
			return;
	fault_list_add(&q->found, f);
}

/* With an index file out of the way those count that it replaced, and of these may be the same: in
 * a copy, each that a compaction made meanwhile and the next replaced. */
static int mend(struct asking *q, struct err *e)
{
	const struct fsck_ask *a = q->a;
	const struct index_repair r = { .store = a->check.store,
					.dry_run = a->dry_run,
					.salvage = a->salvage,
					.delay_ns = a->check.grace_ns,
					.done = on_done,
					.kept = on_kept,
					.lost = on_lost,
					.data = q };
	struct index_fsck again = a->check;

	again.depth = FSCK_HEADS; /* bytes are as they were */
	again.tell = on_left;
	again.data = q;
	again.foreign = NULL;
	again.archived = NULL;
	for (int i = 0; i < ROUNDS_MAX && q->found.n > 0; i++) {
		q->n_done = 0;
		if (index_repair(&r, &q->found, e) < 0)
			return -1;
		if (a->dry_run) {
			q->n_left = (int64_t)q->found.n;
			return 0;
		}
		fault_list_reset(&q->found);
		if (index_fsck(&again, e) < 0)
			return -1;
		if (q->n_done == 0)
			break;
	}
	for (size_t i = 0; i < q->found.n; i++)
		tell_left(q, &q->found.v[i], "it could not be mended");
	return 0;
}

int64_t fsck_ask(const struct fsck_ask *a, struct err *e)
{
	struct asking q = { .a = a };
	struct index_fsck check = a->check;
	int64_t n;

	check.tell = on_found;
	check.foreign = on_foreign;
	check.archived = on_archived;
	check.data = &q;
	n = index_fsck(&check, e);
	if (n >= 0 && q.rc < 0) {
		*e = q.err;
		n = -1;
	}
	if (n >= 0) {
		note_archived(&q);
		note_remedy(&q);
	}
	if (n > 0 && a->repair)
		n = mend(&q, e) < 0 ? -1 : q.n_left;
	fault_list_release(&q.found);
	fault_list_release(&q.kept);
	fault_list_release(&q.lost);
	buf_release(&q.line);
	return n;
}
