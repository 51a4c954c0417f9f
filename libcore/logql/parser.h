/*
 * The parser from inside: what parse.c, parse_log.c, parse_filter.c and parse_metric.c share.
 * It is a recursive descent with one lexeme of look-ahead, p->lex.cur. A function that gets
 * something wrong has set the error and returns -1, and all above it return at once.
 *
 * Errors come in three kinds, in the order in which Loki finds them: syntax, at the lexeme that
 * cannot stand there; a rule broken by a part that is read completely; and a stage that cannot work
 * (a bad regex, path or template), which is told only when the whole text parsed.
 */
#ifndef LOGQL_PARSER_H
#define LOGQL_PARSER_H

#include "logql/lex.h"
#include "logql/parse.h"

enum refusal {
	REFUSED_BY_RULE, /* or not at all */
	REFUSED_WORD,	 /* a lexeme cannot stand where it does */
	REFUSED_END,	 /* more must follow: the text ends too early */
};

struct parser {
	struct lexer lex;
	struct arena *arena;
	const struct logql_opts *opts;
	unsigned depth; /* of nested parse functions */
	struct err *e;
	struct logql_pos error_pos;
	enum refusal refusal; /* why it is an error */

	const char *piped; /* what stands right behind the | of the last stage */

	struct err late; /* the first stage that cannot work; code is ERR_NONE without */
	struct logql_pos late_pos;
	bool has_open_selector; /* one that matches streams with none of its labels */
	struct logql_pos open_selector;
};

void parse_set_unexpected(struct parser *p, const char *expecting);
/* "unexpected CUR, EXPECTING": "expecting ..." where Loki lists what could stand there, else "want
 * ..." in our words. NULL for neither. Returns -1. */
static inline int parse_unexpected(struct parser *p, const char *expecting)
{
	parse_set_unexpected(p, expecting); /* here, so that analyzers see the -1 */
	return -1;
}
/* A broken rule: "parse error : TEXT". Returns -1. */
int parse_fail(struct parser *p, struct logql_pos pos, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Stage s cannot work. Parsing goes on. */
void parse_fail_stage(struct parser *p, const struct logql_stage *s, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Begins a nested part; -1 when that is too deep. parse_leave() ends it. */
MUST_CHECK int parse_enter(struct parser *p);
void parse_leave(struct parser *p);

static inline bool parse_at(const struct parser *p, enum lex_kind kind)
{
	return p->lex.cur.kind == kind;
}

/* Moves on when the current lexeme is of that kind. */
bool parse_skip(struct parser *p, enum lex_kind kind);
/* Must be of that kind; *ret (unless NULL) is a copy of it; moves on. */
MUST_CHECK int parse_take(struct parser *p, enum lex_kind kind, const char *expecting,
			  struct lexeme *ret);
/* An identifier, copied. */
MUST_CHECK int parse_name(struct parser *p, const char *expecting, struct bytes *ret);
/* NAME {, NAME} in parentheses, possibly none. */
MUST_CHECK int parse_names(struct parser *p, struct bytes **ret, size_t *ret_n);
/* A number, with a sign in front perhaps. */
MUST_CHECK int parse_number(struct parser *p, const char *expecting, double *ret);
/* The value of a number lexeme. */
MUST_CHECK int parse_number_text(struct parser *p, const struct lexeme *x, double *ret);

/* A zeroed node in the arena. */
#define parse_new(p, type) ((type *)arena_zalloc((p)->arena, sizeof(type)))
/* The array v of n elements with room for one more: v, or a copy of it. */
void *parse_grow(struct parser *p, void *v, size_t n, size_t size);

/* The language of regexes, as regex_new() wants it. */
unsigned parse_regex_how(const struct parser *p);

/* --- parse_log.c --- */

/* {...} and its check. */
MUST_CHECK int parse_selector(struct parser *p, struct logql_log *log);
/* Appends all stages that follow; with ret_unwrap also `| unwrap`, which ends them. */
MUST_CHECK int parse_stages(struct parser *p, struct logql_log *log,
			    struct logql_unwrap **ret_unwrap);

/* --- parse_filter.c --- */

/* name op value ... : the filters of one stage, one tree. */
MUST_CHECK int parse_filter(struct parser *p, struct logql_stage *stage, struct logql_filter **ret);
/* The alternatives behind a line filter's operator. */
MUST_CHECK int parse_line_alts(struct parser *p, struct logql_line_filter *f);
/* = != =~ !~ as a matcher's operator; false for others. */
bool parse_match_op(enum lex_kind kind, enum match_op *ret);
/* The value of a matcher that has its operator. *ret_empty (unless NULL): what lacks the label gets
 * through. */
MUST_CHECK int parse_matcher_value(struct parser *p, struct logql_matcher *m, bool *ret_empty);

/* --- parse_metric.c --- */

/* A log or metric expression. */
MUST_CHECK int parse_expr(struct parser *p, struct logql_expr **ret);

#endif
