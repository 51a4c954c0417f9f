#include "query/patterns.h"

#include "base/mem.h"
#include "base/num.h"
#include "csv/csv.h"
#include "json/json.h"
#include "logql/parse.h"
#include "query/drain.h"
#include "query/template.h"
#include "time/time.h"

static int take(void *data, const struct log_entry *x, struct err *e)
{
	return drain_add(data, x->ts_ns, x->line, e);
}

static int pause_not(void *data, struct err *e)
{
	(void)data;
	(void)e;
	return 0;
}

/* --- the answer ------------------------------------------------------------------------------ */

struct row {
	struct bytes text;
	const struct drain_pattern *p;
};

static int most_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->p->n != y->p->n)
		return x->p->n > y->p->n ? -1 : 1;
	return bytes_cmp(x->text, y->text);
}

static void add_samples(struct buf *b, const struct drain_pattern *p)
{
	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t ms = p->sample[i].ts_ns / NS_PER_MS;

		buf_add_str(b, i ? ",[" : "[");
		num_add_double(b, (double)ms / 1000);
		buf_addf(b, ",%llu]", (unsigned long long)p->sample[i].n);
	}
}

static void add_row(struct buf *b, const struct row *r, enum format format)
{
	unsigned long long n = r->p->n;

	switch (format) {
	case FORMAT_API:
	case FORMAT_JSONL:
		buf_add_str(b, "{\"pattern\":");
		json_add_quoted(b, r->text);
		if (format == FORMAT_JSONL)
			buf_addf(b, ",\"count\":%llu", n);
		buf_add_str(b, ",\"samples\":[");
		add_samples(b, r->p);
		buf_add_str(b, "]}");
		break;
	case FORMAT_CSV:
		buf_addf(b, "%llu,", n);
		csv_add(b, r->text);
		break;
	case FORMAT_DEFAULT:
		buf_addf(b, "%llu ", n);
		buf_add_bytes(b, r->text);
		break;
	case FORMAT_RAW:
		buf_add_bytes(b, r->text);
		break;
	}
	if (format != FORMAT_API)
		buf_add_char(b, '\n');
}

static int print(const struct drain *d, uint64_t limit, enum format format, FILE *out,
		 uint64_t *ret_n, struct err *e)
{
	struct row *rows = mem_alloc((DRAIN_PATTERNS + 1) * sizeof(*rows));
	struct arena mem = { 0 };
	struct buf b = { 0 };
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i <= DRAIN_PATTERNS; i++) {
		if (d->v[i].n == 0)
			continue;
		buf_reset(&b);
		drain_add_text(&b, &d->v[i]);
		rows[n++] = (struct row){ arena_copy(&mem, buf_bytes(&b)), &d->v[i] };
	}
	qsort(rows, n, sizeof(*rows), most_first);
	if (limit && n > limit)
		n = (size_t)limit;
	buf_reset(&b);
	buf_add_str(&b, format == FORMAT_API   ? "{\"status\":\"success\",\"data\":["
			: format == FORMAT_CSV ? "count,pattern\n"
					       : "");
	for (size_t i = 0; i < n; i++) {
		if (format == FORMAT_API && i)
			buf_add_char(&b, ',');
		add_row(&b, &rows[i], format);
	}
	if (format == FORMAT_API)
		buf_add_str(&b, "]}\n");
	*ret_n = n;
	if (b.n && fwrite(b.p, 1, b.n, out) != b.n)
		r = err_sys(e, "cannot write");
	buf_release(&b);
	arena_release(&mem);
	free(rows);
	return r;
}

int patterns_ask(const struct query_opts *opts, const char *text, unsigned flags,
		 enum format format, FILE *out, uint64_t *ret_n, struct err *e)
{
	const struct logql_opts parse = { .flags = flags, .check_template = template_check };
	struct query_opts o = *opts;
	struct drain *d;
	struct query_out to = { .entry = take, .pause = pause_not };
	struct logql_query q;
	uint64_t n;
	int r;

	if (logql_parse(bytes_str(text), &parse, &q, NULL, e) < 0)
		return -1;
	d = drain_new();
	d->step_ns = o.has_step ? o.step_ns : PATTERNS_STEP_NS;
	d->fixed_step = o.has_step;
	to.data = d;
	o.limit = o.limits.entries = 0; /* no entry is printed */
	o.dir = FORWARD;		/* so that samples come in order */
	o.has_dir = true;
	if (!logql_is_log(&q) || (!(flags & LOGQL_ANY_SELECTOR) && q.root->log->n_stages))
		r = err_set(e, ERR_QUERY, "only label matchers are supported");
	else
		r = query_run(&q, &o, &to, &n, e);
	if (r == 0)
		r = print(d, opts->limit, format, out, ret_n, e);
	drain_free(d);
	logql_query_release(&q);
	return r;
}
