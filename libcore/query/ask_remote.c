#include "query/ask_remote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "query/series_print.h"
#include "time/time.h"

/* Entries of one page; a server has 5000 as its limit, unless it is told otherwise. */
enum { PAGE = 1000 };

#define HOUR_NS (3600 * NS_PER_S)

/* --- what does not go with it ---------------------------------------------------------------- */

int ask_remote_check(const struct ask *a, struct err *e)
{
	static const char its_own[] = "a server has its own";
	static const char its_limits[] = "a server has limits of its own";
	static const char no_raw[] = "a server has no raw lines";
	const struct query_opts *q = &a->q;
	const struct query_limits *l = &q->limits;
	const struct {
		bool given;
		const char *name, *why;
	} rules[] = {
		{ q->source.store, "store", "a server is asked in its place" },
		{ q->source.wal, "wal", "a server is asked in its place" },
		{ a->n_match, "match", "a server decides whom it shows which streams" },
		{ q->source.limits_file, "limits", its_own },
		{ a->cache.dir || a->cache.bytes, "cache", its_own },
		{ a->say_store, "store-stats", "no store is read" },
		{ a->explain == EXPLAIN_PLAN, "explain", "a server does not tell its plan" },
		{ a->explain == EXPLAIN_ANALYZE, "analyze", "a server does not tell its plan" },
		{ q->no_filters, "no-filters", its_own },
		{ a->interactive, "interactive", "only a store, a log or files are asked so" },
		{ a->completeness.path, "completeness",
		  "only a store, a log or files are counted so" },
		{ a->pcre, "pcre", "a server's regexes are RE2's" },
		{ q->source.input != INPUT_AUTO, "input", no_raw },
		{ q->has_raw_time, "time", no_raw },
		{ q->source.time_field.p, "time-field", no_raw },
		{ q->has_memory, "memory", its_limits },
		{ q->has_jobs, "jobs", its_own },
		{ q->source.gate, "gate", "nothing is read here" },
		{ a->has_queued, "queued", "nothing is read here" },
		{ l->entries || l->matchers || l->matchers_min || l->labels.p || l->kinds ||
			  l->series || l->bytes || l->length_ns || l->interval_ns || l->lookback_ns,
		  "max-...', '--min-matchers', '--need-labels', '--refuse", its_limits },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].given)
			return err_set(e, ERR_USAGE, "option '--%s': not with --addr: %s",
				       rules[i].name, rules[i].why);
	return 0;
}

static int no_files(size_t n, struct err *e)
{
	return n ? err_set(e, ERR_USAGE, "option '--addr': a server is asked, and no FILE") : 0;
}

/* --- what is asked --------------------------------------------------------------------------- */

/* One call. */
struct asking {
	struct ask *a;
	struct remote *remote;
	struct formatter f;
	struct arena mem; /* of one answer */
	struct buf form;
};

/* A number of few digits would be taken for seconds. */
static void add_time(struct buf *form, const char *name, int64_t ts_ns)
{
	struct buf text = { 0 };

	time_add_rfc3339(&text, ts_ns);
	remote_add(form, name, buf_bytes(&text));
	buf_release(&text);
}

static void add_number(struct buf *form, const char *name, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	remote_add(form, name, bytes_str(text));
}

static void add_step(struct buf *form, int64_t ns)
{
	char text[64];

	snprintf(text, sizeof(text), "%" PRId64 ".%09" PRId64, ns / NS_PER_S, ns % NS_PER_S);
	remote_add(form, "step", bytes_str(text));
}

/* As far as it is said; the rest is the server's to choose, as the API has it. */
static void add_range(struct asking *s)
{
	const struct query_opts *q = &s->a->q;

	if (q->has_from)
		add_time(&s->form, "start", q->from);
	if (q->has_to || q->has_now)
		add_time(&s->form, "end", q->has_to ? q->to : q->source.now_ns);
	if (q->has_step)
		add_step(&s->form, q->step_ns);
}

