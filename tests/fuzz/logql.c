/*
 * Any text for the LogQL parser. What parses must come back from its print as the same tree, in the
 * form over lines it must parse, and that form must be stable: a second round changes nothing.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "logql/parse.h"
#include "logql/print.h"

static const struct logql_opts any = { .flags = LOGQL_ANY_SELECTOR | LOGQL_ALLOW_VARIANTS };

static void parse_again(struct bytes text, struct logql_query *ret)
{
	if (text.n > LOGQL_TEXT_MAX || logql_parse(text, &any, ret, NULL, NULL) < 0)
		abort();
}

static void check_print(const struct logql_query *q)
{
	struct logql_query again;
	struct buf text = { 0 };

	logql_print(&text, q->root);
	if (text.n <= LOGQL_TEXT_MAX) {
		parse_again(buf_bytes(&text), &again);
		if (!logql_expr_eq(q->root, again.root))
			abort();
		logql_query_release(&again);
	}
	buf_release(&text);
}

static void check_pretty(const struct logql_query *q)
{
	struct logql_query again;
	struct buf first = { 0 }, second = { 0 };

	logql_print_pretty(&first, q->root);
	if (first.n <= LOGQL_TEXT_MAX) {
		parse_again(buf_bytes(&first), &again);
		logql_print_pretty(&second, again.root);
		if (!bytes_eq(buf_bytes(&first), buf_bytes(&second)))
			abort();
		logql_query_release(&again);
	}
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct logql_query q;
	struct logql_pos pos = { 0 };
	struct err e = { .code = ERR_NONE };

	if (logql_parse(text, &any, &q, &pos, &e) < 0) {
		if (e.code != ERR_QUERY || pos.off > size || pos.line == 0 || pos.col == 0)
			abort();
		return 0;
	}
	check_print(&q);
	check_pretty(&q);
	logql_query_release(&q);
	return 0;
}
