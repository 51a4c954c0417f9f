/* Selectors and the stages of a pipeline. */
#include "logql/detail.h"
#include "logql/parser.h"

int parse_selector(struct parser *p, struct logql_log *log)
{
	const char *expecting = "expecting IDENTIFIER or }";
	bool is_open = true;

	log->pos = p->lex.cur.pos;
	if (parse_take(p, LEX_OPEN_BRACE, NULL, NULL) < 0)
		return -1;
	while (log->n_matchers > 0 || !parse_at(p, LEX_CLOSE_BRACE)) {
		struct logql_matcher m = { .pos = p->lex.cur.pos };
		bool empty;

		if (parse_name(p, expecting, &m.name) < 0)
			return -1;
		if (!parse_match_op(p->lex.cur.kind, &m.op))
			return parse_unexpected(p, "expecting = or =~ or !~ or !=");
		lex_next(&p->lex);
		if (parse_matcher_value(p, &m, &empty) < 0)
			return -1;
		is_open &= empty;
		log->matchers = parse_grow(p, log->matchers, log->n_matchers, sizeof(m));
		log->matchers[log->n_matchers++] = m;
		expecting = "expecting IDENTIFIER";
		if (!parse_skip(p, LEX_COMMA))
			break;
	}
	if (is_open && !p->has_open_selector) {
		p->has_open_selector = true;
		p->open_selector = log->pos;
	}
	return parse_take(p, LEX_CLOSE_BRACE, "expecting } or ,", NULL);
}

/* a="b.c", d: the expressions of json and logfmt, if any. */
static int parse_extracts(struct parser *p, struct logql_stage *s)
{
	if (!parse_at(p, LEX_IDENT))
		return 0;
	do {
		struct logql_extract x = { .pos = p->lex.cur.pos };
		struct lexeme value;

		if (parse_name(p, "expecting IDENTIFIER", &x.label) < 0)
			return -1;
		x.expr = x.label;
		if (parse_skip(p, LEX_ASSIGN)) {
			if (parse_take(p, LEX_STRING, "expecting STRING", &value) < 0)
				return -1;
			x.expr = value.str;
		}
		s->extract.v = parse_grow(p, s->extract.v, s->extract.n, sizeof(x));
		s->extract.v[s->extract.n++] = x;
	} while (parse_skip(p, LEX_COMMA));
	for (size_t i = 0; i < s->extract.n; i++) {
		struct logql_extract *x = &s->extract.v[i];
		struct err e;
		int rc = s->kind == LOGQL_JSON ? detail_json_path(p->arena, x, &e)
					       : detail_logfmt_path(p->arena, x, &e);

		if (rc < 0)
			parse_fail_stage(p, s, "%s", e.msg);
	}
	return 0;
}

static int parse_logfmt(struct parser *p, struct logql_stage *s)
{
	while (parse_at(p, LEX_FLAG)) {
		if (p->lex.cur.value)
			s->extract.keep_empty = true;
		else
			s->extract.strict = true;
		lex_next(&p->lex);
	}
	return parse_extracts(p, s);
}

static int parse_regexp(struct parser *p, struct logql_stage *s)
{
	struct lexeme x;
	struct err e;

	if (parse_take(p, LEX_STRING, "expecting STRING", &x) < 0)
		return -1;
	s->regexp.text = x.str;
	s->regexp.how = parse_regex_how(p);
	if (detail_named_regex(x.str, s->regexp.how, &e) < 0)
		return parse_fail(p, x.pos, "invalid regexp parser: %s", e.msg);
	return 0;
}

static int parse_pattern(struct parser *p, struct logql_stage *s)
{
	struct lexeme x;
	struct err e;

	if (parse_take(p, LEX_STRING, "expecting STRING", &x) < 0)
		return -1;
	if (detail_pattern(p->arena, x.str, &s->pattern, &e) < 0)
		return parse_fail(p, x.pos, "invalid pattern parser: %s", e.msg);
	return 0;
}

static int check_template(struct parser *p, const char *name, struct bytes text, struct err *e)
{
	return p->opts->check_template ? p->opts->check_template(p->opts->ctx, name, text, e) : 0;
}

static int parse_line_format(struct parser *p, struct logql_stage *s)
{
	struct lexeme x;
	struct err e;

	if (parse_take(p, LEX_STRING, "expecting STRING", &x) < 0)
		return -1;
	s->line_format = x.str;
	if (check_template(p, "line", x.str, &e) < 0)
		parse_fail_stage(p, s, "invalid line template: %s", e.msg);
	return 0;
}

