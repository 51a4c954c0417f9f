/*
 * What is in no answer. Random queries and questions over entries of several tenants, of which
 * random limits let some expire and random requests to delete mean some: the answer is that over
 * data without them, whether they lie in the log, in packs or in both, before and after packs are
 * merged and indexes made anew. What is hidden is found one entry at a time, by tests/naive and by
 * what is written here.
 */
#include "../naive/make.h"
#include "unit.h"

#include "base/io.h"
#include "base/mem.h"
#include "compact/compact.h"
#include "deletes/requests.h"
#include "index/build.h"
#include "logql/parse.h"
#include "query/series.h"
#include "store/store.h"

enum {
	CASES_PER_PERCENT = 100,
	CASES_OF_RULES = 10, /* with one set of limits and requests */
	RULES_OF_A_WORLD = 4,
	ENTRIES_MAX = 100,
	RULES_MAX = 4,
	REQUESTS_MAX = 4,
	TENANTS = 3,
};

static const char *const tenants[TENANTS] = { "a", "b", "fake" };
static const int64_t DAY_NS = INT64_C(86400) * 1000000000;

/* --- rules ----------------------------------------------------------------------------------- */

struct rule {
	struct buf selector;
	struct matcher match[2];
	size_t n_match;
	uint64_t priority;
	int64_t period_ns;
};

/* Of a tenant: what its limits say, whoever says it. */
struct kept {
	int64_t period_ns;
	struct rule rule[RULES_MAX];
	size_t n_rules;
};

struct request {
	struct bytes tenant;
	struct buf query;
	struct delete_request r;
	struct logql_query tree;
	bool cancelled;
};

struct rules {
	struct kept kept[TENANTS];
	struct request request[REQUESTS_MAX];
	size_t n_requests;
	int64_t now_ns;
};

static size_t tenant_at(struct bytes name)
{
	size_t i = 0;

	while (i + 1 < TENANTS && !bytes_is(name, tenants[i]))
		i++;
	return i;
}

/* A matcher that some stream of the data fits, and that does not fit streams without labels. */
static void make_first(uint64_t *s, const struct nv_data *d, struct matcher *m)
{
	const struct labels *l = &d->stream[rnd_below(s, d->n_streams)];
	const struct label *x = l->n ? &l->v[rnd_below(s, l->n)] : NULL;
	bool plain = x && x->value.n > 0;

	for (size_t i = 0; plain && i < x->value.n; i++)
		plain = memchr("abcdefghijklmnopqrstuvwxyz0123456789", x->value.p[i], 36) != NULL;
	if (!x)
		assert_int_equal(
			0, matcher_init(m, MATCH_EQ, BYTES_LIT("app"), BYTES_LIT("web"), 0, NULL));
	else if (plain && rnd_below(s, 2))
		assert_int_equal(0, matcher_init(m, MATCH_EQ, x->name, x->value, 0, NULL));
	else
		assert_int_equal(0, matcher_init(m, MATCH_RE, x->name, BYTES_LIT(".+"), 0, NULL));
}

static void make_second(uint64_t *s, struct matcher *m)
{
	static const char *const name[] = { "app", "env", "level", "nothing" };
	static const char *const value[] = { "a", "web", "", "a|b|web", ".*b", "prod" };

	assert_int_equal(0, matcher_init(m, (enum match_op)rnd_below(s, 4),
					 bytes_str(name[rnd_below(s, 4)]),
					 bytes_str(value[rnd_below(s, 6)]), 0, NULL));
}

static void add_selector(struct buf *b, const struct matcher *m, size_t n)
{
	static const char *const op[] = { "=", "!=", "=~", "!~" };

	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s%.*s%s\"%.*s\"", i ? "," : "{", BYTES_ARG(m[i].name), op[m[i].op],
			 BYTES_ARG(m[i].value));
	buf_add_char(b, '}');
}