/* What the server has warned of it warns its own client of, too. */
static void tell_warnings(struct asking *s, struct bytes body)
{
	const struct source_opts *o = &s->a->q.source;
	struct bytes text[REMOTE_WARNINGS_MAX];
	struct err one;
	size_t n;

	remote_read_warnings(body, &s->mem, text, &n);
	for (size_t i = 0; i < n; i++) {
		err_set(&one, ERR_CORRUPT, "%.*s", BYTES_ARG(text[i]));
		source_add_warning(o, &one);
		if (o->warn)
			o->warn(o->damage_data, &one);
	}
}

static int get(struct asking *s, const char *path, struct bytes *ret, struct err *e)
{
	if (remote_get(s->remote, path, buf_bytes(&s->form), ret, e) < 0)
		return -1;
	tell_warnings(s, *ret);
	return 0;
}

/* --- log queries ----------------------------------------------------------------------------- */

/* Where the next page begins: at the time of the last entry, of which more may follow. Those that
 * were there are known by their hashes, equal ones as often as they came. */
struct edge {
	bool set;
	int64_t ts_ns;
	uint64_t *seen;
	size_t n, cap, n_seen; /* n: those that the page has not had yet */
};

struct paging {
	struct asking *s;
	struct bytes query, tenant; /* of entries, when it is one, and told */
	enum direction dir;
	int64_t from, to;
	struct edge edge;
	uint64_t n_out;
	int64_t last_ns; /* of the last one printed */
	struct buf key;
};

static bool was_there(struct edge *g, uint64_t hash)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->seen[i] == hash) {
			g->seen[i] = g->seen[--g->n];
			return true;
		}
	return false;
}

static bool is_full(const struct paging *p)
{
	uint64_t limit = p->s->a->q.limit;

	return limit && p->n_out == limit;
}

static bool is_too_near(const struct paging *p, int64_t ts_ns)
{
	int64_t interval = p->s->a->q.interval_ns;

	return interval && p->n_out &&
	       (ts_ns > p->last_ns ? ts_ns - p->last_ns : p->last_ns - ts_ns) < interval;
}

/* Prints what is new. */
static int print_page(struct paging *p, const struct remote_entries *es, struct err *e)
{
	struct edge *g = &p->edge;

	for (size_t i = 0; i < es->n && !is_full(p); i++) {
		struct log_entry x = es->v[i];

		if (g->set && x.ts_ns == g->ts_ns && was_there(g, log_entry_hash(&x, &p->key)))
			continue;
		if (is_too_near(p, x.ts_ns))
			continue;
		x.tenant = p->tenant;
		if (format_entry(&p->s->f, &x, e) < 0)
			return -1;
		p->last_ns = x.ts_ns;
		p->n_out++;
	}
	return 0;
}

static void turn_page(struct paging *p, const struct remote_entries *es)
{
	struct edge *g = &p->edge;

	g->set = true;
	g->ts_ns = es->v[es->n - 1].ts_ns;
	g->n = 0;
	for (size_t i = es->n; i-- > 0 && es->v[i].ts_ns == g->ts_ns;) {
		mem_grow(&g->seen, &g->cap, g->n + 1, sizeof(*g->seen));
		g->seen[g->n++] = log_entry_hash(&es->v[i], &p->key);
	}
	g->n_seen = g->n;
	if (p->dir == FORWARD)
		p->from = g->ts_ns;
	else if (g->ts_ns < INT64_MAX)
		p->to = g->ts_ns + 1;
}

