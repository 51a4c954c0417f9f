#include "deletes/filter.h"

#include "base/utf8.h"
#include "logql/parse.h"

static int bind_matchers(struct delete_filter *f, const struct logql_log *log, struct err *e)
{
	f->match = arena_alloc(&f->mem, (log->n_matchers + 1) * sizeof(*f->match));
	for (size_t i = 0; i < log->n_matchers; i++) {
		const struct logql_matcher *m = &log->matchers[i];

		if (matcher_init(&f->match[i], m->op, m->name, m->value, m->how, e) < 0)
			return -1;
		f->n_match++;
	}
	return 0;
}

static int bind_lines(struct delete_filter *f, const struct logql_log *log, struct err *e)
{
	f->line = arena_alloc(&f->mem, (log->n_stages + 1) * sizeof(*f->line));
	for (size_t i = 0; i < log->n_stages; i++) {
		const struct logql_stage *t = &log->stages[i];

		if (t->kind != LOGQL_LINE_FILTER)
			return err_set(e, ERR_QUERY,
				       "line %u, col %u: only line filters can say what to delete, "
				       "found %s",
				       t->pos.line, t->pos.col, logql_stage_name(t->kind));
		if (line_filter_bind(&f->mem, &t->line_filter, &f->line[f->n_lines++], e) < 0)
			return -1;
	}
	return 0;
}

int delete_filter_init(struct delete_filter *f, const struct delete_request *r, struct err *e)
{
	*f = (struct delete_filter){ .start_ns = r->start_ns, .end_ns = r->end_ns };
	memcpy(f->id, r->id, sizeof(f->id));
	if (!utf8_valid(r->query))
		return err_set(e, ERR_QUERY, "the query is not UTF-8");
	if (logql_parse(r->query, NULL, &f->tree, NULL, e) < 0) {
		f->tree = (struct logql_query){ 0 };
		return -1;
	}
	if (!logql_is_log(&f->tree))
		return err_set(e, ERR_QUERY, "expected a selector, which line filters may follow");
	return bind_matchers(f, f->tree.root->log, e) < 0 || bind_lines(f, f->tree.root->log, e) < 0
		       ? -1
		       : 0;
}

void delete_filter_release(struct delete_filter *f)
{
	for (size_t i = 0; i < f->n_match; i++)
		matcher_release(&f->match[i]);
	for (size_t i = 0; i < f->n_lines; i++)
		line_filter_release(&f->line[i]);
	if (f->tree.root)
		logql_query_release(&f->tree);
	arena_release(&f->mem);
	*f = (struct delete_filter){ 0 };
}

bool delete_filter_wants(const struct delete_filter *f, const struct labels *stream)
{
	return matcher_match_labels(f->match, f->n_match, stream);
}

bool delete_filter_means(const struct delete_filter *f, int64_t ts_ns, struct bytes line)
{
	if (ts_ns < f->start_ns || ts_ns > f->end_ns)
		return false;
	for (size_t i = 0; i < f->n_lines; i++)
		if (!line_filter_keeps(&f->line[i], line, NULL))
			return false;
	return true;
}