/* What label_format refuses when it is complete. */
static void check_label_format(struct parser *p, struct logql_stage *s)
{
	for (size_t i = 0; i < s->label_format.n; i++) {
		const struct logql_format *f = &s->label_format.v[i];
		struct err e;

		if (bytes_is(f->dst, "__error__"))
			parse_fail_stage(p, s, "%.*s cannot be formatted", BYTES_ARG(f->dst));
		for (size_t j = 0; j < i; j++)
			if (bytes_eq(f->dst, s->label_format.v[j].dst))
				parse_fail_stage(p, s,
						 "multiple label name '%.*s' not allowed in a "
						 "single format operation",
						 BYTES_ARG(f->dst));
		if (!f->is_rename && check_template(p, "label", f->src, &e) < 0)
			parse_fail_stage(p, s, "invalid template for label '%.*s': %s",
					 BYTES_ARG(f->dst), e.msg);
		if (p->late.code != ERR_NONE)
			break;
	}
}

static int parse_label_format(struct parser *p, struct logql_stage *s)
{
	do {
		struct logql_format f = { .pos = p->lex.cur.pos };
		struct lexeme x;

		if (parse_name(p, "expecting IDENTIFIER", &f.dst) < 0 ||
		    parse_take(p, LEX_ASSIGN, "expecting =", NULL) < 0)
			return -1;
		f.is_rename = parse_at(p, LEX_IDENT);
		if (f.is_rename) {
			if (parse_name(p, NULL, &f.src) < 0)
				return -1;
		} else {
			if (parse_take(p, LEX_STRING, "expecting IDENTIFIER or STRING", &x) < 0)
				return -1;
			f.src = x.str;
		}
		s->label_format.v = parse_grow(p, s->label_format.v, s->label_format.n, sizeof(f));
		s->label_format.v[s->label_format.n++] = f;
	} while (parse_skip(p, LEX_COMMA));
	check_label_format(p, s);
	return 0;
}

/* The operands of drop and keep. */
static int parse_picks(struct parser *p, struct logql_stage *s)
{
	do {
		struct logql_pick pick = { .matcher.pos = p->lex.cur.pos };

		if (parse_name(p, "expecting IDENTIFIER", &pick.matcher.name) < 0)
			return -1;
		pick.has_matcher = parse_match_op(p->lex.cur.kind, &pick.matcher.op);
		if (pick.has_matcher) {
			lex_next(&p->lex);
			if (parse_matcher_value(p, &pick.matcher, NULL) < 0)
				return -1;
		}
		s->pick.v = parse_grow(p, s->pick.v, s->pick.n, sizeof(pick));
		s->pick.v[s->pick.n++] = pick;
	} while (parse_skip(p, LEX_COMMA));
	return 0;
}

/* | unwrap, the word itself being read. */
static int parse_unwrap(struct parser *p, struct logql_unwrap *u)
{
	struct lexeme x = p->lex.cur;

	if (parse_skip(p, LEX_CONV)) {
		u->conv = (enum logql_conv)x.value;
		if (parse_take(p, LEX_OPEN, "expecting (", NULL) < 0 ||
		    parse_name(p, "expecting IDENTIFIER", &u->label) < 0 ||
		    parse_take(p, LEX_CLOSE, "expecting )", NULL) < 0)
			return -1;
	} else if (parse_name(p,
			      "expecting IDENTIFIER or BYTES_CONV or DURATION_CONV or "
			      "DURATION_SECONDS_CONV",
			      &u->label) < 0) {
		return -1;
	}
	while (parse_at(p, LEX_PIPE)) {
		struct logql_stage stage = { .kind = LOGQL_LABEL_FILTER, .pos = p->lex.cur.pos };
		struct logql_filter *f;

		lex_next(&p->lex);
		if (!parse_at(p, LEX_IDENT) && !parse_at(p, LEX_OPEN))
			return parse_unexpected(p, "expecting IDENTIFIER or (");
		if (parse_filter(p, &stage, &f) < 0)
			return -1;
		u->filters = parse_grow(p, u->filters, u->n_filters, sizeof(struct logql_filter *));
		u->filters[u->n_filters++] = f;
	}
	return 0;
}

