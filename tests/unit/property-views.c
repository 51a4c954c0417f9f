/*
 * S1-3: who asks sees only what is theirs. Random queries and questions over entries of several
 * tenants, asked of some of them, with random matchers that every stream must fit: the answer is
 * that over data that holds only the streams to be seen, with the labels that they are seen with.
 */
#include "../naive/make.h"
#include "unit.h"

#include "base/mem.h"
#include "logql/parse.h"
#include "query/series.h"

enum { CASES_PER_PERCENT = 100, CASES_OF_A_WORLD = 50, ENTRIES_MAX = 100, STREAMS_MAX = 64 };

static const char *const tenants[] = { "a", "b", "aa", "a.b", "-t", "fake", "!" };
enum { TENANTS = sizeof(tenants) / sizeof(*tenants) };

/* --- data of several ------------------------------------------------------------------------- */

/* Each stream gets a tenant; some are there a second time, of another one. */
static void share_out(uint64_t *s, struct arena *a, struct nv_data *d)
{
	size_t n = d->n_streams;
	struct labels *stream = arena_zalloc(a, 2 * n * sizeof(*stream));

	memcpy(stream, d->stream, n * sizeof(*stream));
	memcpy(stream + n, d->stream, n * sizeof(*stream));
	d->stream = stream;
	d->n_streams = 2 * n;
	d->tenant = arena_zalloc(a, 2 * n * sizeof(*d->tenant));
	for (size_t i = 0; i < 2 * n; i++)
		d->tenant[i] = bytes_str(tenants[rnd_below(s, TENANTS)]);
	for (size_t i = 0; i < n; i++) {
		struct labels *l = &stream[i];
		struct label *v = arena_alloc(a, (l->n + 1) * sizeof(*v));

		while (bytes_eq(d->tenant[n + i], d->tenant[i]))
			d->tenant[n + i] = bytes_str(tenants[rnd_below(s, TENANTS)]);
		if (rnd_below(s, 6))
			continue;
		/* '_' comes before small letters, behind capitals and digits; none of them begins
		 * with "__" or a capital. */
		v[0] = (struct label){ BYTES_LIT("__tenant_id__"),
				       bytes_str(tenants[rnd_below(s, TENANTS)]) };
		memcpy(v + 1, l->v, l->n * sizeof(*v));
		*l = (struct labels){ v, l->n + 1 };
	}
	for (size_t i = 0; i < d->n; i++)
		d->v[i].stream += rnd_below(s, 3) == 0 ? (uint32_t)n : 0;
}

/* --- what is to be seen ---------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return bytes_cmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static struct labels seen_labels(struct arena *a, const struct labels *own, struct bytes tenant)
{
	struct labels l = { arena_alloc(a, (own->n + 1) * sizeof(*l.v)), own->n + 1 };

	memcpy(l.v, own->v, own->n * sizeof(*l.v));
	for (size_t i = 0; i < own->n; i++)
		if (bytes_is(l.v[i].name, "__tenant_id__"))
			l.v[i].name = BYTES_LIT("original___tenant_id__");
	l.v[own->n] = (struct label){ BYTES_LIT("__tenant_id__"), tenant };
	qsort(l.v, l.n, sizeof(*l.v), by_name);
	return l;
}

static bool is_asked(const struct nv_ask *ask, struct bytes tenant)
{
	struct bytes rest = ask->tenants, one;
	bool ret = false;

	while (bytes_split(&rest, '|', &one))
		ret |= bytes_eq(one, tenant);
	return ret;
}

/* One of them, however often, is not several. */
static bool is_several(struct bytes text)
{
	struct bytes first, one;
	bool ret = false;

	bytes_split(&text, '|', &first);
	while (bytes_split(&text, '|', &one))
		ret |= !bytes_eq(first, one);
	return ret;
}

/* The streams that are seen, and their entries. */
static void see(const struct nv_data *d, const struct nv_ask *ask, struct arena *a,
		struct nv_data *ret)
{
	bool several = is_several(ask->tenants);
	bool is_seen[STREAMS_MAX];

	*ret = *d;
	ret->stream = arena_alloc(a, d->n_streams * sizeof(*ret->stream));
	ret->v = arena_alloc(a, (d->n + 1) * sizeof(*ret->v));
	ret->n = 0;
	for (size_t i = 0; i < d->n_streams; i++) {
		ret->stream[i] =
			several ? seen_labels(a, &d->stream[i], d->tenant[i]) : d->stream[i];
		is_seen[i] = is_asked(ask, d->tenant[i]) &&
			     matcher_match_labels(ask->match, ask->n_match, &ret->stream[i]);
	}
	for (size_t i = 0; i < d->n; i++)
		if (is_seen[d->v[i].stream])
			ret->v[ret->n++] = d->v[i];
}

