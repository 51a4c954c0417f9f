/*
 * Hints: another query that gives the same answer sooner, or a narrower one. Each is given only
 * where the plan shows that it saves something, and names its condition where that, or the answer,
 * depends on one.
 */
#include "labels/quote.h"
#include "logql/print.h"
#include "query/explain_scan.h"
#include "query/needles.h"

/* After --analyze, parsers that take less of the work than this, or drop less of the entries, are
 * left alone. */
static const double WORK_MIN = 0.2, DROPPED_MIN = 0.5;

static bool is_parser(enum logql_stage_kind kind)
{
	return kind == LOGQL_JSON || kind == LOGQL_LOGFMT || kind == LOGQL_REGEXP ||
	       kind == LOGQL_PATTERN || kind == LOGQL_UNPACK;
}

/* How many streams fit, those counted that filters rule out before they are in the plan. */
static uint64_t streams_of(const struct plan *p)
{
	uint64_t n = p->seen[SOURCE_STORE].streams_in;

	return n > p->n_streams ? n : p->n_streams;
}

/* Nothing is left to be read, or to be said of. */
static bool all_ruled_out(const struct plan *p)
{
	return p->n_streams == 0 && streams_of(p) > 0;
}

/* Whether every stream that is not ruled out has the label, so that a stage that reads the name
 * sees the stream's. */
static bool is_of_streams(const struct plan *p, struct bytes name)
{
	for (size_t i = 0; i < p->n_streams; i++)
		if (!labels_get_bytes(&p->stream[i].labels, name).p)
			return false;
	return p->n_streams > 0;
}

/* Words that stand in a line as they are, whatever its form. */
static bool is_plain(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '_' || c == '-' || c == '.'))
			return false;
	}
	return text.n >= 3;
}

static void advise_selector(struct explain *x, const struct explain_scan *s)
{
	const struct plan *p = s->scan->plan;
	const struct source_seen *store = &p->seen[SOURCE_STORE];
	bool any_fits = true, all_in = true;

	for (size_t i = 0; i < p->n_match; i++)
		any_fits = any_fits && matcher_match_value(&p->match[i], (struct bytes){ 0 });
	for (size_t k = 0; k < SOURCE_KINDS; k++)
		all_in = all_in && p->seen[k].by_labels == 0;
	if (any_fits && all_in && streams_of(p) > 1)
		explain_hint(x, "the selector fits every stream: one that names labels, as "
				"{app=\"...\"}, leaves the others unread");
	if (p->from == INT64_MIN && p->to == INT64_MAX && store->days > 1 && store->pieces_in)
		explain_hint(x, "all times are asked: --from and --to leave days unread");
}

/* | app="web" of a label that all streams have: the selector could say so. */
static void advise_label(struct explain *x, const struct explain_scan *s,
			 const struct logql_filter *f)
{
	const struct logql_matcher *m = &f->match;
	struct buf b = { 0 };

	if (f->kind != LOGQL_FILTER_MATCH || streams_of(s->scan->plan) < 2 ||
	    !is_of_streams(s->scan->plan, m->name))
		return;
	buf_add_bytes(&b, m->name);
	buf_add_str(&b, logql_match_op_name(m->op));
	quote_add(&b, m->value);
	explain_hint(x,
		     "%.*s is a label of the streams: with %s in the selector, those that do not "
		     "fit are not read",
		     BYTES_ARG(m->name), buf_str(&b));
	buf_release(&b);
}

/* Which stage of the pipeline that tree became. */
static const struct probe_step *step_of(const struct scan *s, const struct logql_stage *t)
{
	for (size_t i = 0; i < s->pipeline->n_stages; i++)
		if (s->pipeline->stage[i].tree == t)
			return &s->probe.stage[i];
	return NULL;
}

static double share_of(const struct scan *s, const struct probe_step *step)
{
	int64_t all = probe_work(&s->probe);

	return all > 0 ? (double)step->ns / (double)all : 0;
}

/* Of a run of the query: whether parsing took long, and was for nothing most of the time. */
static bool pays(const struct scan *s, const struct logql_stage *parser,
		 const struct logql_stage *filter)
{
	const struct probe_step *p, *f;

	if (!s->probed)
		return true;
	p = step_of(s, parser);
	f = step_of(s, filter);
	return p && f && share_of(s, p) >= WORK_MIN &&
	       (double)f->entries_out <= (1 - DROPPED_MIN) * (double)p->entries_in;
}

/* | json | level="error": the lines that are wanted have the word in them. */
static void advise_text(struct explain *x, const struct explain_scan *s,
			const struct logql_stage *parser, const struct logql_stage *filter)
{
	const struct logql_matcher *m = &filter->filter->match;
	struct buf text = { 0 }, stage = { 0 };

	if (filter->filter->kind != LOGQL_FILTER_MATCH || m->op != MATCH_EQ ||
	    !is_plain(m->value) || all_ruled_out(s->scan->plan) ||
	    is_of_streams(s->scan->plan, m->name) || !pays(s->scan, parser, filter))
		return;
	quote_add(&text, m->value);
	buf_add_str(&stage, logql_stage_name(parser->kind));
	explain_hint(x,
		     "|= %s before | %s leaves lines without it unparsed, where %.*s is a field "
		     "of the line",
		     buf_str(&text), buf_str(&stage), BYTES_ARG(m->name));
	buf_release(&text);
	buf_release(&stage);
}

/* |= "5xx", of which nothing is asked of filters, and of nothing else of the query either. */
static void advise_longer(struct explain *x, const struct explain_scan *s,
			  const struct logql_line_filter *f)
{
	const struct plan *p = s->scan->plan;
	struct buf text = { 0 };

	if (!p->needles || p->needles->all.n || f->op != LOGQL_LINE_HAS || f->n_alts != 1 ||
	    f->alts->ip || !f->alts->text.n ||
	    p->seen[SOURCE_STORE].bytes_in < EXPLAIN_WORTH_A_FILTER)
		return;
	quote_add(&text, f->alts->text);
	explain_hint(
		x,
		"%s is too short for filters: where packs have them, a text of 4 bytes with a "
		"letter beyond f, or of 16 hexadecimal digits, leaves blocks without it unread",
		buf_str(&text));
	buf_release(&text);
}

static bool has_text(const struct logql_log *log)
{
	for (size_t i = 0; i < log->n_stages; i++)
		if (log->stages[i].kind == LOGQL_LINE_FILTER &&
		    log->stages[i].line_filter.op == LOGQL_LINE_HAS)
			return true;
	return false;
}

void explain_advise(struct explain *x, const struct explain_scan *s)
{
	const struct logql_stage *parser = NULL, *t = s->log->stages;
	bool same_line = true, same_labels = true, ask_text = s->scan->probed || !has_text(s->log);

	advise_selector(x, s);
	for (size_t i = 0; i < s->log->n_stages; i++, t++) {
		if (t->kind == LOGQL_LABEL_FORMAT || t->kind == LOGQL_DROP ||
		    t->kind == LOGQL_KEEP || t->kind == LOGQL_UNPACK)
			same_labels = false;
		if (t->kind == LOGQL_LINE_FORMAT || t->kind == LOGQL_UNPACK)
			same_line = false;
		if (is_parser(t->kind) && !parser)
			parser = t;
		if (t->kind == LOGQL_LINE_FILTER && same_line)
			advise_longer(x, s, &t->line_filter);
		if (t->kind == LOGQL_LABEL_FILTER && same_labels)
			advise_label(x, s, t->filter);
		if (t->kind == LOGQL_LABEL_FILTER && same_labels && parser && ask_text)
			advise_text(x, s, parser, t);
	}
}