static int64_t make_period(uint64_t *s)
{
	int64_t ret = DAY_NS * (int64_t)(1 + rnd_below(s, 3));

	switch (rnd_below(s, 3)) {
	case 0:
		return ret;
	case 1:
		return ret + (int64_t)rnd_below(s, 600) * 1000000000;
	default:
		return ret + (int64_t)rnd_below(s, UINT64_C(600000000000));
	}
}

static void make_kept(uint64_t *s, const struct nv_data *d, struct kept *k)
{
	*k = (struct kept){ 0 };
	if (rnd_below(s, 3))
		k->period_ns = make_period(s);
	k->n_rules = rnd_below(s, RULES_MAX + 1);
	for (size_t i = 0; i < k->n_rules; i++) {
		struct rule *r = &k->rule[i];

		r->n_match = 1 + rnd_below(s, 2);
		make_first(s, d, &r->match[0]);
		if (r->n_match > 1)
			make_second(s, &r->match[1]);
		add_selector(&r->selector, r->match, r->n_match);
		r->priority = rnd_below(s, 3);
		r->period_ns = make_period(s);
	}
}

static void release_kept(struct kept *k)
{
	for (size_t i = 0; i < k->n_rules; i++) {
		for (size_t j = 0; j < k->rule[i].n_match; j++)
			matcher_release(&k->rule[i].match[j]);
		buf_release(&k->rule[i].selector);
	}
}

static void add_limits(struct buf *b, const struct kept *k)
{
	buf_addf(b, "{retention_period: %lldns, retention_stream: [", (long long)k->period_ns);
	for (size_t i = 0; i < k->n_rules; i++)
		buf_addf(b, "%s{selector: '%.*s', priority: %llu, period: %lldns}", i ? ", " : "",
			 BYTES_ARG(buf_bytes(&k->rule[i].selector)),
			 (unsigned long long)k->rule[i].priority, (long long)k->rule[i].period_ns);
	buf_add_str(b, "]}\n");
}

/* The last tenant has what all have; the others limits of their own. */
static void write_limits(const struct rules *r, const char *path)
{
	struct buf b = { 0 };
	struct err e;

	buf_add_str(&b, "limits_config: ");
	add_limits(&b, &r->kept[TENANTS - 1]);
	buf_add_str(&b, "overrides:\n");
	for (size_t i = 0; i + 1 < TENANTS; i++) {
		buf_addf(&b, "  %s: ", tenants[i]);
		add_limits(&b, &r->kept[i]);
	}
	assert_int_equal(0, file_replace_bytes(path, buf_bytes(&b), &e));
	buf_release(&b);
}

/* --- requests -------------------------------------------------------------------------------- */

static void add_filter(uint64_t *s, struct buf *b)
{
	static const char *const filter[] = {
		" |= \"error\"",
		" |= \"bob\" or \"alice\"",
		" != \"GET\"",
		" |~ \"(?i)post|timeout\"",
		" !~ \"[0-9]{3}\"",
		" |= ip(\"10.0.0.0/8\")",
		" != ip(\"192.168.0.0/16\")",
		" |> \"<_>error<_>\"",
		" !> \"{<_>\"",
		" |~ \"^[a-z]\"",
		" |= \"\"",
	};

	buf_add_str(b, filter[rnd_below(s, sizeof(filter) / sizeof(*filter))]);
}

/* A time that matters: that of an entry, or next to it. */
static int64_t pick_time(uint64_t *s, const struct nv_data *d)
{
	int64_t from, to;

	nv_data_bounds(&from, &to);
	if (d->n == 0 || rnd_below(s, 5) == 0)
		return from + (int64_t)rnd_below(s, (size_t)(to - from));
	return d->v[rnd_below(s, d->n)].ts_ns + (int64_t)rnd_below(s, 3) - 1;
}

