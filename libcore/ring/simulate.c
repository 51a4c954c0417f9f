#include "ring/simulate.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "ring/choose.h"
#include "ring/load.h"
#include "ring/plant.h"

enum { TOKENS_MAX = 10000000 };
static const double ALL = 4294967296.0;

int ring_simulate_read_fail(struct bytes text, struct ring_simulate_ask *ret, struct err *e)
{
	static const struct bytes nodes = { "nodes=", 6 }, zone = { "zone=", 5 };
	uint64_t n;

	if (bytes_starts(text, zone) && text.n > zone.n) {
		ret->fail_zone = bytes_sub(text, zone.n, text.n);
		return 0;
	}
	if (bytes_starts(text, nodes) && num_u64(bytes_sub(text, nodes.n, text.n), &n) && n > 0 &&
	    n <= RING_INSTANCES_MAX) {
		ret->fail_nodes = n;
		return 0;
	}
	return err_set(e, ERR_USAGE, "expected nodes=N or zone=ZONE, found '%.*s'",
		       BYTES_ARG(text));
}

/* ---- figures, as they are told ---- */

enum figure_kind { PERCENT, COUNT };

static const struct ring_column columns[] = {
	{ "FIGURE", TABLE_LEFT, "figure" },
	{ "VALUE", TABLE_RIGHT, "value" },
	{ "MEANS", TABLE_LEFT, NULL },
	{ 0 },
};

/* One of them. */
static void figure(const struct ring_report *r, struct table *t, const char *name,
		   enum figure_kind kind, double value, const char *words)
{
	struct buf object = { 0 };

	if (!ring_report_is_for_people(r)) {
		buf_addf(&object, "{\"figure\":\"%s\",\"value\":%.9g}", name, value);
		ring_report_object(r, t, columns, &object);
		buf_release(&object);
		return;
	}
	table_add(t, bytes_str(name));
	if (kind == PERCENT)
		table_addf(t, "%.6g%%", 100 * value);
	else
		table_addf(t, "%.6g", value);
	table_add(t, bytes_str(words));
}

/* Of several numbers. */
struct spread {
	double mean, least, most, deviation;
};

static struct spread spread_of(const double *v, size_t n)
{
	struct spread s = { .least = HUGE_VAL };
	double square = 0;

	for (size_t i = 0; i < n; i++) {
		s.mean += v[i] / (double)n;
		s.least = fmin(s.least, v[i]);
		s.most = fmax(s.most, v[i]);
	}
	for (size_t i = 0; i < n; i++)
		square += (v[i] - s.mean) * (v[i] - s.mean);
	s.deviation = sqrt(square / (double)n);
	return s;
}

/* ---- the ring ---- */

/* "node-0007": sorted as they are counted. */
static void make_ring(const struct ring_simulate_ask *a, struct ring *r)
{
	struct ring_planter *p = ring_planter_new();
	uint32_t *token = mem_alloc(a->tokens * sizeof(*token));
	struct buf name = { 0 }, zone = { 0 };
	int digits = snprintf(NULL, 0, "%zu", a->nodes);

	ring_init(r);
	r->settings.replication = a->replication;
	r->settings.tokens = a->tokens;
	r->settings.zone_awareness = a->zones > 0;
	for (size_t i = 0; i < a->nodes; i++) {
		struct ring_instance in = { .state = RING_ACTIVE,
					    .token = token,
					    .n_tokens = a->tokens };

		buf_reset(&name);
		buf_reset(&zone);
		buf_addf(&name, "node-%0*zu", digits, i + 1);
		if (a->zones)
			buf_addf(&zone, "zone-%zu", i % a->zones + 1);
		in.name = buf_bytes(&name);
		in.zone = buf_bytes(&zone);
		ring_planter_choose(p, &(struct ring_newcomer){ in.name, in.zone, in.n_tokens }, 1,
				    token);
		ring_add(r, &in);
	}
	ring_planter_free(p);
	buf_release(&name);
	buf_release(&zone);
	free(token);
}

