/*
 * Random queries over random data: the programs' evaluator, over packs, WAL segments and files, on
 * one thread and on several, and over raw lines, against the naive one of tests/naive. And: what a
 * query is printed as parses to an equal tree, and is printed the same again.
 */
#include "../naive/make.h"
#include "unit.h"

#include "base/mem.h"
#include "logql/parse.h"
#include "logql/print.h"

enum { QUERIES_PER_PERCENT = 200, QUERIES_OF_A_WORLD = 50, ENTRIES_MAX = 120 };

static const struct logql_opts dialect = { .flags = LOGQL_ANY_SELECTOR | LOGQL_ALLOW_VARIANTS };
static uint64_t state;
static unsigned percent;

/* --- one case -------------------------------------------------------------------------------- */

struct trial {
	const struct nv_data *data, *raw;
	const struct nv_world *world;
	struct nv_ask ask;
	enum nv_place place; /* where the answers differed */
	unsigned jobs;
	bool failed, is_empty; /* the naive answer */
};

enum verdict { SAME, UNSURE, DIFFERENT };

static void show_labels(FILE *f, const struct labels *l)
{
	struct buf b = { 0 };

	labels_add_text(&b, l);
	fprintf(f, "%s", buf_str(&b));
	buf_release(&b);
}

static void show_text(FILE *f, struct bytes text)
{
	fputc('"', f);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		fprintf(f,
			c == '"' || c == '\\' ? "\\%c"
			: c < ' ' || c > 126  ? "\\x%02x"
					      : "%c",
			c);
	}
	fputc('"', f);
}

static void show_answer(FILE *f, const char *whose, const struct nv_answer *a, const struct err *e)
{
	fprintf(f, "# %s:%s %s\n", whose, a->failed ? " fails" : "", a->failed && e ? e->msg : "");
	for (size_t i = 0; i < a->n_lines && !a->failed; i++) {
		fprintf(f, "#   %lld ", (long long)a->line[i].ts_ns);
		show_labels(f, &a->line[i].labels);
		fputc(' ', f);
		show_text(f, a->line[i].line);
		fputc('\n', f);
	}
	for (size_t k = 0; k < a->n_steps && !a->failed; k++) {
		for (size_t i = 0; i < a->step[k].n; i++) {
			fprintf(f, "#   %lld ", (long long)(a->start_ns + (int64_t)k * a->step_ns));
			show_labels(f, &a->step[k].v[i].labels);
			fprintf(f, " %.17g\n", a->step[k].v[i].v);
		}
	}
}

static void parse(struct buf *text, struct logql_query *ret)
{
	struct err e;

	if (logql_parse(buf_bytes(text), &dialect, ret, NULL, &e) < 0)
		fail_msg("%s: %s", buf_str(text), e.msg);
}

struct way {
	enum nv_place place;
	unsigned jobs;
};

static enum verdict try_ways(const struct logql_query *q, const struct nv_data *data,
			     const struct way *way, size_t n, struct trial *t, FILE *show)
{
	struct arena a = { 0 };
	struct nv_answer want, found;
	enum verdict ret = SAME;
	struct err e;

	nv_run(q, data, &t->ask, &a, &want);
	t->failed = want.failed;
	t->is_empty = want.n_lines == 0;
	for (size_t k = 0; k < want.n_steps; k++)
		t->is_empty = t->is_empty && want.step[k].n == 0;
	for (size_t i = 0; i < n && ret == SAME; i++) {
		nv_world_ask(t->world, way[i].place, q, &t->ask, way[i].jobs, &a, &found, &e);
		if (want.unsure) {
			ret = UNSURE;
		} else if (!nv_same_answer(q, &t->ask, way[i].place, &want, &found)) {
			t->place = way[i].place;
			t->jobs = way[i].jobs;
			ret = DIFFERENT;
			if (show) {
				show_answer(show, "naive", &want, NULL);
				show_answer(show, "found", &found, &e);
			}
		}
	}
	arena_release(&a);
	return ret;
}

