#include "prompt/session.h"

#include <unistd.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/num.h"
#include "prompt/edit.h"
#include "prompt/mark.h"
#include "query/ask_explain.h"
#include "query/ask_options.h"
#include "time/time.h"

void session_release(struct session *s)
{
	buf_release(&s->since);
	buf_release(&s->from);
	buf_release(&s->to);
	buf_release(&s->last);
	page_release(&s->page);
	free(s->told);
}

void session_say(const struct session *s, const char *fmt, ...)
{
	va_list va;

	if (!s->terminal)
		return;
	va_start(va, fmt);
	vfprintf(stderr, fmt, va);
	va_end(va);
	fputc('\n', stderr);
}

void session_describe(const struct session *s, struct buf *ret)
{
	const struct query_opts *q = &s->ask.q;
	struct bytes tenant = q->has_tenant ? q->source.tenant : BYTES_LIT("fake");

	if (s->n_files)
		num_add_count(ret, s->n_files, "file", "files");
	else if (q->source.store)
		buf_addf(ret, "store '%s'", q->source.store);
	if (!s->n_files && q->source.store && q->source.wal)
		buf_add_str(ret, " and ");
	if (!s->n_files && q->source.wal)
		buf_addf(ret, "log '%s'", q->source.wal);
	if (!s->n_files || q->has_tenant)
		buf_addf(ret, ", tenant %.*s", BYTES_ARG(tenant));
	if (s->since.n)
		buf_addf(ret, ", the last %.*s", BYTES_ARG(buf_bytes(&s->since)));
	if (s->from.n)
		buf_addf(ret, ", from %.*s", BYTES_ARG(buf_bytes(&s->from)));
	else if (q->has_from) {
		buf_add_str(ret, ", from ");
		time_add_rfc3339(ret, q->from);
	}
	if (s->to.n)
		buf_addf(ret, " to %.*s", BYTES_ARG(buf_bytes(&s->to)));
	else if (q->has_to) {
		buf_add_str(ret, " to ");
		time_add_rfc3339(ret, q->to);
	}
	if (!s->since.n && !s->from.n && !s->to.n && !q->has_from && !q->has_to)
		buf_add_str(ret, ", all time");
}

/* --- what is told meanwhile ------------------------------------------------------------------ */

/* Kept, since it would stand in the middle of an answer. Beyond TOLD_MAX it is more of the same. */
static void tell(struct session *s, enum told_kind kind, const struct err *e)
{
	for (size_t i = 0; i < s->n_told; i++)
		if (strcmp(s->told[i].err.msg, e->msg) == 0)
			return;
	if (s->n_told == TOLD_MAX)
		return;
	mem_grow(&s->told, &s->cap_told, s->n_told + 1, sizeof(*s->told));
	s->told[s->n_told++] = (struct told){ kind, *e };
}

static void on_damage(void *session, const struct err *e)
{
	tell(session, TOLD_DAMAGE, e);
}

static void on_warning(void *session, const struct err *e)
{
	tell(session, TOLD_WARNING, e);
}

static void on_note(void *session, const struct err *e)
{
	tell(session, TOLD_NOTE, e);
}

static void report_told(struct session *s)
{
	for (size_t i = 0; i < s->n_told; i++) {
		const struct told *t = &s->told[i];

		if (t->kind == TOLD_DAMAGE)
			cli_report(s->cli, &t->err);
		else if (t->kind == TOLD_WARNING)
			cli_warn(s->cli, "%s", t->err.msg);
		else
			cli_note(s->cli, "%s", t->err.msg);
	}
	s->n_told = 0;
}

/* --- one answer ------------------------------------------------------------------------------ */

/* Options of the command line hold for the statements that they say something about. */
static void drop_options(struct ask *a, enum query_kind kind)
{
	struct query_opts *q = &a->q;

	if (kind != QUERY_LOG || a->format != FORMAT_API) {
		a->encoding_flags = (struct bytes){ 0 };
		a->categorize = false;
	}
	if (kind != QUERY_METRIC)
		q->has_at = q->has_memory = false;
	if (kind == QUERY_SERIES) {
		q->has_step = q->has_limit = q->has_dir = false;
		q->step_ns = 0;
	}
}

int session_ask(const struct session *s, enum query_kind kind, struct ask *ret, struct err *e)
{
	struct ask a = s->ask;
	struct buf text = { 0 };
	int r = 0;

	if (!a.q.has_now)
		a.q.source.now_ns = time_now_ns();
	a.q.source.interruptible = s->terminal;
	if (s->since.n)
		buf_addf(&text, "-%.*s", BYTES_ARG(buf_bytes(&s->since)));
	else
		buf_add_bytes(&text, buf_bytes(&s->from));
	if (text.n)
		r = ask_take_option(&a, "from", buf_str(&text), e);
	buf_reset(&text);
	buf_add_bytes(&text, buf_bytes(&s->to));
	if (r == 0 && text.n)
		r = ask_take_option(&a, "to", buf_str(&text), e);
	buf_release(&text);
	if (r < 0)
		return -1;
	drop_options(&a, kind);
	*ret = a;
	return 0;
}

static void tell_end(struct session *s, const struct ask *a, enum query_kind kind, int64_t ns)
{
	struct buf b = { 0 };

	if (kind == QUERY_LOG && a->q.limit && a->n_found == a->q.limit)
		session_say(s, "(the limit: \\limit N for more)");
	if (s->timing && a->explain == EXPLAIN_PLAN) {
		fprintf(stderr, "done in %.1f ms\n", (double)ns / NS_PER_MS);
	} else if (s->timing) {
		num_add_count(&b, a->n_found, kind == QUERY_LOG ? "entry" : "series",
			      kind == QUERY_LOG ? "entries" : "series");
		fprintf(stderr, "%s in %.1f ms\n", kind == QUERY_SERIES ? "done" : buf_str(&b),
			(double)ns / NS_PER_MS);
	}
	buf_release(&b);
}