/* Fewest and most owners that a position has. */
struct owners_seen {
	size_t least, most;
};

static struct owners_seen look_at_owners(const struct ring_view *v)
{
	struct owners_seen s = { .least = SIZE_MAX };
	struct ring_owners o;

	for (size_t i = 0; i < v->n; i++) {
		ring_owners_at(v, i, &o);
		s.least = o.n < s.least ? o.n : s.least;
		s.most = o.n > s.most ? o.n : s.most;
	}
	return s;
}

/* How many replicas of n streams each has. */
static void place_streams(const struct ring_view *v, size_t n, double *ret)
{
	struct ring_owners o;
	struct buf labels = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_reset(&labels);
		buf_addf(&labels, "{app=\"app-%zu\", pod=\"app-%zu-%zu\"}", i % 97, i % 97, i);
		ring_owners_of(v, ring_token_of(BYTES_LIT("fake"), buf_bytes(&labels)), &o);
		for (size_t k = 0; k < o.n; k++)
			ret[o.v[k]]++;
	}
	buf_release(&labels);
}

static double moved_part(const struct ring_view *before, const struct ring *after_ring)
{
	struct ring_view after;
	struct ring_moved m;

	ring_view_init(&after, after_ring, before->now_ns, NULL);
	ring_compare(before, &after, &m);
	ring_view_release(&after);
	return m.replicas > 0 ? m.moved / m.replicas : 0;
}

/* The part of all replicas that moves when one more comes; *ret_fair: what should. */
static double move_by_adding(const struct ring_view *v, const struct ring_simulate_ask *a,
			     double *ret_fair)
{
	struct ring_instance in = { .name = BYTES_LIT("node-new"),
				    .state = RING_ACTIVE,
				    .n_tokens = a->tokens };
	struct ring_view after;
	struct buf zone = { 0 };
	struct ring with;
	double ret, replicas;

	ring_init(&with);
	ring_copy(&with, v->ring);
	if (a->zones)
		buf_addf(&zone, "zone-%zu", a->nodes % a->zones + 1);
	in.zone = buf_bytes(&zone);
	in.token = mem_alloc(in.n_tokens * sizeof(*in.token));
	ring_choose_tokens(v->ring, in.name, in.zone, in.n_tokens, v->now_ns, in.token);
	ring_add(&with, &in);
	ret = moved_part(v, &with);
	ring_view_init(&after, &with, v->now_ns, NULL);
	replicas = (double)(ring_view_writable(&after) < a->replication ? ring_view_writable(&after)
									: a->replication);
	*ret_fair =
		ring_fair_share(&after, (size_t)(ring_find(&with, in.name) - with.v)) / replicas;
	ring_view_release(&after);
	ring_release(&with);
	buf_release(&zone);
	free(in.token);
	return ret;
}

/* Of the one that owns most, so of the worst there is. */
static double move_by_removing(const struct ring_view *v, const double *load)
{
	struct ring without;
	size_t most = 0;
	double ret;

	for (size_t i = 1; i < v->ring->n; i++)
		if (load[i] > load[most])
			most = i;
	ring_init(&without);
	ring_copy(&without, v->ring);
	ring_remove(&without, &without.v[most]);
	ret = moved_part(v, &without);
	ring_release(&without);
	return ret;
}

/* ---- failures ---- */

struct rank {
	uint64_t hash;
	size_t who;
};