/* Raw lines have no labels that a selector could ask for. */
static void drop_matchers(struct logql_expr *x)
{
	switch (x->kind) {
	case LOGQL_LOG:
		x->log->n_matchers = 0;
		break;
	case LOGQL_RANGE_AGG:
		x->range_agg.range->log->n_matchers = 0;
		break;
	case LOGQL_VECTOR_AGG:
		drop_matchers(x->vector_agg.arg);
		break;
	case LOGQL_BINARY:
		drop_matchers(x->binary.left);
		drop_matchers(x->binary.right);
		break;
	case LOGQL_LABEL_REPLACE:
		drop_matchers(x->label_replace.arg);
		break;
	case LOGQL_VARIANTS:
		x->variants.range->log->n_matchers = 0;
		for (size_t i = 0; i < x->variants.n; i++)
			drop_matchers(x->variants.v[i]);
		break;
	default:
		break;
	}
}

static enum verdict try(const struct logql_query *q, struct trial *t, FILE *show)
{
	static const struct way stored[] = {
		{ NV_MIXED, 1 }, { NV_MIXED, 8 }, { NV_WAL, 1 }, { NV_PACKS, 1 }
	};
	static const struct way raw = { NV_RAW, 1 };
	enum verdict ret = try_ways(q, t->data, stored, 4, t, show);
	bool failed = t->failed, is_empty = t->is_empty;
	struct logql_query open;
	struct buf text = { 0 };

	if (ret != SAME)
		return ret;
	logql_print(&text, q->root);
	parse(&text, &open);
	drop_matchers(open.root);
	ret = try_ways(&open, t->raw, &raw, 1, t, show);
	t->failed = failed;
	t->is_empty = is_empty;
	logql_query_release(&open);
	buf_release(&text);
	return ret;
}

/* --- shrinking ------------------------------------------------------------------------------- */

/* Whether the tree as it stands is a query, and the answers still differ. */
static bool still_differs(const struct logql_query *q, struct trial *t)
{
	struct logql_query again;
	struct buf text = { 0 };
	struct err e;
	bool ret = false;

	logql_print(&text, q->root);
	if (logql_parse(buf_bytes(&text), &dialect, &again, NULL, &e) == 0) {
		ret = logql_is_log(&again) == logql_is_log(q) && try(&again, t, NULL) == DIFFERENT;
		logql_query_release(&again);
	}
	buf_release(&text);
	return ret;
}

static bool shrink_log(const struct logql_query *q, struct logql_log *log, struct trial *t)
{
	bool any = false;

	for (size_t i = log->n_stages; i-- > 0;) {
		struct logql_stage gone = log->stages[i];
		size_t behind = log->n_stages - i - 1;

		memmove(&log->stages[i], &log->stages[i + 1], behind * sizeof(gone));
		log->n_stages--;
		if (still_differs(q, t)) {
			any = true;
			continue;
		}
		memmove(&log->stages[i + 1], &log->stages[i], behind * sizeof(gone));
		log->stages[i] = gone;
		log->n_stages++;
	}
	for (size_t i = log->n_matchers; i-- > 0 && log->n_matchers > 1;) {
		struct logql_matcher gone = log->matchers[i];

		log->matchers[i] = log->matchers[log->n_matchers - 1];
		log->n_matchers--;
		if (still_differs(q, t)) {
			any = true;
			continue;
		}
		log->matchers[log->n_matchers++] = log->matchers[i];
		log->matchers[i] = gone;
	}
	return any;
}

static bool shrink_variants(const struct logql_query *q, struct logql_expr *x, struct trial *t)
{
	bool any_less = shrink_log(q, x->variants.range->log, t);

	for (size_t i = x->variants.n; i-- > 0 && x->variants.n > 1;) {
		struct logql_expr *gone = x->variants.v[i], **last;

		last = &x->variants.v[--x->variants.n];
		x->variants.v[i] = *last;
		if (still_differs(q, t)) {
			any_less = true;
			continue;
		}
		x->variants.v[i] = gone;
		x->variants.n++;
	}
	return any_less;
}

