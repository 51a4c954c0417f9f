/*
 * LogQL: text in, tree out. What Grafana Loki 3 takes is taken, what it refuses is refused, and
 * the message begins as Loki's does:
 *
 *   parse error at line 1, col 13: syntax error: unexpected IDENTIFIER, expecting } or ,
 *   parse error : invalid aggregation sum_over_time without unwrap
 *
 * No I/O. The language: logql(7).
 */
#ifndef LOGQL_PARSE_H
#define LOGQL_PARSE_H

#include "logql/tree.h"

enum logql_flags {
	/* `{}` and selectors that match streams without any of their labels are fine: for raw files
	 * and small stores. Loki refuses them. */
	LOGQL_ANY_SELECTOR = 1 << 0,
	/* variants(...) of (...), which Loki has behind a switch. */
	LOGQL_ALLOW_VARIANTS = 1 << 1,
	/* Regexes are in PCRE2's own language, with lookaround and backreferences. */
	LOGQL_PCRE = 1 << 2,
	/* Only metric queries: as at one moment, where Loki refuses the others before it looks at
	 * what their stages say. */
	LOGQL_NO_LOG = 1 << 3,
};

struct logql_opts {
	unsigned flags; /* of enum logql_flags */

	/* Judges a template of line_format (name "line") or label_format ("label"). -1: wrong, with
	 * e's text. May be NULL: templates are not looked at. */
	int (*check_template)(void *ctx, const char *name, struct bytes text, struct err *e);

	void *ctx;
};

/*
 * Parses a log or metric query. opts may be NULL (all zero). The text is copied.
 *
 * On failure ret_pos, unless NULL, says where: the place of the text for a syntax error, of the
 * expression or stage that is wrong for the others.
 *
 * Errors: ERR_QUERY the text is no LogQL, or over one of the limits of tree.h.
 */
MUST_CHECK int logql_parse(struct bytes text, const struct logql_opts *opts,
			   struct logql_query *ret, struct logql_pos *ret_pos, struct err *e);

/*
 * The same for what must be a selector alone, `{app="web", env=~"p.*"}`: the root is a LOGQL_LOG
 * without stages.
 *
 * Errors: ERR_QUERY, also for a query of any other kind.
 */
MUST_CHECK int logql_parse_selector(struct bytes text, const struct logql_opts *opts,
				    struct logql_query *ret, struct logql_pos *ret_pos,
				    struct err *e);

/*
 * Whether text is no query yet but the beginning of one, by what the parser misses: what only ends
 * too early, in a place where a next line may go on.
 */
bool logql_is_begun(struct bytes text, const struct logql_opts *opts);

#endif
