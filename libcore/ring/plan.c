#include "ring/plan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "ring/changes.h"
#include "ring/load.h"

/* ---- the ring that would be ---- */

/* A zone, or all instances where there is no zone awareness. */
struct zone {
	struct bytes name;
	size_t n;
	uint32_t *who; /* these instances, by name */
};

struct zones {
	struct zone *v; /* by name */
	size_t n;
	uint32_t *who;
};

struct stand {
	struct bytes zone;
	uint32_t who;
};

static int cmp_stands(const void *a, const void *b)
{
	const struct stand *x = a, *y = b;
	int c = bytes_cmp(x->zone, y->zone);

	return c ? c : (x->who > y->who) - (x->who < y->who);
}

static void zones_init(struct zones *z, const struct ring *r)
{
	struct stand *v = mem_alloc(r->n * sizeof(*v));

	*z = (struct zones){ .v = mem_alloc(r->n * sizeof(*z->v)),
			     .who = mem_alloc(r->n * sizeof(*z->who)) };
	for (size_t i = 0; i < r->n; i++)
		v[i] = (struct stand){ r->settings.zone_awareness ? r->v[i].zone : BYTES_LIT(""),
				       (uint32_t)i };
	if (r->n)
		qsort(v, r->n, sizeof(*v), cmp_stands);
	for (size_t i = 0; i < r->n; i++) {
		if (i == 0 || !bytes_eq(v[i].zone, v[i - 1].zone))
			z->v[z->n++] = (struct zone){ .name = v[i].zone, .who = &z->who[i] };
		z->v[z->n - 1].n++;
		z->who[i] = v[i].who;
	}
	free(v);
}

static void zones_release(struct zones *z)
{
	free(z->v);
	free(z->who);
}

/* Of the zones that there are, the first by name that has fewest. */
static struct zone *smallest_zone(const struct zones *z)
{
	struct zone *ret = &z->v[0];

	for (size_t i = 1; i < z->n; i++)
		if (z->v[i].n < ret->n)
			ret = &z->v[i];
	return ret;
}

/* The zone that has most; of several that whose last by name is the last of all. */
static struct zone *fullest_zone(const struct zones *z)
{
	struct zone *ret = &z->v[0];

	for (size_t i = 1; i < z->n; i++) {
		struct zone *x = &z->v[i];

		if (x->n > ret->n ||
		    (x->n == ret->n && x->n > 0 && x->who[x->n - 1] > ret->who[ret->n - 1]))
			ret = x;
	}
	return ret;
}

/* Those of whom goes[i] is not set stay. */
static void keep_others(struct ring *r, const bool *goes)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++)
		if (!goes[i])
			r->v[kept++] = r->v[i];
	r->n = kept;
}

/* Each is the last by name of the zone that then has most. */
static int remove_some(struct ring *r, uint64_t n, struct err *e)
{
	struct zones z;
	bool *goes;

	if (n > r->n)
		return err_set(e, ERR_NO, "%llu are to go, there %s %zu", (unsigned long long)n,
			       r->n == 1 ? "is" : "are", r->n);
	goes = mem_alloc(r->n);
	zones_init(&z, r);
	while (n-- > 0) {
		struct zone *from = fullest_zone(&z);

		goes[from->who[--from->n]] = true;
	}
	keep_others(r, goes);
	zones_release(&z);
	free(goes);
	return 0;
}

/* Without a zone of its own: to the smallest. */
static int add_one(struct ring *r, struct zones *z, struct ring_join_ask *join, struct err *e)
{
	if (join->zone.n == 0 && r->settings.zone_awareness && z->n) {
		struct zone *to = smallest_zone(z);

		to->n++;
		join->zone = to->name;
	}
	return ring_do_join(r, join, e) < 0 ? -1 : 0;
}

static int add_some(struct ring *r, const struct ring_plan_ask *a, struct err *e)
{
	struct ring_chooser *chooser = ring_chooser_new(r, a->add, a->now_ns);
	struct zones z;
	int rc = 0;

	zones_init(&z, r);
	for (size_t i = 1; i <= a->add && rc == 0; i++) {
		struct ring_join_ask join = { .zone = a->add_zone,
					      .state = RING_ACTIVE,
					      .now_ns = a->now_ns,
					      .chooser = chooser };
		struct buf name = { 0 };

		buf_addf(&name, "new-%zu", i);
		for (size_t k = i; ring_find(r, buf_bytes(&name)); k++) {
			buf_reset(&name);
			buf_addf(&name, "new-%zu", a->add + k);
		}
		join.name = buf_bytes(&name);
		rc = add_one(r, &z, &join, e);
		buf_release(&name);
	}
	zones_release(&z);
	ring_chooser_free(chooser);
	return rc;
}

static int remove_named(struct ring *r, struct bytes names, struct err *e)
{
	bool *goes = mem_alloc(r->n);
	struct bytes name;
	int rc = 0;

	while (rc == 0 && bytes_split(&names, ',', &name)) {
		struct ring_instance *in = ring_find_or_hint(r, name, e);

		if (!in)
			rc = -1;
		else if (goes[in - r->v])
			rc = err_set(e, ERR_USAGE, "option '--remove': '%.*s' is named twice",
				     BYTES_ARG(name));
		else
			goes[in - r->v] = true;
	}
	if (rc == 0)
		keep_others(r, goes);
	free(goes);
	return rc;
}

