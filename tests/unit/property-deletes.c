/*
 * Histories of requests that are made, cancelled, applied and merged, by several at once, each of
 * which may be killed at any moment: whoever looks meanwhile sees each request in force, and none
 * that is cancelled. Who is "at once" does what he does between two calls, or in the middle of a
 * listing, of another.
 */
#include "memory_store.h"

#include "deletes/merge.h"
#include "time/time.h"

/* At 5 percent, as `make check` has it, 10,000 histories. */
enum {
	HISTORIES_PER_PERCENT = 2000,
	ACTIONS = 6,
	REQUESTS = 40,
	DEPTH = 3, /* of those who are at work at once */
};

static const int64_t minute_ns = 60 * NS_PER_S, day_ns = 24 * 3600 * NS_PER_S;
static const struct bytes tenant = { "t", 1 };

static uint64_t state;

enum stage { ABSENT, COMING, THERE };

struct known {
	struct delete_request r;
	char query[32];
	enum stage made, cancelled;
};

struct history {
	struct memory_store *m;
	struct known v[REQUESTS];
	size_t n;
	int depth;
	bool killed[DEPTH + 1]; /* who is at work at this depth */
	bool quiet;		/* nobody comes in between */
	int listing;		/* so many lists are not over: time stands still */
	unsigned checks, given_up, merges;
	uint64_t seed;
};

static bool one_in(size_t n)
{
	return rnd_below(&state, n) == 0;
}

static int64_t some_time(void)
{
	return (int64_t)rnd_below(&state, one_in(3) ? 40 * 1440 : 300) * minute_ns;
}

static void pass(struct history *h, int64_t ns)
{
	h->m->now_ns += ns;
}

/* ---- who is at work ---- */

static void look(struct history *h)
{
	struct known before[REQUESTS];
	size_t n_before = h->n, at = 0;
	struct delete_requests l;
	struct err e;
	int rc;

	memcpy(before, h->v, sizeof(before));
	rc = deletes_list(&h->m->base, tenant, DELETES_IN_FORCE, &l, &e);
	if (rc < 0) {
		if (!h->killed[h->depth] && e.code != ERR_AGAIN)
			fail_msg("seed %llu: %s", (unsigned long long)h->seed, e.msg);
		h->given_up += !h->killed[h->depth];
		return;
	}
	h->checks++;
	for (size_t i = 1; i < l.n; i++)
		assert_true(strcmp(l.v[i - 1].id, l.v[i].id) < 0);
	for (size_t i = 0; i < h->n; i++) {
		const struct known *k = &h->v[i];
		bool found = false;

		for (at = 0; at < l.n && !found; at++)
			found = strcmp(l.v[at].id, k->r.id) == 0;
		if (found && i < n_before && before[i].cancelled == THERE)
			fail_msg("seed %llu: cancelled request %s is in force",
				 (unsigned long long)h->seed, k->r.id);
		if (!found && i < n_before && before[i].made == THERE && k->cancelled == ABSENT)
			fail_msg("seed %llu: request %s is not seen", (unsigned long long)h->seed,
				 k->r.id);
		if (found)
			assert_true(bytes_eq(l.v[at - 1].query, k->r.query) &&
				    l.v[at - 1].end_ns == k->r.end_ns);
	}
	deletes_release(&l);
}

static struct known *new_request(struct history *h)
{
	struct known *k = &h->v[h->n];
	int64_t end_days = one_in(4) ? (int64_t)rnd_below(&state, 400) : 0;

	snprintf(k->query, sizeof(k->query), "{app=\"a%zu\"}", h->n);
	k->r = (struct delete_request){ .query = bytes_str(k->query),
					.end_ns = h->m->now_ns - end_days * day_ns,
					.created_ns = h->m->now_ns + (int64_t)h->n };
	k->r.start_ns = k->r.end_ns - (int64_t)rnd_below(&state, 20) * day_ns;
	deletes_set_id(&k->r);
	k->cancelled = ABSENT;
	h->n++;
	return k;
}

static void make(struct history *h)
{
	struct known *k;
	struct err e;

	if (h->n == REQUESTS)
		return;
	k = new_request(h);
	k->made = COMING;
	if (deletes_put(&h->m->base, tenant, &k->r, &e) == 0)
		k->made = THERE;
}

/* As many as are worth to be merged, without further ado. */
static void make_many(struct history *h, size_t n)
{
	for (; n && h->n < REQUESTS; n--) {
		struct known *k = new_request(h);
		struct buf name = { 0 }, text = { 0 };

		deletes_add_name(&name, tenant, bytes_str(k->r.id), DELETES_REQUEST);
		deletes_add_text(&text, &k->r);
		memory_set(h->m, buf_str(&name), buf_bytes(&text));
		k->made = THERE;
		buf_release(&name);
		buf_release(&text);
	}
}

