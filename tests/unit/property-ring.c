/*
 * Rings of any size, with zones or without, with instances of all states, and tokens chosen here or
 * elsewhere: who owns what, how much moves, what a shard is. Each against what is asked of it, not
 * against how it is found.
 */
#include "random_ring.h"

#include <math.h>

#include "ring/changes.h"
#include "ring/choose.h"
#include "ring/load.h"
#include "ring/shard.h"
#include "ring/text.h"

enum { RINGS_PER_PERCENT = 1000 };

static unsigned cases(void)
{
	return RINGS_PER_PERCENT * (unsigned)env_number("PERCENT", 5);
}

/* The seed of case number i, which alone repeats it: SEED=... */
static uint64_t seed_of(unsigned i)
{
	return env_number("SEED", 1) + i;
}

#define CHECK(what)                                                                 \
	do {                                                                        \
		if (!(what))                                                        \
			fail_msg("SEED=%llu: %s", (unsigned long long)seed, #what); \
	} while (0)

/* ---- owners ---- */

/* Of an instance with zone awareness and a zone its name, else nothing: one of its own. */
static struct bytes zone_of(const struct ring *r, size_t who)
{
	return r->settings.zone_awareness && r->v[who].zone.n ? r->v[who].zone : r->v[who].name;
}

static bool can(const struct ring *r, size_t who)
{
	const struct ring_instance *in = &r->v[who];

	return in->state == RING_ACTIVE && in->lease != RING_LEASE_ENDED &&
	       in->heartbeat_ns == RANDOM_RING_NOW;
}

static size_t in_zone(const struct ring *r, struct bytes zone)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += can(r, i) && bytes_eq(zone_of(r, i), zone);
	return n;
}

static size_t owners_in(const struct ring *r, const struct ring_owners *o, struct bytes zone)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		n += bytes_eq(zone_of(r, o->v[i]), zone);
	return n;
}

static void check_owners(const struct ring *r, const struct ring_owners *o, size_t healthy,
			 uint64_t seed)
{
	size_t want = r->settings.replication < healthy ? r->settings.replication : healthy;

	CHECK(o->n == want);
	for (size_t i = 0; i < o->n; i++) {
		CHECK(can(r, o->v[i]));
		for (size_t k = 0; k < i; k++)
			CHECK(o->v[k] != o->v[i]);
	}
	/* No zone has two where one that could take another has fewer by two. */
	for (size_t i = 0; i < o->n; i++) {
		struct bytes mine = zone_of(r, o->v[i]);

		for (size_t k = 0; k < r->n; k++) {
			struct bytes other = zone_of(r, k);
			size_t has = owners_in(r, o, other);

			if (can(r, k) && has < in_zone(r, other))
				CHECK(owners_in(r, o, mine) <= has + 1);
		}
	}
}

static void each_range_has_as_many_owners_as_replicas(void **unused)
{
	const struct random_ring how = { 24, 6, true };
	uint64_t ranges = 0;

	(void)unused;
	for (unsigned i = 0; i < cases(); i++) {
		uint64_t seed = seed_of(i), s = seed;
		struct ring_owners o;
		struct ring_view v;
		struct ring r;
		size_t healthy = 0, from, step;

		random_ring(&s, &how, &r);
		ring_view_init(&v, &r, RANDOM_RING_NOW, NULL);
		for (size_t k = 0; k < r.n; k++)
			healthy += can(&r, k);
		CHECK(ring_view_writable(&v) == healthy);
		/* All ranges get owners; the costly look is at some of each ring. */
		step = 1 + v.n / 16;
		from = rnd_below(&s, step);
		for (size_t at = 0; at < v.n; at++, ranges++) {
			ring_owners_at(&v, at, &o);
			CHECK(o.n == (r.settings.replication < healthy ? r.settings.replication
								       : healthy));
			if (at % step == from)
				check_owners(&r, &o, healthy, seed);
		}
		ring_view_release(&v);
		ring_release(&r);
	}
	printf("# SEED=%llu: %u rings, %llu ranges\n", (unsigned long long)seed_of(0), cases(),
	       (unsigned long long)ranges);
}