static int remove_zone(struct ring *r, struct bytes zone, struct err *e)
{
	size_t n = r->n;
	bool *goes = mem_alloc(n);

	for (size_t i = 0; i < n; i++)
		goes[i] = bytes_eq(r->v[i].zone, zone);
	keep_others(r, goes);
	free(goes);
	return r->n == n ? err_set(e, ERR_NO, "no instance is in zone '%.*s'", BYTES_ARG(zone)) : 0;
}

/* Changes r as asked. */
static int change(struct ring *r, const struct ring_plan_ask *a, struct err *e)
{
	uint64_t n;

	if (a->zone.n && remove_zone(r, a->zone, e) < 0)
		return -1;
	if (a->remove.n && !ring_find(r, a->remove) && num_u64(a->remove, &n)) {
		if (remove_some(r, n, e) < 0)
			return -1;
	} else if (a->remove.n && remove_named(r, a->remove, e) < 0) {
		return -1;
	}
	return a->add ? add_some(r, a, e) : 0;
}

/* ---- telling ---- */

struct sides {
	const struct ring_view *before, *after;
	double *load_before, *load_after; /* of all replicas */
};

static const struct ring_column columns[] = {
	{ "INSTANCE", TABLE_LEFT, "instance" }, { "ZONE", TABLE_LEFT, "zone" },
	{ "BEFORE", TABLE_RIGHT, "before" },	{ "AFTER", TABLE_RIGHT, "after" },
	{ "CHANGE", TABLE_RIGHT, NULL },	{ 0 },
};

static void add_part(struct table *t, const double *part)
{
	if (part)
		table_addf(t, "%.2f%%", 100 * *part);
	else
		table_add(t, BYTES_LIT("-"));
}

static void row(const struct ring_report *r, struct table *t, const struct ring_instance *in,
		const double *before, const double *after)
{
	struct buf object = { 0 };

	if (ring_report_is_for_people(r)) {
		table_add(t, in->name);
		table_add(t, in->zone.n ? in->zone : BYTES_LIT("-"));
		add_part(t, before);
		add_part(t, after);
		table_addf(t, "%+.2f%%", 100 * ((after ? *after : 0) - (before ? *before : 0)));
		return;
	}
	buf_add_str(&object, "{\"instance\":");
	json_add_quoted(&object, in->name);
	buf_add_str(&object, ",\"zone\":");
	json_add_quoted(&object, in->zone);
	if (before)
		buf_addf(&object, ",\"before\":%.6f", *before);
	if (after)
		buf_addf(&object, ",\"after\":%.6f", *after);
	buf_add_char(&object, '}');
	ring_report_object(r, t, columns, &object);
	buf_release(&object);
}

/* Both are sorted by name: side by side. */
static void rows(const struct ring_report *r, struct table *t, const struct sides *s)
{
	const struct ring *before = s->before->ring, *after = s->after->ring;
	size_t a = 0, b = 0;

	while (a < before->n || b < after->n) {
		int c = a == before->n	? 1
			: b == after->n ? -1
					: bytes_cmp(before->v[a].name, after->v[b].name);

		row(r, t, c <= 0 ? &before->v[a] : &after->v[b], c <= 0 ? &s->load_before[a] : NULL,
		    c >= 0 ? &s->load_after[b] : NULL);
		a += c <= 0;
		b += c >= 0;
	}
}

/* The part of all replicas that those who come have when all is even, and those who go had. */
static double fair_part(const struct ring_view *v, const struct ring *other)
{
	double *fair = mem_alloc(v->ring->n * sizeof(*fair)), ret = 0, all = 0;

	ring_fair_shares(v, fair);
	for (size_t i = 0; i < v->ring->n; i++) {
		all += fair[i];
		if (!ring_find(other, v->ring->v[i].name))
			ret += fair[i];
	}
	free(fair);
	return all > 0 ? ret / all : 0;
}

static double *parts(const struct ring_view *v)
{
	double *load = mem_alloc(v->ring->n * sizeof(*load)), all = ring_loads(v, load);

	for (size_t i = 0; i < v->ring->n && all > 0; i++)
		load[i] /= all;
	return load;
}

static void tell(const struct ring_report *r, const struct sides *s)
{
	double fair = fair_part(s->after, s->before->ring) + fair_part(s->before, s->after->ring);
	struct buf after = { 0 };
	struct table t = { 0 };
	struct ring_moved m;
	double moved;

	ring_report_columns(r, &t, columns);
	rows(r, &t, s);
	ring_compare(s->before, s->after, &m);
	moved = m.replicas > 0 ? m.moved / m.replicas : 0;
	buf_addf(&after,
		 "moves %.2f%% of all replicas; the fair share of those who come and go is %.2f%%",
		 100 * moved, 100 * fair);
	ring_report_end(r, &t,
			&(struct ring_report_around){ .title = "Plan of a ring",
						      .after = buf_bytes(&after) });
	if (r->format == RING_JSONL)
		buf_addf(r->out, "{\"moved\":%.6f,\"fair\":%.6f,\"replicas\":%.6f}\n", moved, fair,
			 m.replicas);
	buf_release(&after);
}

int ring_report_plan(const struct ring_report *before, const struct ring_plan_ask *a, struct err *e)
{
	struct ring with;
	struct ring_view after;
	struct sides s;
	int rc;

	ring_init(&with);
	ring_copy(&with, before->view.ring);
	rc = change(&with, a, e);
	if (rc == 0) {
		ring_view_init(&after, &with, a->now_ns, NULL);
		s = (struct sides){ &before->view, &after, parts(&before->view), parts(&after) };
		tell(before, &s);
		rc = ring_check_writes(&after, e);
		free(s.load_before);
		free(s.load_after);
		ring_view_release(&after);
	}
	ring_release(&with);
	return rc;
}