static void cancel(struct history *h)
{
	struct known *k = &h->v[rnd_below(&state, h->n)];
	struct err e;

	if (h->n == 0 || k->made != THERE)
		return;
	if (k->cancelled == ABSENT)
		k->cancelled = COMING;
	if (deletes_cancel(&h->m->base, tenant, bytes_str(k->r.id), h->m->now_ns, &e) == 0)
		k->cancelled = THERE;
}

/* A receipt says that it was. */
static void apply(struct history *h)
{
	struct buf name = { 0 };

	if (h->n == 0)
		return;
	deletes_add_name(&name, tenant, bytes_str(h->v[rnd_below(&state, h->n)].r.id),
			 DELETES_RECEIPT);
	memory_set(h->m, buf_str(&name), BYTES_LIT("{}"));
	buf_release(&name);
}

static void merge(struct history *h)
{
	const struct delete_merge m = { .store = &h->m->base,
					.tenant = tenant,
					.delay_ns = one_in(2) ? 0 : 120 * minute_ns };
	struct err e;

	h->killed[h->depth] = false;
	if (deletes_merge(&m, &e) < 0 && !h->killed[h->depth])
		fail_msg("seed %llu: merge: %s", (unsigned long long)h->seed, e.msg);
	h->merges++;
}

static void act(struct history *h)
{
	h->killed[h->depth] = false; /* by who was there before */
	switch (rnd_below(&state, 9)) {
	case 0:
		make(h);
		break;
	case 1:
		make_many(h, rnd_below(&state, 10));
		break;
	case 2:
		cancel(h);
		break;
	case 3:
		apply(h);
		break;
	case 4:
	case 5:
	case 6:
		merge(h);
		break;
	default:
		look(h);
	}
}

/* No listing takes half a minute; but who has listed the folder may be at work for months. */
static int step(void *data, enum memory_at at, struct err *e)
{
	struct history *h = data;

	if (h->quiet)
		return 0;
	h->killed[h->depth] = h->killed[h->depth] || one_in(150);
	if (!h->killed[h->depth] && h->depth < DEPTH && one_in(at == MEMORY_IN_LISTING ? 16 : 30)) {
		h->depth++;
		h->listing += at == MEMORY_IN_LISTING;
		if (!h->listing && one_in(2))
			pass(h, some_time());
		if (!h->listing || one_in(2)) {
			act(h);
		} else { /* what is listed is replaced meanwhile */
			merge(h);
			merge(h);
		}
		h->listing -= at == MEMORY_IN_LISTING;
		h->depth--;
	}
	return h->killed[h->depth] ? err_set(e, ERR_IO, "killed") : 0;
}

/* ---- the histories ---- */

static bool has_few_files(const struct history *h)
{
	size_t n_single = 0, n_merged = 0;

	for (size_t i = 0; i < h->m->n; i++) {
		struct bytes name = bytes_str(h->m->v[i].name), id;

		name = bytes_sub(name, strlen("t/deletes/"), name.n);
		n_merged += deletes_parse_name(name, &id) == DELETES_MERGED;
		n_single += deletes_parse_name(name, &id) == DELETES_REQUEST;
	}
	return n_single <= 16 && n_merged <= 1;
}

/* After all that, undisturbed: in force is what must be, and of files few are left. */
static void end(struct history *h)
{
	int runs = 0;

	h->quiet = true;
	do {
		pass(h, 200 * minute_ns);
		merge(h);
		look(h);
	} while (++runs < 3 || (!has_few_files(h) && runs < 12));
	if (!has_few_files(h))
		fail_msg("seed %llu: many files are left", (unsigned long long)h->seed);
}

static void no_history_loses_a_request_or_revives_one(void **unused)
{
	uint64_t histories = HISTORIES_PER_PERCENT * env_number("PERCENT", 5), checks = 0,
		 given_up = 0, merges = 0;

	(void)unused;
	for (uint64_t c = 0; c < histories; c++) {
		struct history *h = mem_alloc(sizeof(*h));

		h->seed = state;
		h->m = memory_open_store();
		h->m->now_ns = 1768471200 * NS_PER_S;
		h->m->step = step;
		h->m->data = h;
		make_many(h, rnd_below(&state, 24));
		for (int i = 0; i < ACTIONS; i++) {
			if (one_in(4))
				pass(h, some_time());
			act(h);
		}
		end(h);
		checks += h->checks;
		given_up += h->given_up;
		merges += h->merges;
		store_close(&h->m->base);
		free(h);
	}
	print_message("# %llu histories, %llu merges, %llu looks, %llu given up\n",
		      (unsigned long long)histories, (unsigned long long)merges,
		      (unsigned long long)checks, (unsigned long long)given_up);
	assert_true(given_up <= checks / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_history_loses_a_request_or_revives_one),
	};

	state = env_number("SEED", 1);
	printf("# seed %llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
