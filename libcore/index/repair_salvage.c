/*
 * Packs that are damaged inside, and that index files name. Each is read to learn what is left of
 * it, and how it is replaced follows from that (repair_named.h). Those whose index files are made
 * anew come first: what the others are replaced in is to stay.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "index/lost.h"
#include "index/repair_named.h"
#include "index/repair_work.h"

/* One pack. */
struct task {
	struct repair *r;
	size_t place, fault;
	const char *name;
	struct store_name sn;
	struct repair_day day;
	struct repair_named named;
};

static void add(struct hash_list *l, const struct hash128 *name)
{
	l->v = mem_realloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *name;
	l->n = hash128_sort(l->v, l->n);
}

static void tell_loss(const struct task *t)
{
	struct buf b = { 0 };

	if (t->named.loss.entries == 0)
		return;
	loss_add_text(&t->named.loss, &b);
	buf_add_str(&b, " of it can no longer be read");
	t->r->r->lost(t->name, buf_str(&b), t->r->r->data);
	buf_release(&b);
}

static int set_names_aside(const struct task *t, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < t->named.names.n && rc == 0; i++) {
		const struct store_name sn = { STORE_INDEX, t->day.day, t->day.tenant,
					       t->named.names.v[i] };
		struct buf name = { 0 };

		store_name_add(&name, &sn);
		rc = repair_set_aside(t->r, t->fault, buf_str(&name), t->place, e);
		buf_release(&name);
	}
	return rc;
}

static int go_apart(const struct task *t, struct err *e)
{
	t->r->place[t->place].build = true;
	if (set_names_aside(t, e) < 0)
		return -1;
	if (!t->r->r->dry_run) {
		repair_judge_later(t->r, t->fault, t->place); /* others may have all of it */
		return 0;
	}
	repair_say_would_salvage(t->r, t->name);
	return 0;
}

/* Copies come before the commit, or who is killed after it would leave nothing to be set aside. So
 * does telling what is lost, which nobody could after it. */
static int merge(const struct task *t, struct err *e)
{
	const size_t n_going = t->r->n_going;
	const uint64_t n = t->named.salvaged.entries;
	struct buf pack = { 0 }, index = { 0 };
	int rc;

	tell_loss(t);
	if (t->r->r->dry_run && n) {
		repair_say(t->r, "", "would keep",
			   "%" PRIu64 " %s of '%s' in a new pack, and move it to '" LOST_FOLDER
			   "%s/'",
			   n, num_word(n, "entry", "entries"), t->name, t->name);
		return 0;
	}
	if (t->r->r->dry_run) {
		repair_say(t->r, "", "would move", "'%s' to '" LOST_FOLDER "%s/'", t->name,
			   t->name);
		return 0;
	}
	rc = set_names_aside(t, e);
	if (rc == 0)
		rc = repair_set_aside(t->r, t->fault, t->name, t->place, e);
	if (rc == 0)
		rc = repair_named_merge(&t->day, &t->sn, &t->named, &pack, &index, e);
	if (rc == 0) {
		if (n)
			repair_say(t->r, "kept", "", "%" PRIu64 " %s of '%s' in '%s'", n,
				   num_word(n, "entry", "entries"), t->name, buf_str(&pack));
		repair_say(t->r, "made", "", "'%s'", buf_str(&index));
	} else {
		t->r->n_going = n_going;
	}
	buf_release(&pack);
	buf_release(&index);
	return rc;
}

static bool is_among(const struct hash_list *l, const struct store_name *sn)
{
	return hash128_among(l->v, l->n, &sn->hash);
}

/* The last: nothing is merged that another pack's index files could undo. */
enum pass { PASS_APART, PASS_MERGE, PASSES };

static int mend(struct task *t, enum pass pass, struct repair_damaged *ret, struct err *e)
{
	int rc = repair_named_plan(&t->day, &t->sn, &t->named, e);

	if (rc == 0 && t->named.way == NAMED_APART) {
		rc = go_apart(t, e);
		add(&ret->apart, &t->sn.hash);
	} else if (rc == 0 && t->named.way == NAMED_MERGE && pass == PASS_MERGE) {
		rc = merge(t, e);
		if (rc == 0)
			add(&ret->merged, &t->sn.hash);
	}
	repair_named_release(&t->named);
	return rc;
}

/* One that is gone is no fault any more, or one that the next check tells. */
static int try_mend(struct task *t, enum pass pass, struct repair_damaged *ret, struct err *e)
{
	struct err why = { 0 };
	int rc = mend(t, pass, ret, &why);

	if (rc == 0 || why.code == ERR_NO)
		return 0;
	if (why.code == ERR_CORRUPT || why.code == ERR_AGAIN) {
		repair_keep(t->r, t->fault, "its index files were replaced meanwhile");
		return 0;
	}
	*e = why;
	return -1;
}

/* Of a fault of a pack another one may be such that it stays. */
static bool stays(const struct repair *r, const char *name)
{
	for (size_t i = 0; i < r->l->n; i++)
		if (r->kept[i] && strcmp(r->l->v[i].name, name) == 0)
			return true;
	return false;
}

static int do_pass(struct repair *r, size_t place, enum pass pass, struct repair_damaged *ret,
		   struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < r->l->n && rc == 0; i++) {
		struct task t = { .r = r, .place = place, .fault = i, .name = r->l->v[i].name };
		const struct place *p = &r->place[place];

		if (!repair_is_damage(r, i, p, &t.sn) || stays(r, t.name) ||
		    is_among(&ret->apart, &t.sn) || is_among(&ret->merged, &t.sn))
			continue;
		t.day = (struct repair_day){ .store = r->r->store,
					     .tenant = p->tenant,
					     .day = p->day,
					     .without = repair_names_going(r, p, STORE_INDEX) };
		rc = try_mend(&t, pass, ret, e);
		free(t.day.without.v);
	}
	return rc;
}

int repair_salvage(struct repair *r, size_t place, struct repair_damaged *ret, struct err *e)
{
	int rc = 0;

	*ret = (struct repair_damaged){ 0 };
	for (enum pass pass = 0; pass < PASSES && rc == 0 && r->r->salvage; pass++)
		rc = do_pass(r, place, pass, ret, e);
	return rc;
}

void repair_damaged_release(struct repair_damaged *d)
{
	free(d->merged.v);
	free(d->apart.v);
	*d = (struct repair_damaged){ 0 };
}
