/*
 * Entries of streams in pieces that overlap in every way, read with little memory, against the
 * plainest way to say what the answer is: all of them sorted, equal ones once, cut.
 */
#include "unit.h"

#include "base/mem.h"
#include "logql/parse.h"
#include "query/load.h"
#include "query/log.h"

enum { CASES_PER_PERCENT = 200, STREAMS = 2, LINES = 6 };

static uint64_t state;

/* An entry, and where it stands among those of its timestamp. */
struct item {
	int64_t ts;
	uint32_t stream;
	int64_t order;
	uint64_t seq, i;
	char line;
};

/* What a piece holds: all = piece.at's entries, of which those of piece.part are its own. */
struct list {
	struct item *v;
	size_t n, cap;
};

struct fake {
	struct source source; /* first */
	struct list *piece;   /* by number, which stands in piece.line_bytes */
	size_t n, cap;
};

static void list_add(struct list *l, struct item x)
{
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = x;
}

static int load(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		struct run *ret, unsigned *ret_have, struct err *e)
{
	const struct list *l = &((struct fake *)(void *)s)->piece[p->line_bytes];
	int64_t *ts;
	uint32_t *off;

	(void)e;
	buf_reset(&m->ts);
	buf_reset(&m->off);
	buf_reset(&m->lines);
	ts = (void *)buf_reserve(&m->ts, (l->n + 1) * sizeof(*ts));
	off = (void *)buf_reserve(&m->off, (l->n + 1) * sizeof(*off));
	off[0] = 0;
	for (size_t i = 0; i < l->n; i++) {
		ts[i] = l->v[i].ts;
		buf_add_char(&m->lines, l->v[i].line);
		buf_add_char(&m->lines, '\n');
		off[i + 1] = (uint32_t)m->lines.n;
	}
	*ret = (struct run){ .n = l->n };
	if (want & WANT_TS)
		ret->ts_ns = ts;
	if (want & (WANT_LENS | WANT_LINES)) {
		want |= WANT_LENS | WANT_LINES;
		ret->line_off = off;
		ret->lines = m->lines.p;
		ret->lines_len = m->lines.n;
	}
	*ret_have = want;
	return 0;
}

static void close_fake(struct source *s)
{
	struct fake *f = (void *)s;

	for (size_t i = 0; i < f->n; i++)
		free(f->piece[i].v);
	free(f->piece);
	free(f);
}

static const struct source_ops ops = { .load = load, .close = close_fake };

static int by_answer(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->i > y->i) - (x->i < y->i);
}

/* Sorts, and drops what is equal to one before. */
static void settle(struct list *l)
{
	size_t k = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_answer);
	for (size_t i = 0; i < l->n; i++) {
		bool again = false;

		for (size_t j = k;
		     j-- > 0 && l->v[j].stream == l->v[i].stream && l->v[j].ts == l->v[i].ts;)
			again |= l->v[j].line == l->v[i].line;
		if (!again)
			l->v[k++] = l->v[i];
	}
	l->n = k;
}

/* Adds n of the entries as a piece to the plan, and to all. */
static void add_piece(struct plan *p, struct fake *f, struct piece x, const struct item *v,
		      size_t n, struct list *all)
{
	struct list l = { 0 };

	x.min_ts = x.max_ts = v[0].ts;
	for (size_t i = 0; i < n; i++) {
		struct item y = v[i];

		y.order = x.order;
		y.seq = x.seq;
		y.i = i;
		list_add(&l, y);
		list_add(all, y);
		x.min_ts = y.ts < x.min_ts ? y.ts : x.min_ts;
		x.max_ts = y.ts > x.max_ts ? y.ts : x.max_ts;
	}
	mem_grow(&f->piece, &f->cap, f->n + 1, sizeof(*f->piece));
	x.source = &f->source;
	x.n = x.sorted && rnd_below(&state, 2) ? (uint32_t)n : 0;
	x.line_bytes = f->n;
	f->piece[f->n++] = l;
	plan_add_piece(p, &x);
}

/* A chunk of several blocks, or a batch, with entries somewhere in 0 .. time - 1. */
static void add_some(struct plan *p, struct fake *f, uint64_t at, int64_t time, struct list *all)
{
	struct piece x = { .stream = (uint32_t)rnd_below(&state, STREAMS),
			   .at = at,
			   .order = (int64_t)rnd_below(&state, 3),
			   .seq = at * 1000,
			   .sorted = rnd_below(&state, 3) > 0 };
	int64_t from = (int64_t)rnd_below(&state, (size_t)time);
	size_t n = 1 + rnd_below(&state, 30), span = 1 + rnd_below(&state, (size_t)(time - from));
	struct list l = { 0 };

	for (size_t i = 0; i < n; i++)
		list_add(&l, (struct item){ .ts = from + (int64_t)rnd_below(&state, span),
					    .stream = x.stream,
					    .i = i,
					    .line = (char)('a' + rnd_below(&state, LINES)) });
	if (x.sorted)
		settle(&l);
	for (size_t i = 0, k; i < l.n; i += k) {
		k = x.sorted ? 1 + rnd_below(&state, l.n - i) : l.n;
		x.about_bytes = rnd_below(&state, 8) << 20;
		add_piece(p, f, x, l.v + i, k, all);
		x.part++;
		x.seq++;
	}
	free(l.v);
}