/* --- who asks -------------------------------------------------------------------------------- */

struct asking {
	struct nv_ask ask;
	struct matcher match[3];
	struct buf tenants;
};

static void make_asking(uint64_t *s, const struct nv_data *d, struct asking *ret)
{
	static const char *const value[] = { "a", "b", "web", "", "a|b", ".+", "a.*", ".*b|web" };
	size_t n = 1 + rnd_below(s, 4);

	buf_reset(&ret->tenants);
	for (size_t i = 0; i < n; i++)
		buf_addf(&ret->tenants, "%s%s", i ? "|" : "", tenants[rnd_below(s, TENANTS)]);
	n = rnd_below(s, 4);
	for (size_t i = 0; i < n; i++) {
		const struct labels *l = &d->stream[rnd_below(s, d->n_streams)];
		enum match_op op = (enum match_op)rnd_below(s, 4);
		struct bytes name = BYTES_LIT("__tenant_id__"), v;
		size_t k = rnd_below(s, l->n + 2);

		v = bytes_str(value[rnd_below(s, sizeof(value) / sizeof(*value))]);
		if (k < l->n) {
			name = l->v[k].name;
			if (rnd_below(s, 2) && (op == MATCH_EQ || op == MATCH_NE))
				v = l->v[k].value;
		} else if (k == l->n) {
			name = BYTES_LIT("original___tenant_id__");
		}
		if (matcher_init(&ret->match[i], op, name, v, 0, NULL) < 0)
			fail_msg("a matcher");
	}
	ret->ask.tenants = buf_bytes(&ret->tenants);
	ret->ask.match = ret->match;
	ret->ask.n_match = n;
}

static void release_asking(struct asking *x)
{
	for (size_t i = 0; i < x->ask.n_match; i++)
		matcher_release(&x->match[i]);
	x->ask.n_match = 0;
}

static void show(const struct asking *x, uint64_t seed)
{
	struct buf tenants_text = { 0 };

	buf_add_bytes(&tenants_text, x->ask.tenants);
	printf("# SEED=%llu tenants %s\n", (unsigned long long)seed, buf_str(&tenants_text));
	for (size_t i = 0; i < x->ask.n_match; i++)
		printf("#   %.*s op %d '%.*s'\n", BYTES_ARG(x->match[i].name), (int)x->match[i].op,
		       BYTES_ARG(x->match[i].value));
	buf_release(&tenants_text);
}

/* --- questions ------------------------------------------------------------------------------- */

static const enum nv_place places[] = { NV_MIXED, NV_WAL, NV_PACKS };

/* A query: whether it has an answer that is not empty. */
static bool try_query(uint64_t *s, const struct nv_world *w, const struct nv_data *d,
		      struct asking *x, uint64_t seed)
{
	static const struct logql_opts dialect = { .flags = LOGQL_ANY_SELECTOR |
							    LOGQL_ALLOW_VARIANTS };
	struct nv_answer want, found;
	struct arena a = { 0 };
	struct nv_ask ask;
	struct buf text = { 0 };
	enum nv_query_kind kind;
	struct logql_query q;
	struct nv_data seen;
	struct err e;
	bool any;

	nv_make_query(s, &text, &kind);
	nv_make_ask(s, kind, &ask);
	ask.tenants = x->ask.tenants;
	ask.match = x->ask.match;
	ask.n_match = x->ask.n_match;
	if (logql_parse(buf_bytes(&text), &dialect, &q, NULL, &e) < 0)
		fail_msg("%s: %s", buf_str(&text), e.msg);
	see(d, &ask, &a, &seen);
	nv_run(&q, &seen, &ask, &a, &want);
	for (int i = 0; i < 3 && !want.unsure; i++) {
		nv_world_ask(w, places[i], &q, &ask, 1, &a, &found, &e);
		if (nv_same_answer(&q, &ask, places[i], &want, &found))
			continue;
		show(x, seed);
		fail_msg("%s: place %d: another answer than over what is seen alone",
			 buf_str(&text), i);
	}
	any = want.n_lines > 0 && !want.unsure;
	for (size_t k = 0; k < want.n_steps; k++)
		any |= want.step[k].n > 0;
	logql_query_release(&q);
	buf_release(&text);
	arena_release(&a);
	return any;
}

struct words {
	struct bytes v[1024];
	size_t n;
};

