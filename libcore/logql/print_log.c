/* The one-line form of selectors and stages. */
#include "base/num.h"
#include "labels/quote.h"
#include "logql/print.h"
#include "logql/printer.h"
#include "logql/unit.h"
#include "time/time.h"

static void print_matcher(struct buf *b, const struct logql_matcher *m)
{
	buf_add_bytes(b, m->name);
	buf_add_str(b, logql_match_op_name(m->op));
	quote_add(b, m->value);
}

void logql_print_selector(struct buf *b, const struct logql_log *log)
{
	buf_add_char(b, '{');
	for (size_t i = 0; i < log->n_matchers; i++) {
		buf_add_str(b, i ? ", " : "");
		print_matcher(b, &log->matchers[i]);
	}
	buf_add_char(b, '}');
}

static void print_ip(struct buf *b, struct bytes text)
{
	buf_add_str(b, "ip(");
	quote_add(b, text);
	buf_add_char(b, ')');
}

void print_filter(struct buf *b, const struct logql_filter *f, enum print_style style)
{
	if (f->kind == LOGQL_FILTER_AND || f->kind == LOGQL_FILTER_OR) {
		buf_add_str(b, "( ");
		print_filter(b, f->both.left, style);
		buf_add_str(b, f->kind == LOGQL_FILTER_AND ? " , " : " or ");
		print_filter(b, f->both.right, style);
		buf_add_str(b, " )");
		return;
	}
	if (f->kind == LOGQL_FILTER_MATCH) {
		print_matcher(b, &f->match);
		return;
	}
	buf_add_bytes(b, f->cmp.name);
	if (f->kind == LOGQL_FILTER_IP) {
		buf_add_str(b, f->cmp.op == LOGQL_EQ ? "=" : "!=");
		print_ip(b, f->cmp.ip->text);
		return;
	}
	buf_add_str(b, logql_op_name(f->cmp.op));
	if (f->kind == LOGQL_FILTER_NUMBER)
		num_add_double(b, f->cmp.number);
	else if (f->kind == LOGQL_FILTER_DURATION)
		time_add_duration(b, f->cmp.duration_ns);
	else if (style == PRINT_LOKI)
		unit_add_bytes(b, f->cmp.bytes);
	else
		buf_addf(b, "%lluB", (unsigned long long)f->cmp.bytes);
}

static void print_line_filter(struct buf *b, const struct logql_line_filter *f)
{
	buf_add_str(b, logql_line_op_name(f->op));
	for (size_t i = 0; i < f->n_alts; i++) {
		buf_add_str(b, i ? " or " : " ");
		if (f->alts[i].ip)
			print_ip(b, f->alts[i].text);
		else
			quote_add(b, f->alts[i].text);
	}
}

static void print_extracts(struct buf *b, const struct logql_stage *s)
{
	if (s->extract.strict)
		buf_add_str(b, " --strict");
	if (s->extract.keep_empty)
		buf_add_str(b, " --keep-empty");
	for (size_t i = 0; i < s->extract.n; i++) {
		buf_add_char(b, i ? ',' : ' ');
		buf_add_bytes(b, s->extract.v[i].label);
		buf_add_char(b, '=');
		quote_add(b, s->extract.v[i].expr);
	}
}

static void print_label_format(struct buf *b, const struct logql_stage *s)
{
	for (size_t i = 0; i < s->label_format.n; i++) {
		const struct logql_format *f = &s->label_format.v[i];

		buf_add_char(b, i ? ',' : ' ');
		buf_add_bytes(b, f->dst);
		buf_add_char(b, '=');
		if (f->is_rename)
			buf_add_bytes(b, f->src);
		else
			quote_add(b, f->src);
	}
}

static void print_picks(struct buf *b, const struct logql_stage *s)
{
	for (size_t i = 0; i < s->pick.n; i++) {
		const struct logql_pick *pick = &s->pick.v[i];

		buf_add_char(b, i ? ',' : ' ');
		if (pick->has_matcher)
			print_matcher(b, &pick->matcher);
		else
			buf_add_bytes(b, pick->matcher.name);
	}
}

void print_stage(struct buf *b, const struct logql_stage *s, enum print_style style)
{
	if (s->kind == LOGQL_LINE_FILTER) {
		print_line_filter(b, &s->line_filter);
		return;
	}
	buf_add_str(b, "| ");
	if (s->kind != LOGQL_LABEL_FILTER)
		buf_add_str(b, logql_stage_name(s->kind));
	switch (s->kind) {
	case LOGQL_JSON:
	case LOGQL_LOGFMT:
		print_extracts(b, s);
		break;
	case LOGQL_REGEXP:
		buf_add_char(b, ' ');
		quote_add(b, s->regexp.text);
		break;
	case LOGQL_PATTERN:
		buf_add_char(b, ' ');
		quote_add(b, s->pattern->text);
		break;
	case LOGQL_LABEL_FILTER:
		print_filter(b, s->filter, style);
		break;
	case LOGQL_LINE_FORMAT:
		buf_add_char(b, ' ');
		quote_add(b, s->line_format);
		break;
	case LOGQL_LABEL_FORMAT:
		print_label_format(b, s);
		break;
	case LOGQL_DROP:
	case LOGQL_KEEP:
		print_picks(b, s);
		break;
	case LOGQL_LINE_FILTER:
	case LOGQL_UNPACK:
	case LOGQL_DECOLORIZE:
		break;
	}
}

void print_log(struct buf *b, const struct logql_log *log, enum print_style style)
{
	logql_print_selector(b, log);
	for (size_t i = 0; i < log->n_stages; i++) {
		buf_add_char(b, ' ');
		print_stage(b, &log->stages[i], style);
	}
}