/* Each expression gives way to a part of it, each log query to one with less. */
static bool shrink_expr(const struct logql_query *q, struct logql_expr **at, struct trial *t)
{
	struct logql_expr *x = *at, *parts[2] = { NULL, NULL };
	bool any = false;

	switch (x->kind) {
	case LOGQL_LOG:
		return shrink_log(q, x->log, t);
	case LOGQL_RANGE_AGG:
		return shrink_log(q, x->range_agg.range->log, t);
	case LOGQL_VECTOR_AGG:
		parts[0] = x->vector_agg.arg;
		break;
	case LOGQL_BINARY:
		parts[0] = x->binary.left;
		parts[1] = x->binary.right;
		break;
	case LOGQL_LABEL_REPLACE:
		parts[0] = x->label_replace.arg;
		break;
	case LOGQL_VARIANTS:
		return shrink_variants(q, x, t);
	default:
		return false;
	}
	for (int i = 0; i < 2; i++) {
		if (!parts[i])
			continue;
		*at = parts[i];
		if (still_differs(q, t))
			return true;
		*at = x;
	}
	if (x->kind == LOGQL_BINARY) {
		any = shrink_expr(q, &x->binary.left, t);
		return shrink_expr(q, &x->binary.right, t) || any;
	}
	return shrink_expr(
		q, x->kind == LOGQL_VECTOR_AGG ? &x->vector_agg.arg : &x->label_replace.arg, t);
}

/* Takes out halves, quarters, ... of the entries as long as the answers differ. */
static void shrink_data(const struct logql_query *q, struct trial *t, struct nv_data *data)
{
	struct nv_entry *before = mem_alloc((data->n + 1) * sizeof(*before));

	for (size_t part = (data->n + 1) / 2; part > 0; part = part == 1 ? 0 : (part + 1) / 2) {
		for (size_t i = 0; i < data->n;) {
			size_t n = data->n, cut = part < n - i ? part : n - i;
			struct nv_world world;
			struct arena a = { 0 };
			struct nv_data raw;
			bool differs;

			memcpy(before, data->v, n * sizeof(*before));
			memmove(&data->v[i], &data->v[i + cut], (n - i - cut) * sizeof(*before));
			data->n -= cut;
			nv_make_raw(data, &a, &raw);
			nv_world_make(data, &raw, &world);
			t->world = &world;
			t->raw = &raw;
			differs = try(q, t, NULL) == DIFFERENT;
			nv_world_remove(&world);
			arena_release(&a);
			if (differs)
				continue;
			memcpy(data->v, before, n * sizeof(*before));
			data->n = n;
			i += cut;
		}
	}
	free(before);
}