static int ask_page(struct paging *p, uint64_t n, struct remote_entries *ret, struct err *e)
{
	struct remote_page asked = { p->dir, p->from, p->to, n };
	struct asking *s = p->s;
	struct bytes body;

	if (s->a->q.source.deadline_ns && time_mono_ns() >= s->a->q.source.deadline_ns)
		return err_set(e, ERR_AGAIN, "there is no more time");
	arena_reset(&s->mem);
	buf_reset(&s->form);
	remote_add(&s->form, "query", p->query);
	add_time(&s->form, "start", p->from);
	add_time(&s->form, "end", p->to);
	add_number(&s->form, "limit", n);
	remote_add(&s->form, "direction", bytes_str(p->dir == FORWARD ? "forward" : "backward"));
	if (get(s, "/loki/api/v1/query_range", &body, e) < 0 ||
	    remote_read_entries(body, &asked, &s->mem, ret, e) < 0)
		return -1;
	return 0;
}

/* A page is what is new, and what was at the edge before: however much that is, it goes on. */
static int run_pages(struct paging *p, struct remote_entries *es, struct err *e)
{
	const struct query_opts *q = &p->s->a->q;

	for (;;) {
		uint64_t n = PAGE;

		if (q->limit && !q->interval_ns && q->limit - p->n_out < n)
			n = q->limit - p->n_out;
		n += p->edge.n_seen;
		if (ask_page(p, n, es, e) < 0 || print_page(p, es, e) < 0 ||
		    format_pause(&p->s->f, e) < 0)
			return -1;
		if (es->n < n || is_full(p))
			return 0;
		turn_page(p, es);
	}
}

static int run_log(struct asking *s, struct bytes query, struct err *e)
{
	const struct query_opts *q = &s->a->q;
	struct paging p = { .s = s,
			    .query = query,
			    .dir = q->has_dir ? q->dir : BACKWARD,
			    .to = q->has_to ? q->to : q->source.now_ns };
	struct bytes tenant = q->source.tenant;
	struct remote_entries es = { 0 };
	int r;

	if (q->has_tenant && !memchr(tenant.p, '|', tenant.n))
		p.tenant = tenant;
	p.from = q->has_from ? q->from : p.to > INT64_MIN + HOUR_NS ? p.to - HOUR_NS : INT64_MIN;
	r = format_begin_log(&s->f, e);
	if (r == 0)
		r = run_pages(&p, &es, e);
	if (r == 0)
		r = format_end_log(&s->f, e);
	s->a->n_found = p.n_out;
	free(es.v);
	free(p.edge.seen);
	buf_release(&p.key);
	return r;
}

/* --- metric queries -------------------------------------------------------------------------- */

static int print_metric(struct asking *s, const char *path, struct err *e)
{
	enum metric_kind kind;
	struct steps steps;
	struct bytes body;
	struct vec v;
	int r;

	if (get(s, path, &body, e) < 0 || remote_read_metric(body, &v, &steps, &kind, e) < 0)
		return -1;
	vec_sort(&v);
	s->a->n_found = v.n;
	r = format_metric(&s->f, &v, &steps, kind, e);
	vec_release(&v);
	return r;
}

static int run_metric(struct asking *s, struct bytes query, struct err *e)
{
	const struct query_opts *q = &s->a->q;

	remote_add(&s->form, "query", query);
	if (!q->has_at && (q->has_step || q->has_from)) {
		add_range(s);
		return print_metric(s, "/loki/api/v1/query_range", e);
	}
	add_time(&s->form, "time", q->has_at ? q->at : q->has_to ? q->to : q->source.now_ns);
	return print_metric(s, "/loki/api/v1/query", e);
}

/* --- about streams --------------------------------------------------------------------------- */

static int write_out(struct asking *s, struct buf *b, struct err *e)
{
	int r = b->n && fwrite(b->p, 1, b->n, s->f.out) != b->n ? err_sys(e, "cannot write") : 0;

	buf_release(b);
	return r;
}

static int one_selector(const char *verb, size_t n, struct err *e)
{
	return n > 1 ? err_set(e, ERR_USAGE,
			       "option '--addr': %s of one selector at most, a server takes no "
			       "more",
			       verb)
		     : 0;
}

