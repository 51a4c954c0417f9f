/*
 * |= != |~ !~ |> !> with their `or` chains, made ready to be asked of lines. A regex is tried only
 * on lines that hold a text it cannot do without.
 */
#ifndef LINES_LINE_FILTER_H
#define LINES_LINE_FILTER_H

#include "base/arena.h"
#include "base/find.h"
#include "logql/tree.h"

struct regex;

/* One alternative, or one of the texts of which a match of its regex holds one. */
struct line_alt {
	bool use_find;
	struct find find;
	struct regex *re; /* NULL for a literal; several may have the same one, the first owns it */
	bool begins;	  /* what re matches begins with what is found */
	const struct logql_ip *ip;	     /* ip("..") */
	const struct logql_pattern *pattern; /* |> */
};

struct line_filter {
	bool negate; /* a line stays when it fits none */
	size_t n;
	struct line_alt *v;
};

/* What it is made of lies in the arena, and in the tree. To be released, on failure too. Errors:
 * ERR_QUERY, with position. */
MUST_CHECK int line_filter_bind(struct arena *a, const struct logql_line_filter *tree,
				struct line_filter *ret, struct err *e);
void line_filter_release(struct line_filter *f);

/* Whether the line stays. A match that is given up, which only a regex of PCRE2's can be, sets
 * *gave_up, and is none. For any thread. */
bool line_filter_keeps(const struct line_filter *f, struct bytes line, struct err *gave_up);

/* Of an alternative whose text is found in the line, first at `at`: whether all of it fits. */
bool line_alt_confirm(const struct line_alt *a, struct bytes line, size_t at, struct err *gave_up);

#endif