static int cmp_ranks(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* "2" of "zone-2", which may be written without. */
static struct bytes zone_number(struct bytes zone)
{
	return bytes_starts(zone, BYTES_LIT("zone-")) ? bytes_sub(zone, 5, zone.n) : zone;
}

static size_t choose_failed(const struct ring *r, const struct ring_simulate_ask *a, bool *failed)
{
	struct rank *v = mem_alloc(r->n * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const uint64_t of[2] = { a->seed, i };

		v[i] = (struct rank){ hash64(bytes_of(of, sizeof(of))), i };
		failed[i] = a->fail_zone.n &&
			    bytes_eq(zone_number(r->v[i].zone), zone_number(a->fail_zone));
		n += failed[i];
	}
	qsort(v, r->n, sizeof(*v), cmp_ranks);
	for (; n < a->fail_nodes && n < r->n; n++)
		failed[v[n].who] = true;
	free(v);
	return n;
}

/* Parts of all positions. */
struct damage {
	double written;	 /* enough of the owners live for a write to count */
	double seen;	 /* what was acknowledged is on an owner that lives */
	double last;	 /* and one more failure could take it away */
	double all_gone; /* no owner lives */
};

static struct damage damage_of(const struct ring_view *v, const bool *failed)
{
	unsigned replication = v->ring->settings.replication, quorum = ring_quorum(replication);
	struct damage d = { 0 };
	struct ring_owners o;

	for (size_t i = 0; i < v->n; i++) {
		double part = (double)ring_view_width(v, i) / ALL;
		size_t dead = 0;

		ring_owners_at(v, i, &o);
		for (size_t k = 0; k < o.n; k++)
			dead += failed[o.v[k]];
		d.written += o.n - dead >= quorum ? part : 0;
		d.seen += dead < quorum ? part : 0;
		d.last += dead + 1 == quorum ? part : 0;
		d.all_gone += dead == o.n ? part : 0;
	}
	return d;
}

/* Whether nothing is lost, and all can be written once the others know. */
static bool tell_failure(const struct ring_report *r, struct table *t,
			 const struct ring_simulate_ask *a, struct ring *ring)
{
	bool *failed = mem_alloc(ring->n);
	size_t n = choose_failed(ring, a, failed);
	struct damage d = damage_of(&r->view, failed);
	struct ring_view after;
	struct owners_seen s;

	figure(r, t, "failed", COUNT, (double)n, "nodes fail at one moment");
	figure(r, t, "write", PERCENT, d.written, "of streams can be written at that moment");
	figure(r, t, "read", PERCENT, d.seen, "are read in full");
	figure(r, t, "at_risk", PERCENT, 1 - d.seen, "may lack what was not flushed yet");
	figure(r, t, "lost", PERCENT, d.all_gone, "lack it: no replica is left");
	figure(r, t, "one_more", PERCENT, d.last, "are at risk with one more failure");
	for (size_t i = 0; i < ring->n; i++)
		ring->v[i].lease = failed[i] ? RING_LEASE_ENDED : RING_LEASE_NONE;
	ring_view_init(&after, ring, 0, NULL);
	s = look_at_owners(&after);
	figure(r, t, "owners_later", COUNT, (double)s.least,
	       "owners at least, once the failed are UNHEALTHY");
	ring_view_release(&after);
	free(failed);
	return d.seen > 1 - 1e-9 && s.least >= ring_quorum(a->replication);
}

/* ---- the whole ---- */

/* What the last line is about. */
struct summary {
	double spread, movement;
	struct owners_seen owners;
};

static void tell_ring(const struct ring_report *r, struct table *t,
		      const struct ring_simulate_ask *a, struct summary *ret)
{
	double *v = mem_alloc(a->nodes * sizeof(*v)), fair;
	double replicas = ring_loads(&r->view, v);
	struct spread s;

	for (size_t i = 0; i < a->nodes; i++)
		v[i] /= replicas;
	s = spread_of(v, a->nodes);
	ret->spread = s.most / s.mean - 1;
	ret->owners = look_at_owners(&r->view);
	figure(r, t, "ranges", COUNT, (double)r->view.n, "between tokens");
	figure(r, t, "load_mean", PERCENT, s.mean, "of all replicas has a node on average");
	figure(r, t, "load_least", PERCENT, s.least, "has the emptiest");
	figure(r, t, "load_most", PERCENT, s.most, "has the fullest");
	figure(r, t, "load_deviation", PERCENT, s.deviation / s.mean,
	       "of the mean, standard deviation");
	ret->movement = move_by_adding(&r->view, a, &fair);
	figure(r, t, "add_moves", PERCENT, ret->movement, "of all replicas move when a node comes");
	figure(r, t, "add_fair", PERCENT, fair, "is its fair share");
	if (a->nodes > 1)
		figure(r, t, "remove_moves", PERCENT, move_by_removing(&r->view, v),
		       "move when the fullest goes");
	if (a->streams) {
		memset(v, 0, a->nodes * sizeof(*v));
		place_streams(&r->view, a->streams, v);
		s = spread_of(v, a->nodes);
		figure(r, t, "streams_mean", COUNT, s.mean, "streams has a node on average");
		figure(r, t, "streams_least", COUNT, s.least, "has the emptiest");
		figure(r, t, "streams_most", COUNT, s.most, "has the fullest");
	}
	free(v);
}

/* The last line. */
static void add_summary(struct buf *b, const struct summary *s)
{
	buf_addf(b, "spread %.2f%%, movement %.4f%%, owners per range %zu", 100 * s->spread,
		 100 * s->movement, s->owners.least);
	if (s->owners.most != s->owners.least)
		buf_addf(b, " to %zu", s->owners.most);
}

static void tell_last(const struct ring_report *r, struct table *t, const struct summary *s)
{
	struct buf after = { 0 };

	add_summary(&after, s);
	ring_report_end(r, t,
			&(struct ring_report_around){ .title = "Simulation of a ring",
						      .after = buf_bytes(&after) });
	buf_release(&after);
	if (r->format == RING_JSONL)
		buf_addf(r->out,
			 "{\"spread\":%.6f,\"movement\":%.6f,\"owners_least\":%zu,"
			 "\"owners_most\":%zu}\n",
			 s->spread, s->movement, s->owners.least, s->owners.most);
}

static int check(const struct ring_simulate_ask *a, struct err *e)
{
	struct bytes zone = a->fail_zone;
	uint64_t number;

	if (a->nodes * a->tokens > TOKENS_MAX)
		return err_set(e, ERR_LIMIT,
			       "%zu nodes of %u tokens: expected at most %d tokens in all",
			       a->nodes, a->tokens, TOKENS_MAX);
	if (a->zones > a->nodes)
		return err_set(e, ERR_USAGE, "%zu zones of %zu node%s: some would have none",
			       a->zones, a->nodes, num_plural(a->nodes));
	if (a->fail_nodes > a->nodes)
		return err_set(e, ERR_USAGE, "%zu of %zu node%s cannot fail", a->fail_nodes,
			       a->nodes, num_plural(a->nodes));
	if (zone.n == 0)
		return 0;
	if (a->zones == 0)
		return err_set(e, ERR_USAGE,
			       "zone '%.*s' cannot fail: --zones says how many there are",
			       BYTES_ARG(zone));
	if (!num_u64(zone_number(zone), &number) || number == 0 || number > a->zones)
		return err_set(e, ERR_USAGE,
			       "zone '%.*s' cannot fail: there are zone-1 to zone-%zu",
			       BYTES_ARG(zone), a->zones);
	return 0;
}

int ring_simulate(const struct ring_simulate_ask *a, enum ring_format format, struct buf *out,
		  struct err *e)
{
	struct ring_report r = { .format = format, .out = out };
	struct table t = { 0 };
	struct summary sum;
	struct ring ring;
	bool good = true;
	int rc;

	if (check(a, e) < 0)
		return -1;
	make_ring(a, &ring);
	ring_view_init(&r.view, &ring, 0, NULL);
	ring_report_columns(&r, &t, columns);
	tell_ring(&r, &t, a, &sum);
	rc = ring_check_writes(&r.view, e);
	if (a->fail_nodes || a->fail_zone.n)
		good = tell_failure(&r, &t, a, &ring);
	tell_last(&r, &t, &sum);
	if (rc == 0 && !good)
		rc = err_set(e, ERR_NO, "this failure loses data, or stops writes");
	ring_view_release(&r.view);
	ring_release(&ring);
	return rc;
}