static void make_request(uint64_t *s, const struct nv_data *d, struct request *x)
{
	struct matcher m[2];
	size_t n = 1 + rnd_below(s, 2);
	int64_t a = pick_time(s, d), b = pick_time(s, d);
	struct err e;

	*x = (struct request){ .tenant = bytes_str(tenants[rnd_below(s, TENANTS)]) };
	make_first(s, d, &m[0]);
	if (n > 1)
		make_second(s, &m[1]);
	add_selector(&x->query, m, n);
	for (size_t i = rnd_below(s, 3); i > 0; i--)
		add_filter(s, &x->query);
	for (size_t i = 0; i < n; i++)
		matcher_release(&m[i]);
	x->r = (struct delete_request){ .query = buf_bytes(&x->query),
					.start_ns = a < b ? a : b,
					.end_ns = a < b ? b : a,
					.created_ns = (int64_t)rnd_below(s, 1000) };
	x->cancelled = rnd_below(s, 6) == 0;
	if (logql_parse(x->r.query, NULL, &x->tree, NULL, &e) < 0)
		fail_msg("%s: %s", buf_str(&x->query), e.msg);
}

static int delete_file(const char *name, uint64_t size, void *data, struct err *e)
{
	struct buf *names = data;

	(void)size;
	(void)e;
	buf_add(names, name, strlen(name) + 1);
	return 0;
}

/* Those of the rules, and no others. */
static void write_requests(struct rules *r, const char *path)
{
	struct buf names = { 0 };
	struct err e;
	struct store *st = store_open(path, STORE_WRITE, &e);

	assert_non_null(st);
	for (size_t i = 0; i < TENANTS; i++) {
		struct buf folder = { 0 };

		buf_addf(&folder, "%s/deletes/", tenants[i]);
		assert_int_equal(0, store_list(st, buf_str(&folder), delete_file, &names, &e));
		buf_release(&folder);
	}
	for (size_t at = 0; at < names.n; at += strlen(names.p + at) + 1)
		assert_int_equal(0, store_delete(st, names.p + at, &e));
	for (size_t i = 0; i < r->n_requests; i++) {
		struct request *x = &r->request[i];

		if (deletes_put(st, x->tenant, &x->r, &e) < 0)
			fail_msg("%s", e.msg);
		if (x->cancelled)
			assert_int_equal(0,
					 deletes_cancel(st, x->tenant, bytes_str(x->r.id), 1, &e));
	}
	store_close(st);
	buf_release(&names);
}

/* --- what is seen ---------------------------------------------------------------------------- */

static bool is_expired(const struct rules *r, const struct nv_data *d, const struct nv_entry *x)
{
	const struct kept *k = &r->kept[tenant_at(d->tenant[x->stream])];
	const struct rule *best = NULL;
	int64_t period = k->period_ns;

	for (size_t i = 0; i < k->n_rules; i++) {
		const struct rule *c = &k->rule[i];

		if (!matcher_match_labels(c->match, c->n_match, &d->stream[x->stream]))
			continue;
		if (!best || c->priority > best->priority ||
		    (c->priority == best->priority && c->period_ns < best->period_ns))
			best = c;
	}
	if (best)
		period = best->period_ns;
	return period > 0 && (__int128)r->now_ns - x->ts_ns > period;
}

/* Marks the entries that a request means: those that its query finds in its time. */
static void mark_meant(const struct request *x, const struct nv_data *d, bool *meant)
{
	struct nv_ask ask = { .from = x->r.start_ns, .to = x->r.end_ns + 1 };
	struct nv_answer found;
	struct arena a = { 0 };

	nv_run(&x->tree, d, &ask, &a, &found);
	for (size_t k = 0; k < found.n_lines; k++)
		for (size_t i = 0; i < d->n; i++)
			if (d->v[i].stream == found.line[k].stream &&
			    d->v[i].ts_ns == found.line[k].ts_ns &&
			    bytes_eq(d->v[i].line, found.line[k].line) &&
			    bytes_eq(d->tenant[d->v[i].stream], x->tenant))
				meant[i] = true;
	arena_release(&a);
}

static void see(const struct rules *r, const struct nv_data *d, struct bytes tenant,
		struct arena *a, struct nv_data *ret)
{
	bool *meant = arena_zalloc(a, d->n + 1);