/* The way there does not matter: as the definition says it, all instances in the order in which
 * they are met, by how many of their zone came before. */
static void owners_are_those_of_the_definition(void **unused)
{
	const struct random_ring how = { 24, 6, true };

	(void)unused;
	for (unsigned i = 0; i < cases(); i++) {
		uint64_t seed = seed_of(i), s = seed;
		struct ring_owners o;
		struct ring_view v;
		struct ring r;
		uint32_t token;
		size_t n = 0;

		random_ring(&s, &how, &r);
		ring_view_init(&v, &r, RANDOM_RING_NOW, NULL);
		/* Sometimes just on a token: that one is not met first. */
		token = rnd_below(&s, 2) ? (uint32_t)rnd(&s) : v.point[rnd_below(&s, v.n)].token;
		ring_owners_of(&v, token, &o);
		for (size_t round = 0; n < o.n; round++) {
			bool met[64] = { false };
			size_t rank[64] = { 0 }, start = 0;

			while (start < v.n && v.point[start].token <= token)
				start++;
			for (size_t k = 0; k < v.n && n < o.n; k++) {
				uint32_t who = v.point[(start + k) % v.n].who;

				if (met[who] || !can(&r, who))
					continue;
				met[who] = true;
				for (size_t x = 0; x < r.n; x++)
					if (x != who && met[x] &&
					    bytes_eq(zone_of(&r, x), zone_of(&r, who)))
						rank[who]++;
				if (rank[who] == round) {
					CHECK(o.v[n] == who);
					n++;
				}
			}
		}
		ring_view_release(&v);
		ring_release(&r);
	}
}

/* ---- movement ---- */

/* Who is to come counts as if there: what is chosen is chosen for the ring that will be. */
static void let_come(struct ring_instance *in)
{
	if (in->state == RING_PENDING || in->state == RING_JOINING)
		in->state = RING_ACTIVE;
}

static void a_newcomer_takes_its_fair_share_and_nothing_else_moves(void **unused)
{
	const struct random_ring how = { 40, 5, true };
	double worst = 0;

	(void)unused;
	for (unsigned i = 0; i < cases(); i++) {
		uint64_t seed = seed_of(i), s = seed;
		uint32_t token[RANDOM_RING_TOKENS];
		struct ring_instance in = { .name = BYTES_LIT("new"),
					    .state = RING_ACTIVE,
					    .token = token,
					    .n_tokens = RANDOM_RING_TOKENS,
					    .heartbeat_ns = RANDOM_RING_NOW };
		struct ring_view before, after;
		struct ring r, with;
		struct ring_moved m;
		struct buf zone = { 0 };
		double fair, *load;
		size_t who;

		random_ring(&s, &how, &r);
		random_ring_zone(&s, &r, 5, &zone);
		in.zone = buf_bytes(&zone);
		ring_choose_tokens(&r, in.name, in.zone, in.n_tokens, RANDOM_RING_NOW, token);
		for (size_t k = 0; k < r.n; k++)
			let_come(&r.v[k]);
		ring_init(&with);
		ring_copy(&with, &r);
		who = (size_t)(ring_add(&with, &in) - with.v);
		ring_view_init(&before, &r, RANDOM_RING_NOW, NULL);
		ring_view_init(&after, &with, RANDOM_RING_NOW, NULL);
		ring_compare(&before, &after, &m);
		fair = ring_fair_share(&after, who);
		load = malloc(with.n * sizeof(*load));
		ring_loads(&after, load);
		/* When most look dead, the tokens are chosen as if they lived. */
		if (2 * ring_view_writable(&before) >= r.n) {
			CHECK(m.moved <= 1.2 * fair);
			worst = fmax(worst, m.moved / fair - 1);
		}
		CHECK(fabs(m.moved - load[who]) < 1e-9);
		free(load);
		ring_view_release(&before);
		ring_view_release(&after);
		ring_release(&r);
		ring_release(&with);
		buf_release(&zone);
	}
	printf("# the worst took %.1f%% more than its fair share\n", 100 * worst);
}

