/* What stands inside strings of a query: paths, patterns, addresses, regexes. Each function gets
 * the text already in the arena, and on failure an error whose text goes into the parse error. */
#ifndef LOGQL_DETAIL_H
#define LOGQL_DETAIL_H

#include "logql/tree.h"

/* a.b[0]["c d"] */
MUST_CHECK int detail_json_path(struct arena *a, struct logql_extract *x, struct err *e);
/* a, or "a b" */
MUST_CHECK int detail_logfmt_path(struct arena *a, struct logql_extract *x, struct err *e);

/* The pattern of `| pattern`: at least one capture with a name. */
MUST_CHECK int detail_pattern(struct arena *a, struct bytes text, struct logql_pattern **ret,
			      struct err *e);
/* The pattern of |> and !>: no capture with a name. */
MUST_CHECK int detail_line_pattern(struct arena *a, struct bytes text, struct logql_pattern **ret,
				   struct err *e);

MUST_CHECK int detail_ip(struct arena *a, struct bytes text, struct logql_ip **ret, struct err *e);

/* A regex; how is 0 or REGEX_PCRE. *ret_empty (unless NULL): it matches the empty text, all of it.
 */
MUST_CHECK int detail_regex(struct bytes text, unsigned how, bool *ret_empty, struct err *e);
/* The regex of label_replace, judged between ^(?: and )$ as Loki does. */
MUST_CHECK int detail_whole_regex(struct bytes text, unsigned how, struct err *e);
/* The regex of `| regexp`: at least one named group, no name twice. */
MUST_CHECK int detail_named_regex(struct bytes text, unsigned how, struct err *e);

#endif