	for (size_t i = 0; i < r->n_requests; i++)
		if (!r->request[i].cancelled)
			mark_meant(&r->request[i], d, meant);
	*ret = *d;
	ret->v = arena_alloc(a, (d->n + 1) * sizeof(*ret->v));
	ret->n = 0;
	for (size_t i = 0; i < d->n; i++)
		if (!meant[i] && !is_expired(r, d, &d->v[i]) &&
		    bytes_eq(d->tenant[d->v[i].stream], tenant))
			ret->v[ret->n++] = d->v[i];
}

/* --- questions ------------------------------------------------------------------------------- */

static const enum nv_place places[] = { NV_MIXED, NV_WAL, NV_PACKS };

struct asking {
	struct nv_world *world;
	const struct nv_data *data;
	struct rules *rules;
	struct bytes tenant;
	struct buf limits; /* the file */
	uint64_t seed;
	unsigned n_found; /* cases whose answer is not empty and hides something */
};

static void prepare(const struct asking *x, struct nv_ask *ask)
{
	ask->tenants = x->tenant;
	ask->limits_file = x->limits.p;
	ask->now_ns = x->rules->now_ns;
	ask->has_store = true;
}

static void explain(const struct asking *x)
{
	struct buf limits = { 0 };

	printf("# SEED=%llu tenant %.*s now %lld\n", (unsigned long long)x->seed,
	       BYTES_ARG(x->tenant), (long long)x->rules->now_ns);
	for (size_t i = 0; i < x->rules->n_requests; i++) {
		const struct request *r = &x->rules->request[i];

		printf("#   %s of %.*s: %.*s %lld %lld%s\n", r->r.id, BYTES_ARG(r->tenant),
		       BYTES_ARG(buf_bytes(&r->query)), (long long)r->r.start_ns,
		       (long long)r->r.end_ns, r->cancelled ? " cancelled" : "");
	}
	if (io_read_file(x->limits.p, 1 << 20, &limits, NULL) == 0)
		printf("%s", buf_str(&limits));
	buf_release(&limits);
}

static void try_query(uint64_t *s, struct asking *x)
{
	static const struct logql_opts dialect = { .flags = LOGQL_ANY_SELECTOR |
							    LOGQL_ALLOW_VARIANTS };
	struct nv_answer want, found;
	enum nv_query_kind kind;
	struct arena a = { 0 };
	struct buf text = { 0 };
	struct logql_query q;
	struct nv_data seen;
	struct nv_ask ask;
	struct err e;
	bool any;

	nv_make_query(s, &text, &kind);
	nv_make_ask(s, kind, &ask);
	if (logql_parse(buf_bytes(&text), &dialect, &q, NULL, &e) < 0)
		fail_msg("%s: %s", buf_str(&text), e.msg);
	see(x->rules, x->data, x->tenant, &a, &seen);
	nv_run(&q, &seen, &ask, &a, &want);
	prepare(x, &ask);
	for (int i = 0; i < 3 && !want.unsure; i++) {
		nv_world_ask(x->world, places[i], &q, &ask, 1 + (unsigned)i, &a, &found, &e);
		if (nv_same_answer(&q, &ask, places[i], &want, &found))
			continue;
		explain(x);
		fail_msg("%s: place %d: another answer than over what is not hidden",
			 buf_str(&text), i);
	}
	any = want.n_lines > 0;
	for (size_t k = 0; k < want.n_steps; k++)
		any |= want.step[k].n > 0;
	x->n_found += any && !want.unsure && seen.n < x->data->n;
	logql_query_release(&q);
	buf_release(&text);
	arena_release(&a);
}

struct streams_met {
	struct arena a;
	struct bytes v[256];
	size_t n;
};

static void add_name(struct streams_met *t, const struct labels *l)
{
	struct buf text = { 0 };
	bool is_new = true;

	labels_add_text(&text, l);
	for (size_t i = 0; i < t->n && is_new; i++)
		is_new = !bytes_eq(t->v[i], buf_bytes(&text));
	assert_true(t->n < 256);
	if (is_new)
		t->v[t->n++] = arena_copy(&t->a, buf_bytes(&text));
	buf_release(&text);
}