static void report(struct logql_query *q, struct trial *t, const char *text, uint64_t seed)
{
	struct nv_data data = *t->data, raw;
	struct arena a = { 0 };
	struct nv_world world;
	struct buf b = { 0 };

	printf("# the answers differ; SEED of this one: %llu\n# %s\n", (unsigned long long)seed,
	       text);
	while (shrink_expr(q, &q->root, t))
		;
	data.v = mem_alloc((data.n + 1) * sizeof(*data.v));
	memcpy(data.v, t->data->v, data.n * sizeof(*data.v));
	t->data = &data;
	shrink_data(q, t, &data);
	nv_make_raw(&data, &a, &raw);
	nv_world_make(&data, &raw, &world);
	t->world = &world;
	t->raw = &raw;
	logql_print(&b, q->root);
	printf("# shrunk: %s\n# %s from %lld to %lld step %lld at %lld limit %llu %s\n",
	       buf_str(&b), t->ask.is_range ? "range" : "instant or log", (long long)t->ask.from,
	       (long long)t->ask.to, (long long)t->ask.step_ns, (long long)t->ask.at,
	       (unsigned long long)t->ask.limit, t->ask.forward ? "forward" : "backward");
	for (size_t i = 0; i < data.n; i++) {
		printf("#   %lld ", (long long)data.v[i].ts_ns);
		show_labels(stdout, &data.stream[data.v[i].stream]);
		printf(" meta ");
		show_labels(stdout, &data.v[i].meta);
		printf(" parts %u ", data.v[i].parts);
		show_text(stdout, data.v[i].line);
		putchar('\n');
	}
	(void)try(q, t, stdout);
	printf("# in place %d with %u jobs\n", (int)t->place, t->jobs);
	nv_world_remove(&world);
	free(data.v);
	arena_release(&a);
	buf_release(&b);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void answers_are_those_of_the_naive_evaluator(void **unused)
{
	unsigned cases = QUERIES_PER_PERCENT * percent, n_unsure = 0, n_bad = 0, n_failed = 0,
		 n_empty = 0;
	uint64_t seed = state;
	struct buf text = { 0 };

	(void)unused;
	for (unsigned c = 0; c < cases;) {
		struct arena a = { 0 };
		struct nv_world world;
		struct nv_data data, raw;
		uint64_t world_seed = seed++, s = world_seed;

		nv_make_data(&s, &a, ENTRIES_MAX, &data);
		nv_make_raw(&data, &a, &raw);
		nv_world_make(&data, &raw, &world);
		for (unsigned i = 0; i < QUERIES_OF_A_WORLD && c < cases; i++, c++) {
			struct trial t = { .data = &data, .raw = &raw, .world = &world };
			enum nv_query_kind kind;
			struct logql_query q;
			enum verdict v;

			buf_reset(&text);
			nv_make_query(&s, &text, &kind);
			nv_make_ask(&s, kind, &t.ask);
			parse(&text, &q);
			v = try(&q, &t, NULL);
			n_unsure += v == UNSURE;
			n_failed += t.failed;
			n_empty += t.is_empty;
			if (v == DIFFERENT) {
				report(&q, &t, buf_str(&text), world_seed);
				n_bad++;
			}
			logql_query_release(&q);
			if (n_bad >= env_number("SHOW", 1))
				fail_msg("query %u of the data of SEED=%llu", i,
					 (unsigned long long)world_seed);
		}
		nv_world_remove(&world);
		arena_release(&a);
	}
	buf_release(&text);
	printf("# %u queries: %u fail, %u find nothing, %u have an answer that the language leaves "
	       "open\n",
	       cases, n_failed, n_empty, n_unsure);
	assert_int_equal(n_bad, 0);
	assert_true(n_failed + n_unsure < cases / 5 && n_empty < cases / 5 * 3);
}

/* "by ()" around series is what nothing says too, and Loki prints nothing. */
static void normalise(struct logql_expr *x)
{
	switch (x->kind) {
	case LOGQL_VECTOR_AGG:
		if (x->vector_agg.grouping.kind == LOGQL_GROUP_BY && x->vector_agg.grouping.n == 0)
			x->vector_agg.grouping.kind = LOGQL_GROUP_NONE;
		normalise(x->vector_agg.arg);
		break;
	case LOGQL_BINARY:
		normalise(x->binary.left);
		normalise(x->binary.right);
		break;
	case LOGQL_LABEL_REPLACE:
		normalise(x->label_replace.arg);
		break;
	case LOGQL_VARIANTS:
		for (size_t i = 0; i < x->variants.n; i++)
			normalise(x->variants.v[i]);
		break;
	default:
		break;
	}
}

/* In both forms; the one over lines rounds, so its own print is what must be stable. */
static void queries_are_printed_as_what_they_are(void **unused)
{
	struct buf text = { 0 }, first = { 0 }, second = { 0 };
	uint64_t s = state;

	(void)unused;
	for (unsigned c = 0; c < QUERIES_PER_PERCENT * percent; c++) {
		struct logql_query q, again, third;
		enum nv_query_kind kind;

		buf_reset(&text);
		buf_reset(&first);
		buf_reset(&second);
		nv_make_query(&s, &text, &kind);
		parse(&text, &q);
		logql_print(&first, q.root);
		parse(&first, &again);
		if (!logql_expr_eq(q.root, again.root))
			fail_msg("%s\nis printed as\n%s", buf_str(&text), buf_str(&first));
		logql_print(&second, again.root);
		assert_string_equal(buf_str(&first), buf_str(&second));
		buf_reset(&first);
		buf_reset(&second);
		logql_print_pretty(&first, q.root);
		parse(&first, &third);
		normalise(q.root);
		normalise(third.root);
		if (!logql_expr_eq(q.root, third.root))
			fail_msg("%s\nis formatted as\n%s", buf_str(&text), buf_str(&first));
		logql_print_pretty(&second, third.root);
		assert_string_equal(buf_str(&first), buf_str(&second));
		logql_query_release(&q);
		logql_query_release(&again);
		logql_query_release(&third);
	}
	buf_release(&text);
	buf_release(&first);
	buf_release(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_printed_as_what_they_are),
		cmocka_unit_test(answers_are_those_of_the_naive_evaluator),
	};

	/* Thousands of small files are made durable, which is not what is tested. */
	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	state = env_number("SEED", 1);
	percent = (unsigned)env_number("PERCENT", 5);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