typedef int session_answer_fn(struct session *s, struct ask *a, void *data, struct err *e);

/* Calls answer with a place to write to, and tells what came of it. */
static int answer(struct session *s, enum query_kind kind, session_answer_fn *fn, void *data,
		  struct err *e)
{
	struct ask a;
	struct err page_err;
	int64_t began = time_mono_ns(), ns;
	bool stopped, is_none;
	int r, left;

	if (session_ask(s, kind, &a, e) < 0)
		return -1;
	a.q.source.damage = on_damage;
	a.q.source.warn = on_warning;
	a.q.source.note = on_note;
	a.q.source.damage_data = s;
	a.out = page_begin(&s->page);
	a.terminal = s->page.terminal && !s->page.file;
	a.color = !s->page.file && cli_color(a.color_when);
	r = fn(s, &a, data, e);
	ns = time_mono_ns() - began;
	stopped = r < 0 && s->terminal && interrupt_waits();
	is_none = r < 0 && e->code == ERR_NO;
	left = page_end(&s->page, &page_err);
	report_told(s);
	interrupt_take(); /* also one that was meant for the pager */
	if (stopped || (r < 0 && left > 0)) {
		if (stopped)
			session_say(s, "stopped");
		return 0;
	}
	if (left < 0 && (r == 0 || is_none)) {
		*e = page_err;
		return -1;
	}
	if (is_none)
		session_say(s, "nothing found");
	else if (r < 0)
		return -1;
	tell_end(s, &a, kind, ns);
	return 0;
}

/* --- queries --------------------------------------------------------------------------------- */

static int answer_query(struct session *s, struct ask *a, void *text, struct err *e)
{
	return ask_query(a, text, s->files, s->n_files, e);
}

static void mark(const struct session *s, struct bytes text, const struct logql_pos *pos)
{
	struct buf b = { 0 };
	unsigned cols = 80, rows;

	if (s->terminal)
		edit_size(stderr, &cols, &rows);
	mark_add(&b, text, pos, cols);
	fputs(buf_str(&b), stderr);
	buf_release(&b);
}

int session_query(struct session *s, struct bytes text, struct err *e)
{
	const struct logql_opts parse = ask_parse_opts(&s->ask);
	struct logql_query q;
	struct logql_pos pos;
	int r;

	if (logql_parse(text, &parse, &q, &pos, e) < 0) {
		mark(s, text, &pos);
		return -1;
	}
	buf_reset(&s->last);
	buf_add_bytes(&s->last, text);
	r = answer(s, logql_is_log(&q) ? QUERY_LOG : QUERY_METRIC, answer_query,
		   (char *)buf_str(&s->last), e);
	logql_query_release(&q);
	return r;
}

/* --- how they are answered ------------------------------------------------------------------- */

struct explained {
	char *text;
	enum explain_how how;
};

static int answer_explained(struct session *s, struct ask *a, void *data, struct err *e)
{
	const struct explained *x = data;
	char **operand = mem_alloc((1 + s->n_files) * sizeof(*operand));
	int r;

	operand[0] = x->text;
	if (s->n_files)
		memcpy(operand + 1, s->files, s->n_files * sizeof(*operand));
	a->explain = x->how;
	a->n_found = 0;
	if (a->format == FORMAT_RAW || a->format == FORMAT_CSV)
		a->format = FORMAT_DEFAULT;
	r = ask_explain(a, operand, 1 + s->n_files, e);
	free(operand);
	return r;
}

int session_explain(struct session *s, enum explain_how how, struct bytes text, struct err *e)
{
	const struct logql_opts parse = ask_parse_opts(&s->ask);
	struct explained x = { .how = how };
	struct logql_query q;
	struct logql_pos pos;
	struct buf copy = { 0 };
	int r;

	buf_add_bytes(&copy, text.n ? text : buf_bytes(&s->last));
	if (!copy.n)
		return err_set(e, ERR_USAGE, "no query was asked yet; one is expected behind it");
	x.text = (char *)buf_str(&copy);
	r = logql_parse(buf_bytes(&copy), &parse, &q, &pos, e);
	if (r < 0)
		mark(s, buf_bytes(&copy), &pos);
	if (r == 0) {
		r = answer(s, logql_is_log(&q) ? QUERY_LOG : QUERY_METRIC, answer_explained, &x, e);
		logql_query_release(&q);
	}
	buf_release(&copy);
	return r;
}

/* --- about streams --------------------------------------------------------------------------- */

struct verb_operands {
	char **v;
	size_t n;
};

static int answer_verb(struct session *s, struct ask *a, void *data, struct err *e)
{
	const struct verb_operands *o = data;

	(void)s;
	return ask_run(a, o->v, o->n, e);
}

int session_verb(struct session *s, char **operand, size_t n, struct err *e)
{
	struct verb_operands o = { mem_alloc((n + s->n_files) * sizeof(*o.v)), n + s->n_files };
	int r;

	memcpy(o.v, operand, n * sizeof(*o.v));
	if (s->n_files)
		memcpy(o.v + n, s->files, s->n_files * sizeof(*o.v));
	r = answer(s, QUERY_SERIES, answer_verb, &o, e);
	free(o.v);
	return r;
}