static int take_stream(void *data, const struct series_info *s, struct err *e)
{
	(void)e;
	assert_true(s->entries > 0);
	add_name(data, s->labels);
	return 0;
}

static bool same_names(const struct streams_met *a, const struct streams_met *b)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			n += bytes_eq(a->v[i], b->v[k]);
	return a->n == b->n && n == a->n;
}

/* Which streams there are, whether their entries are counted or not; and the values of a label. */
static void try_streams(uint64_t *s, struct asking *x)
{
	static const struct bytes name = BYTES_LIT("app");
	struct streams_met want = { 0 }, found = { 0 };
	struct arena a = { 0 };
	struct nv_ask ask = { 0 };
	struct nv_data seen;
	struct err e;

	see(x->rules, x->data, x->tenant, &a, &seen);
	for (size_t i = 0; i < seen.n; i++)
		add_name(&want, &seen.stream[seen.v[i].stream]);
	prepare(x, &ask);
	for (int i = 0; i < 3; i++) {
		char *files[1];
		struct series_opts o = { .source =
						 nv_world_source(x->world, places[i], &ask, files),
					 .from = INT64_MIN,
					 .to = INT64_MAX,
					 .need = (enum series_need)rnd_below(s, 2) };
		struct bytes *v;
		size_t n = 0, n_values = 0;

		found.n = 0;
		if (series_each(&o, take_stream, &found, &e) < 0 ||
		    series_words(&o, name, &a, &v, &n, &e) < 0)
			fail_msg("%s", e.msg);
		for (size_t k = 0; k < n; k++)
			for (size_t j = 0, met = 0; j < seen.n && !met; j++)
				n_values += met = bytes_eq(
					labels_get_bytes(&seen.stream[seen.v[j].stream], name),
					v[k]);
		if (same_names(&want, &found) && n_values == n)
			continue;
		explain(x);
		fail_msg("streams: place %d: %zu instead of %zu; %zu of %zu values", i, found.n,
			 want.n, n_values, n);
	}
	x->n_found += want.n > 0 && seen.n < x->data->n;
	arena_release(&a);
	arena_release(&want.a);
	arena_release(&found.a);
}

/* --- worlds ---------------------------------------------------------------------------------- */

static void share_out(uint64_t *s, struct arena *a, struct nv_data *d)
{
	d->tenant = arena_alloc(a, d->n_streams * sizeof(*d->tenant));
	for (size_t i = 0; i < d->n_streams; i++)
		d->tenant[i] = bytes_str(tenants[rnd_below(s, TENANTS)]);
}

enum what { RETENTION = 1, REQUESTS = 2 };

static void make_rules(uint64_t *s, const struct nv_data *d, unsigned what, struct rules *r)
{
	const struct kept *k;
	int64_t period;

	*r = (struct rules){ 0 };
	for (size_t i = 0; i < TENANTS && what & RETENTION; i++)
		make_kept(s, d, &r->kept[i]);
	r->n_requests = what & REQUESTS ? 1 + rnd_below(s, REQUESTS_MAX) : 0;
	for (size_t i = 0; i < r->n_requests; i++)
		make_request(s, d, &r->request[i]);
	k = &r->kept[rnd_below(s, TENANTS)];
	period = k->n_rules && rnd_below(s, 3) ? k->rule[rnd_below(s, k->n_rules)].period_ns
					       : k->period_ns;
	r->now_ns = pick_time(s, d) + period; /* so that this one cuts there */
}

static void release_rules(struct rules *r)
{
	for (size_t i = 0; i < TENANTS; i++)
		release_kept(&r->kept[i]);
	for (size_t i = 0; i < r->n_requests; i++) {
		logql_query_release(&r->request[i].tree);
		buf_release(&r->request[i].query);
	}
}

static int ignore_pack(void *data, const char *name, struct err *e)
{
	(void)data;
	(void)name;
	(void)e;
	return 0;
}