static double moved_between(const struct ring *before, const struct ring *after)
{
	struct ring_view a, b;
	struct ring_moved m;

	ring_view_init(&a, before, RANDOM_RING_NOW, NULL);
	ring_view_init(&b, after, RANDOM_RING_NOW, NULL);
	ring_compare(&a, &b, &m);
	ring_view_release(&a);
	ring_view_release(&b);
	return m.moved;
}

static double fair_of(const struct ring *r, size_t who)
{
	struct ring_view v;
	double ret;

	ring_view_init(&v, r, RANDOM_RING_NOW, NULL);
	ret = ring_fair_share(&v, who);
	ring_view_release(&v);
	return ret;
}

static bool most_look_dead(const struct ring *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += ring_health(&r->settings, &r->v[i], RANDOM_RING_NOW) == RING_UNHEALTHY;
	return 2 * n > r->n;
}

/* To a state that may follow, by a join again. How much that moves. */
static double move_by_join(struct ring *r, struct bytes name, struct bytes zone,
			   enum ring_state state, uint64_t seed)
{
	const struct ring_join_ask join = {
		.name = name,
		.zone = zone,
		.state = state,
		.tokens = RANDOM_RING_TOKENS,
		.now_ns = RANDOM_RING_NOW,
	};
	struct ring before;
	struct err e;
	double ret;

	ring_init(&before);
	ring_copy(&before, r);
	if (ring_do_join(r, &join, &e) < 0)
		fail_msg("SEED=%llu: %s", (unsigned long long)seed, e.msg);
	ret = moved_between(&before, r);
	ring_release(&before);
	return ret;
}

enum { WAITERS = 3 };

/* Who joins and waits moves nothing; who then comes, in this order, takes what it would have taken
 * if it had not waited. */
static void who_waits_takes_its_fair_share_when_it_comes(void **unused)
{
	static const struct bytes names[WAITERS] = { { "new-0", 5 },
						     { "new-1", 5 },
						     { "new-2", 5 } };
	const struct random_ring how = { 40, 5, true };
	double worst = 0;

	(void)unused;
	for (unsigned i = 0; i < cases() / 4; i++) {
		uint64_t seed = seed_of(i), s = seed;
		size_t n = 1 + rnd_below(&s, WAITERS);
		struct buf zone[WAITERS] = { { 0 } };
		struct ring r;
		bool dead;

		random_ring(&s, &how, &r);
		dead = most_look_dead(&r);
		for (size_t k = 0; k < n; k++) {
			random_ring_zone(&s, &r, 5, &zone[k]);
			CHECK(move_by_join(&r, names[k], buf_bytes(&zone[k]),
					   rnd_below(&s, 2) ? RING_PENDING : RING_JOINING,
					   seed) <= 0);
			if (rnd_below(&s, 2))
				CHECK(move_by_join(&r, names[k], buf_bytes(&zone[k]), RING_JOINING,
						   seed) <= 0);
		}
		for (size_t k = 0; k < r.n; k++)
			if (!bytes_starts(r.v[k].name, BYTES_LIT("new-")))
				let_come(&r.v[k]);
		for (size_t k = 0; k < n; k++) {
			double moved =
				move_by_join(&r, names[k], buf_bytes(&zone[k]), RING_ACTIVE, seed);
			double fair = fair_of(&r, (size_t)(ring_find(&r, names[k]) - r.v));

			/* When most look dead, the tokens are chosen as if they lived. */
			if (dead)
				continue;
			CHECK(moved <= 1.2 * fair);
			worst = fmax(worst, moved / fair - 1);
		}
		for (size_t k = 0; k < WAITERS; k++)
			buf_release(&zone[k]);
		ring_release(&r);
	}
	printf("# the worst took %.1f%% more than its fair share\n", 100 * worst);
}