static int print_words(struct asking *s, const char *path, struct bytes heading, char **operand,
		       size_t n, struct err *e)
{
	struct bytes body, *words;
	struct buf b = { 0 };
	size_t n_words;

	if (one_selector(bytes_is(heading, "label") ? "labels" : "values", n, e) < 0)
		return -1;
	add_range(s);
	if (n)
		remote_add(&s->form, "query", bytes_str(operand[0]));
	if (get(s, path, &body, e) < 0 || remote_read_words(body, &s->mem, &words, &n_words, e) < 0)
		return -1;
	s->a->n_found = n_words;
	series_add_words(&b, heading, words, n_words, &s->f);
	return write_out(s, &b, e);
}

static int run_labels(struct asking *s, char **operand, size_t n, struct err *e)
{
	return print_words(s, "/loki/api/v1/labels", BYTES_LIT("label"), operand, n, e);
}

static int run_values(struct asking *s, char **operand, size_t n, struct err *e)
{
	struct buf path = { 0 };
	int r;

	if (n == 0)
		return err_set(e, ERR_USAGE, "values: no label name given");
	if (labels_check_name(bytes_str(operand[0]), e) < 0)
		return -1;
	buf_addf(&path, "/loki/api/v1/label/%s/values", operand[0]);
	r = print_words(s, buf_str(&path), bytes_str(operand[0]), operand + 1, n - 1, e);
	buf_release(&path);
	return r;
}

static int run_series(struct asking *s, char **operand, size_t n, struct err *e)
{
	struct labels *sets;
	struct bytes body;
	struct buf b = { 0 };
	size_t n_sets;

	add_range(s);
	for (size_t i = 0; i < n; i++)
		remote_add(&s->form, "match[]", bytes_str(operand[i]));
	if (get(s, "/loki/api/v1/series", &body, e) < 0 ||
	    remote_read_series(body, &s->mem, &sets, &n_sets, e) < 0)
		return -1;
	s->a->n_found = n_sets;
	series_add_sets(&b, sets, n_sets, s->f.format);
	return write_out(s, &b, e);
}

static int run_stats(struct asking *s, char **operand, size_t n, struct err *e)
{
	struct series_counts t;
	struct bytes body;
	struct buf b = { 0 };

	if (one_selector("stats", n, e) < 0)
		return -1;
	add_range(s);
	remote_add(&s->form, "query", bytes_str(n ? operand[0] : "{}"));
	if (get(s, "/loki/api/v1/index/stats", &body, e) < 0 ||
	    remote_read_count(body, "streams", &t.streams, e) < 0 ||
	    remote_read_count(body, "chunks", &t.chunks, e) < 0 ||
	    remote_read_count(body, "entries", &t.entries, e) < 0 ||
	    remote_read_count(body, "bytes", &t.line_bytes, e) < 0)
		return -1;
	s->a->n_found = t.streams;
	series_add_counts(&b, &t, s->f.format);
	return write_out(s, &b, e);
}

static int run_volume(struct asking *s, char **operand, size_t n, struct err *e)
{
	const struct ask *a = s->a;

	if (one_selector("volume", n, e) < 0)
		return -1;
	add_range(s);
	remote_add(&s->form, "query", bytes_str(n ? operand[0] : "{}"));
	if (a->q.has_limit && a->q.limit)
		add_number(&s->form, "limit", a->q.limit);
	if (a->volume.target_labels.n)
		remote_add(&s->form, "targetLabels", a->volume.target_labels);
	if (a->has_volume_by)
		remote_add(&s->form, "aggregateBy",
			   bytes_str(a->volume.by == VOLUME_BY_LABELS ? "labels" : "series"));
	return print_metric(
		s, a->q.has_step ? "/loki/api/v1/index/volume_range" : "/loki/api/v1/index/volume",
		e);
}

/* --- either ---------------------------------------------------------------------------------- */