static int collect(void *data, const struct log_entry *entry, struct err *e)
{
	struct bytes name = entry->labels->v[0].value;

	(void)e;
	list_add(data, (struct item){ .ts = entry->ts_ns,
				      .stream = name.p[0] == '1',
				      .line = entry->line.p[0] });
	return 0;
}

/* What the query that is asked gives: of all, or where its filter leaves few. */
static bool is_asked(const struct plan *p, const struct pipeline *pipeline, const struct item *x)
{
	return x->ts >= p->from && x->ts < p->to && (pipeline->n_stages == 0 || x->line < 'c');
}

/* Entries of several streams that have one timestamp may come in any order of streams. */
static void check_same(const struct list *got, const struct list *all, const struct log_sink *l,
		       const struct plan *p, const struct pipeline *pipeline)
{
	size_t at[STREAMS], total = 0;

	for (uint32_t s = 0; s < STREAMS; s++) {
		at[s] = l->dir == FORWARD ? 0 : all->n;
		for (size_t i = 0; i < all->n; i++)
			total += all->v[i].stream == s && is_asked(p, pipeline, &all->v[i]);
	}
	assert_int_equal(got->n, l->limit && l->limit < total ? l->limit : total);
	for (size_t i = 0; i < got->n; i++) {
		const struct item *x = &got->v[i];
		size_t *k = &at[x->stream];
		const struct item *y;

		assert_true(i == 0 || (l->dir == FORWARD ? x[-1].ts <= x->ts : x[-1].ts >= x->ts));
		do {
			assert_true(l->dir == FORWARD ? *k < all->n : *k > 0);
			y = &all->v[l->dir == FORWARD ? (*k)++ : --*k];
		} while (y->stream != x->stream || !is_asked(p, pipeline, y));
		assert_int_equal(x->ts, y->ts);
		assert_int_equal(x->line, y->line);
	}
}

static void one_case(void)
{
	static const char *const queries[] = { "{s=~\".\"}", "{s=~\".\"} |~ \"[ab]\"" };
	const struct logql_opts parse = { 0 };
	struct logql_query query;
	struct grouping group = { .kind = GROUP_ALL };
	int64_t time = (int64_t[]){ 1, 3, 20, 1000 }[rnd_below(&state, 4)];
	struct plan p = { .from = 0, .to = time };
	struct pipeline pipeline = { 0 };
	struct fake *f = mem_alloc(sizeof(*f));
	struct list all = { 0 }, got = { 0 };
	struct scan scan = { .plan = &p,
			     .pipeline = &pipeline,
			     .jobs = 1 + (unsigned)rnd_below(&state, 3),
			     .merge_bytes = 1 + rnd_below(&state, 2000) };
	struct log_sink sink = { .dir = rnd_below(&state, 2) ? FORWARD : BACKWARD,
				 .limit = rnd_below(&state, 2) ? 1 + rnd_below(&state, 40) : 0,
				 .out = collect,
				 .data = &got };
	struct err e;
	int r;

	if (rnd_below(&state, 2)) {
		p.from = (int64_t)rnd_below(&state, (size_t)time);
		p.to = p.from + 1 + (int64_t)rnd_below(&state, (size_t)(time - p.from));
	}
	f->source = (struct source){ .ops = &ops, .name = strdup("fake") };
	plan_add_source(&p, &f->source);
	for (uint32_t s = 0; s < STREAMS; s++) {
		struct label l = { BYTES_LIT("s"), bytes_str(s ? "1" : "0") };
		struct hash128 id = { { (unsigned char)s } };

		assert_int_equal(plan_stream(&p, &id, BYTES_LIT("t"), &(struct labels){ &l, 1 }),
				 s);
	}
	for (uint64_t i = 1 + rnd_below(&state, 15); i > 0; i--)
		add_some(&p, f, i, time, &all);
	settle(&all);
	assert_int_equal(
		logql_parse(bytes_str(queries[rnd_below(&state, 2)]), &parse, &query, NULL, &e), 0);
	assert_int_equal(pipeline_bind(&pipeline, query.root->log, NULL, &group, &e), 0);
	log_sink_init(&sink, &scan);
	plan_units(&p, sink.dir);
	scan_init(&scan);
	r = scan_run(&scan, &e);
	if (r == 0)
		r = log_sink_flush(&sink, sink.dir == BACKWARD ? INT64_MIN : INT64_MAX, &e);
	assert_true(r >= 0);
	check_same(&got, &all, &sink, &p, &pipeline);
	log_sink_release(&sink);
	scan_release(&scan);
	pipeline_release(&pipeline);
	logql_query_release(&query);
	plan_release(&p);
	free(all.v);
	free(got.v);
}

static void overlapping_pieces(void **unused)
{
	uint64_t percent = env_number("PERCENT", 5);

	(void)unused;
	for (uint64_t i = 0; i < percent * CASES_PER_PERCENT; i++)
		one_case();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(overlapping_pieces) };

	state = env_number("SEED", 1);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