/* A view that is brought up to date is the one that is made anew; what one owns is found alone. */
static void a_view_that_is_updated_is_as_made_anew(void **unused)
{
	const struct random_ring how = { 40, 5, true };

	(void)unused;
	for (unsigned i = 0; i < cases() / 4; i++) {
		uint64_t seed = seed_of(i), s = seed;
		uint32_t token[RANDOM_RING_TOKENS];
		struct ring_view v, anew;
		double load[64];
		struct ring r;
		size_t who;

		random_ring(&s, &how, &r);
		who = rnd_below(&s, r.n);
		if (rnd_below(&s, 2))
			r.v[who].n_tokens = 0;
		ring_view_init(&v, &r, RANDOM_RING_NOW, NULL);
		random_ring_any_tokens(&s, &r, token, RANDOM_RING_TOKENS);
		r.v[who].token = token;
		r.v[who].n_tokens = 1 + rnd_below(&s, RANDOM_RING_TOKENS);
		ring_view_update(&v, who);
		ring_view_init(&anew, &r, RANDOM_RING_NOW, NULL);
		CHECK(v.n == anew.n);
		CHECK(memcmp(v.point, anew.point, v.n * sizeof(*v.point)) == 0);
		ring_loads(&anew, load);
		for (size_t k = 0; k < r.n; k++)
			CHECK(fabs(ring_load_of(&v, k) - load[k]) < 1e-12);
		ring_view_release(&v);
		ring_view_release(&anew);
		ring_release(&r);
	}
}

/* ---- shards ---- */

static size_t taken_of(const struct ring *r, const bool *is_in, struct bytes zone)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += is_in[i] && bytes_eq(r->v[i].zone, zone);
	return n;
}

/* A zone has fewer than another only when it has no more. */
static void check_even(const struct ring *r, const bool *is_in, uint64_t seed)
{
	for (size_t i = 0; r->settings.zone_awareness && i < r->n; i++)
		for (size_t k = 0; !is_in[i] && k < r->n; k++)
			CHECK(taken_of(r, is_in, r->v[i].zone) >= taken_of(r, is_in, r->v[k].zone));
}

static size_t zones_of(const struct ring *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		size_t k = 0;

		while (k < i && !bytes_eq(r->v[k].zone, r->v[i].zone))
			k++;
		n += k == i;
	}
	return r->settings.zone_awareness ? n : 1;
}

/* One comes for one that went. Only when too few for all replicas would be left, one comes from
 * each zone: zones stay even. */
static void check_change(const struct ring *r, size_t left, size_t changed, bool was_in,
			 uint64_t seed)
{
	CHECK(changed <= (was_in ? zones_of(r) : 0));
	CHECK(changed <= 1 || left - changed < r->settings.replication);
}

static void a_shard_is_even_and_changes_by_one_at_most(void **unused)
{
	const struct random_ring how = { 40, 5, true };

	(void)unused;
	for (unsigned i = 0; i < cases(); i++) {
		uint64_t seed = seed_of(i), s = seed;
		bool is_in[64], again[64], less[64];
		size_t size, n, left, gone, changed = 0;
		struct buf tenant = { 0 };
		struct ring r, without;

		random_ring(&s, &how, &r);
		size = 1 + rnd_below(&s, 12);
		buf_addf(&tenant, "tenant-%zu", rnd_below(&s, 1000));
		n = ring_shard(&r, buf_bytes(&tenant), size, is_in);
		CHECK(n == ring_shard(&r, buf_bytes(&tenant), size, again));
		CHECK(memcmp(is_in, again, r.n * sizeof(*is_in)) == 0);
		CHECK(n >= 1 && n <= r.n);
		check_even(&r, is_in, seed);
		/* One less, of a zone that has others. */
		gone = rnd_below(&s, r.n);
		ring_init(&without);
		ring_copy(&without, &r);
		ring_remove(&without, &without.v[gone]);
		for (size_t k = 0; k < without.n; k++)
			if (!r.settings.zone_awareness ||
			    bytes_eq(without.v[k].zone, r.v[gone].zone)) {
				left = ring_shard(&without, buf_bytes(&tenant), size, less);
				for (size_t x = 0; x < without.n; x++)
					changed += less[x] != is_in[x + (x >= gone)];
				check_change(&r, left, changed, is_in[gone], seed);
				break;
			}
		buf_release(&tenant);
		ring_release(&r);
		ring_release(&without);
	}
}