static int run_query(struct asking *s, char **operand, size_t n, struct err *e)
{
	struct logql_opts parse = ask_parse_opts(s->a);
	struct bytes text = bytes_str(operand[0]);
	struct logql_query q;
	int r;

	if (no_files(n - 1, e) < 0)
		return -1;
	if (s->a->q.has_at)
		parse.flags |= LOGQL_NO_LOG;
	if (logql_parse(text, &parse, &q, NULL, e) < 0)
		return -1;
	r = query_check(&q, &s->a->q, e);
	if (r == 0)
		r = logql_is_log(&q) ? run_log(s, text, e) : run_metric(s, text, e);
	logql_query_release(&q);
	return r;
}

typedef int run_fn(struct asking *s, char **operand, size_t n, struct err *e);

struct verb {
	const char *name;
	run_fn *run;
	enum query_kind kind;
	size_t n_fixed; /* operands before selectors */
};

static const struct verb *find_verb(const char *name)
{
	static const struct verb verbs[] = {
		{ "labels", run_labels, QUERY_SERIES, 0 },
		{ "values", run_values, QUERY_SERIES, 1 },
		{ "series", run_series, QUERY_SERIES, 0 },
		{ "stats", run_stats, QUERY_SERIES, 0 },
		{ "volume", run_volume, QUERY_METRIC, 0 },
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

static int check_verb(const struct ask *a, const struct verb *v, char **operand, size_t n,
		      struct err *e)
{
	size_t n_sel = v->n_fixed < n ? v->n_fixed : n;

	if (query_check_opts(&a->q, v->kind, e) < 0)
		return -1;
	if (v->kind == QUERY_METRIC && a->q.has_at)
		return err_set(e, ERR_USAGE, "option '--at': --from and --to say when");
	if (v->kind == QUERY_SERIES && a->encoding_flags.p)
		return err_set(e, ERR_USAGE, "option '--encoding-flags': no entries are printed");
	while (n_sel < n && operand[n_sel][0] == '{')
		n_sel++;
	return no_files(n - n_sel, e);
}

/* With --from nothing is left out that was meant; without, the server looks back a little only. */
static int found(const struct ask *a, struct err *e)
{
	const struct source_opts *o = &a->q.source;
	struct err hint;

	if (a->n_found)
		return 0;
	err_set(&hint, ERR_NO,
		"without --from or --since a server is asked for the last hour, or what it looks "
		"at by itself");
	if (o->note && !a->q.has_from && !a->q.has_at)
		o->note(o->damage_data, &hint);
	return err_set(e, ERR_NO, "nothing found");
}

int ask_remote(struct ask *a, const struct cli_verb *verb, char **operand, size_t n, struct err *e)
{
	bool query = !verb || strcmp(verb->name, "query") == 0;
	const struct verb *v = query ? NULL : find_verb(verb->name);
	struct asking s = { .a = a, .f = ask_formatter(a) };
	int r;

	if (verb && strcmp(verb->name, "fmt") == 0)
		return err_set(e, ERR_USAGE, "option '--addr': fmt only formats a query");
	if (!query && !v)
		return err_set(e, ERR_USAGE,
			       "option '--addr': %s is asked of a store, a log or files themselves",
			       verb->name);
	operand += verb != NULL;
	n -= verb != NULL;
	if (query && n == 0)
		return err_set(e, ERR_USAGE, "query: no query given");
	if (v && check_verb(a, v, operand, n, e) < 0)
		return -1;
	if (remote_open(&a->remote, a->q.has_tenant ? a->q.source.tenant : (struct bytes){ 0 },
			a->q.limits.timeout_ns, &s.remote, e) < 0)
		return -1;
	a->n_found = 0;
	r = query ? run_query(&s, operand, n, e) : v->run(&s, operand, n, e);
	formatter_release(&s.f);
	remote_close(s.remote);
	arena_release(&s.mem);
	buf_release(&s.form);
	return r < 0 ? -1 : found(a, e);
}