static int cmp_bytes(const void *a, const void *b)
{
	return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void add_name(struct words *t, struct bytes name)
{
	for (size_t i = 0; i < t->n; i++)
		if (bytes_eq(t->v[i], name))
			return;
	assert_true(t->n < 1024);
	t->v[t->n++] = name;
}

/* The names of labels, or the values of one; of streams that have entries. */
static void find_names(const struct nv_data *seen, struct bytes name, struct words *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < seen->n; i++) {
		const struct labels *l = &seen->stream[seen->v[i].stream];

		for (size_t k = 0; k < l->n; k++)
			if (!name.n)
				add_name(ret, l->v[k].name);
			else if (bytes_eq(l->v[k].name, name))
				add_name(ret, l->v[k].value);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_bytes);
}

struct streams_met {
	struct arena a;
	struct words texts;
};

static void add_stream(struct streams_met *t, const struct labels *l)
{
	struct buf text = { 0 };

	labels_add_text(&text, l);
	add_name(&t->texts, arena_copy(&t->a, buf_bytes(&text)));
	buf_release(&text);
}

static int take_stream(void *data, const struct series_info *s, struct err *e)
{
	(void)e;
	add_stream(data, s->labels);
	return 0;
}

static bool same_names(struct words *a, struct words *b)
{
	bool ret = a->n == b->n;

	if (a->n)
		qsort(a->v, a->n, sizeof(*a->v), cmp_bytes);
	if (b->n)
		qsort(b->v, b->n, sizeof(*b->v), cmp_bytes);
	for (size_t i = 0; ret && i < a->n; i++)
		ret = bytes_eq(a->v[i], b->v[i]);
	return ret;
}

/* Labels, values of one, series, of all time. */
static bool try_streams(uint64_t *s, const struct nv_world *w, const struct nv_data *d,
			struct asking *x, uint64_t seed)
{
	static struct words want, found;
	static struct streams_met streams, want_streams;
	static const char *const names[] = { "", "app", "__tenant_id__", "original___tenant_id__" };
	struct bytes name = bytes_str(names[rnd_below(s, 4)]), *v;
	struct arena a = { 0 };
	struct nv_data seen;
	struct err e;
	bool any;

	see(d, &x->ask, &a, &seen);
	find_names(&seen, name, &want);
	any = want.n > 0;
	streams.texts.n = want_streams.texts.n = 0;
	for (size_t i = 0; i < seen.n; i++)
		add_stream(&want_streams, &seen.stream[seen.v[i].stream]);
	for (int i = 0; i < 3; i++) {
		char *files[1];
		struct series_opts o = { .source = nv_world_source(w, places[i], &x->ask, files),
					 .from = INT64_MIN,
					 .to = INT64_MAX };

		if (series_words(&o, name, &a, &v, &found.n, &e) < 0)
			fail_msg("%s", e.msg);
		memcpy(found.v, v, found.n * sizeof(*v));
		streams.texts.n = 0;
		if (series_each(&o, take_stream, &streams, &e) < 0)
			fail_msg("%s", e.msg);
		if (same_names(&want, &found) && same_names(&want_streams.texts, &streams.texts))
			continue;
		show(x, seed);
		fail_msg("names or values of '%.*s', or series: place %d: %zu instead of %zu, %zu "
			 "instead of %zu",
			 BYTES_ARG(name), i, found.n, want.n, streams.texts.n,
			 want_streams.texts.n);
	}
	arena_release(&a);
	arena_release(&streams.a);
	arena_release(&want_streams.a);
	return any;
}

static void who_asks_sees_what_is_theirs(void **unused)
{
	unsigned cases = CASES_PER_PERCENT * (unsigned)env_number("PERCENT", 5), n_found = 0;
	uint64_t seed = env_number("SEED", 1);
	struct asking x = { 0 };

	(void)unused;
	for (unsigned c = 0; c < cases; seed++) {
		struct arena a = { 0 };
		struct nv_data d, raw;
		struct nv_world world;
		uint64_t s = seed;

		nv_make_data(&s, &a, ENTRIES_MAX, &d);
		share_out(&s, &a, &d);
		assert_true(d.n_streams <= STREAMS_MAX);
		nv_make_raw(&d, &a, &raw);
		nv_world_make(&d, &raw, &world);
		for (int i = 0; i < CASES_OF_A_WORLD && c < cases; i++, c++) {
			make_asking(&s, &d, &x);
			n_found += rnd_below(&s, 4) ? try_query(&s, &world, &d, &x, seed)
						    : try_streams(&s, &world, &d, &x, seed);
			release_asking(&x);
		}
		nv_world_remove(&world);
		arena_release(&a);
	}
	buf_release(&x.tenants);
	printf("# S1-3: %u cases, %u with an answer\n", cases, n_found);
	assert_true(n_found > cases / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(who_asks_sees_what_is_theirs) };

	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