/* Takes patterns and addresses apart, and judges regexes. */
static int judge_alt(struct parser *p, enum logql_line_op op, struct logql_line_alt *alt,
		     struct err *e)
{
	switch (op) {
	case LOGQL_LINE_HAS:
	case LOGQL_LINE_HAS_NOT:
		return alt->ip ? detail_ip(p->arena, alt->text, &alt->ip, e) : 0;
	case LOGQL_LINE_RE:
	case LOGQL_LINE_NOT_RE:
		if (!alt->ip)
			return detail_regex(alt->text, parse_regex_how(p), NULL, e);
		break;
	case LOGQL_LINE_PATTERN:
	case LOGQL_LINE_NOT_PATTERN:
		if (!alt->ip)
			return detail_line_pattern(p->arena, alt->text, &alt->pattern, e);
		break;
	}
	return err_set(e, ERR_QUERY, "ip: invalid operation");
}

/* What a line filter refuses when it is complete. */
static void check_line_filter(struct parser *p, struct logql_stage *s)
{
	s->line_filter.how = parse_regex_how(p);
	for (size_t i = 0; i < s->line_filter.n_alts; i++) {
		struct err e;

		if (judge_alt(p, s->line_filter.op, &s->line_filter.alts[i], &e) < 0)
			parse_fail_stage(p, s, "%s", e.msg);
	}
}

static bool line_op(enum lex_kind kind, enum logql_line_op *ret)
{
	static const struct {
		enum lex_kind kind;
		enum logql_line_op op;
	} ops[] = {
		{ LEX_PIPE_EXACT, LOGQL_LINE_HAS },
		{ LEX_NE, LOGQL_LINE_HAS_NOT },
		{ LEX_PIPE_RE, LOGQL_LINE_RE },
		{ LEX_NRE, LOGQL_LINE_NOT_RE },
		{ LEX_PIPE_PATTERN, LOGQL_LINE_PATTERN },
		{ LEX_NOT_PATTERN, LOGQL_LINE_NOT_PATTERN },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (ops[i].kind == kind) {
			*ret = ops[i].op;
			return true;
		}
	}
	return false;
}

/* What stands behind the | of a stage. */
static int parse_piped(struct parser *p, struct logql_stage *s)
{
	static const struct {
		enum lex_kind word;
		enum logql_stage_kind kind;
		int (*parse)(struct parser *p, struct logql_stage *s); /* NULL: nothing follows */
	} stages[] = {
		{ LEX_JSON, LOGQL_JSON, parse_extracts },
		{ LEX_LOGFMT, LOGQL_LOGFMT, parse_logfmt },
		{ LEX_REGEXP, LOGQL_REGEXP, parse_regexp },
		{ LEX_PATTERN, LOGQL_PATTERN, parse_pattern },
		{ LEX_UNPACK, LOGQL_UNPACK, NULL },
		{ LEX_LINE_FORMAT, LOGQL_LINE_FORMAT, parse_line_format },
		{ LEX_LABEL_FORMAT, LOGQL_LABEL_FORMAT, parse_label_format },
		{ LEX_DECOLORIZE, LOGQL_DECOLORIZE, NULL },
		{ LEX_DROP, LOGQL_DROP, parse_picks },
		{ LEX_KEEP, LOGQL_KEEP, parse_picks },
	};

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (!parse_skip(p, stages[i].word))
			continue;
		s->kind = stages[i].kind;
		return stages[i].parse ? stages[i].parse(p, s) : 0;
	}
	if (!parse_at(p, LEX_IDENT) && !parse_at(p, LEX_OPEN))
		return parse_unexpected(p, "want a parser, a label filter, a format, drop or keep");
	s->kind = LOGQL_LABEL_FILTER;
	p->piped = p->lex.cur.text.p;
	return parse_filter(p, s, &s->filter);
}

int parse_stages(struct parser *p, struct logql_log *log, struct logql_unwrap **ret_unwrap)
{
	for (;;) {
		struct logql_stage s = { .pos = p->lex.cur.pos };

		if (line_op(p->lex.cur.kind, &s.line_filter.op)) {
			lex_next(&p->lex);
			s.kind = LOGQL_LINE_FILTER;
			if (parse_line_alts(p, &s.line_filter) < 0)
				return -1;
			check_line_filter(p, &s);
		} else if (!parse_skip(p, LEX_PIPE)) {
			return 0;
		} else if (ret_unwrap && parse_skip(p, LEX_UNWRAP)) {
			*ret_unwrap = parse_new(p, struct logql_unwrap);
			(*ret_unwrap)->pos = s.pos;
			return parse_unwrap(p, *ret_unwrap);
		} else if (parse_piped(p, &s) < 0) {
			return -1;
		}
		log->stages = parse_grow(p, log->stages, log->n_stages, sizeof(s));
		log->stages[log->n_stages++] = s;
	}
}