/* ---- states, text ---- */

static void states_follow_one_another_as_they_may(void **unused)
{
	uint64_t seed = env_number("SEED", 1), s = seed;
	enum ring_state state = RING_PENDING;
	struct ring r;
	struct err e;

	(void)unused;
	ring_init(&r);
	for (unsigned i = 0; i < cases(); i++) {
		const struct ring_join_ask join = { .name = BYTES_LIT("i-1"),
						    .state = (enum ring_state)rnd_below(&s, 3),
						    .tokens = r.n ? 0 : 8,
						    .now_ns = i };
		bool leave = rnd_below(&s, 4) == 0, forget = rnd_below(&s, 8) == 0;
		enum ring_state to = leave ? RING_LEAVING : join.state;
		int rc;

		if (forget && r.n) {
			assert_int_equal(RING_CHANGED,
					 ring_do_forget(&r, join.name, RING_NOT_DONE, &e));
			assert_int_equal(0, r.n);
			continue;
		}
		rc = leave ? ring_do_leave(&r, join.name, &e) : ring_do_join(&r, &join, &e);
		if (r.n == 0) {
			CHECK(leave && rc < 0 && e.code == ERR_NO);
			continue;
		}
		if (rc >= 0) {
			CHECK(r.v[0].state == to);
			CHECK(leave || r.v[0].heartbeat_ns == i);
		} else {
			/* what is ACTIVE only leaves; what leaves only comes back */
			CHECK(e.code == ERR_NO && r.v[0].state == state);
			CHECK(state == RING_ACTIVE || state == RING_LEAVING);
		}
		state = r.v[0].state;
	}
	ring_release(&r);
}

static void a_text_is_the_ring_that_was_written(void **unused)
{
	const struct random_ring how = { 12, 4, true };

	(void)unused;
	for (unsigned i = 0; i < cases() / 4; i++) {
		uint64_t seed = seed_of(i), s = seed;
		struct buf text = { 0 }, again = { 0 };
		struct ring r, back;
		struct err e;

		random_ring(&s, &how, &r);
		r.revision = 1 + rnd_below(&s, 100);
		ring_add_text(&text, &r);
		if (ring_parse_text(buf_bytes(&text), &back, &e) < 0)
			fail_msg("SEED=%llu: %s", (unsigned long long)seed, e.msg);
		ring_add_text(&again, &back);
		CHECK(bytes_eq(buf_bytes(&text), buf_bytes(&again)));
		ring_release(&back);
		/* A byte that is another, or that is not there, is found. */
		text.p[rnd_below(&s, text.n)] ^= (char)(1 << rnd_below(&s, 8));
		if (ring_parse_text(buf_bytes(&text), &back, &e) == 0)
			fail_msg("SEED=%llu: a bit was flipped, and nobody saw it",
				 (unsigned long long)seed);
		again.n = rnd_below(&s, again.n);
		CHECK(ring_parse_text(buf_bytes(&again), &back, &e) < 0);
		buf_release(&text);
		buf_release(&again);
		ring_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_range_has_as_many_owners_as_replicas),
		cmocka_unit_test(owners_are_those_of_the_definition),
		cmocka_unit_test(a_newcomer_takes_its_fair_share_and_nothing_else_moves),
		cmocka_unit_test(who_waits_takes_its_fair_share_when_it_comes),
		cmocka_unit_test(a_view_that_is_updated_is_as_made_anew),
		cmocka_unit_test(a_shard_is_even_and_changes_by_one_at_most),
		cmocka_unit_test(states_follow_one_another_as_they_may),
		cmocka_unit_test(a_text_is_the_ring_that_was_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