static void on_fault(void *data, const struct err *fault)
{
	(void)data;
	fail_msg("%s", fault->msg);
}

/* Packs are merged, or indexes made anew. */
static void disturb(uint64_t *s, const char *path)
{
	static const struct build_events silent;
	struct err e;
	struct store *st = store_open(path, STORE_WRITE, &e);
	struct compact_opts o = { .store = st,
				  .params = chunk_params_default,
				  .memory_bytes = 256 << 20,
				  .jobs = 1,
				  .pack_bytes = 1 << 20,
				  .fan_in = 2,
				  .n_shards = 1,
				  .on_pack = ignore_pack,
				  .on_fault = on_fault };

	assert_non_null(st);
	o.params.level = 1;
	if (rnd_below(s, 2)) {
		if (compact_store(&o, &e) < 0)
			fail_msg("%s", e.msg);
	} else {
		for (size_t i = 0; i < TENANTS; i++)
			if (index_rebuild(st, bytes_str(tenants[i]), &silent, &e) < 0)
				fail_msg("%s", e.msg);
	}
	store_close(st);
}

/* Cases of one world; returns how many. */
static unsigned ask_world(uint64_t *s, struct asking *x, unsigned what, unsigned most)
{
	unsigned n = 0;

	for (int k = 0; k < RULES_OF_A_WORLD && n < most; k++) {
		struct rules rules;

		make_rules(s, x->data, what, &rules);
		x->rules = &rules;
		write_limits(&rules, x->limits.p);
		for (int i = 0; i < NV_PLACES; i++)
			write_requests(&rules, buf_str(&x->world->store[i]));
		for (int i = 0; i < CASES_OF_RULES && n < most; i++, n++) {
			if (k == RULES_OF_A_WORLD - 1 && i == CASES_OF_RULES / 2)
				for (int p = 0; p < NV_PLACES; p++)
					disturb(s, buf_str(&x->world->store[p]));
			x->tenant = bytes_str(tenants[rnd_below(s, TENANTS)]);
			if (rnd_below(s, 4))
				try_query(s, x);
			else
				try_streams(s, x);
		}
		release_rules(&rules);
	}
	return n;
}

static void run_cases(unsigned what, const char *name)
{
	unsigned cases = CASES_PER_PERCENT * (unsigned)env_number("PERCENT", 5), n_found = 0;
	uint64_t seed = env_number("SEED", 1);

	for (unsigned c = 0; c < cases; seed++) {
		struct arena a = { 0 };
		struct nv_data d, raw;
		struct nv_world world;
		struct asking x = { .world = &world, .data = &d, .seed = seed };
		uint64_t s = seed;

		nv_make_data(&s, &a, ENTRIES_MAX, &d);
		share_out(&s, &a, &d);
		nv_make_raw(&d, &a, &raw);
		nv_world_make(&d, &raw, &world);
		buf_addf(&x.limits, "%s/limits.yaml", world.folder);
		buf_str(&x.limits);
		c += ask_world(&s, &x, what, cases - c);
		n_found += x.n_found;
		buf_release(&x.limits);
		nv_world_remove(&world);
		arena_release(&a);
	}
	printf("# %s: %u cases, %u hide something and have an answer\n", name, cases, n_found);
	assert_true(n_found > (cases < 400 ? 0 : cases / 10)); /* few are of few worlds */
}

static void no_query_gives_what_is_older_than_its_retention(void **state)
{
	(void)state;
	run_cases(RETENTION, "S4-6 retention enforcement: no query gives an entry that is older "
			     "than its retention");
}

static void no_query_gives_what_requests_mean(void **state)
{
	(void)state;
	run_cases(REQUESTS, "requests to delete");
}

static void nor_both(void **state)
{
	(void)state;
	run_cases(RETENTION | REQUESTS, "retention and requests to delete");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_query_gives_what_is_older_than_its_retention),
		cmocka_unit_test(no_query_gives_what_requests_mean),
		cmocka_unit_test(nor_both),
	};

	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
