/* Any lines, read by json and logfmt the fast way and the complete way: the answers are equal. The
 * first byte says which query and which grouping, newlines end lines. */
#include "fuzz.h"

#include "twice.h"

static const char *const queries[] = {
	"{a=\"b\"} | json",
	"{a=\"b\"} | json | status >= 500 | method != \"GET\"",
	"{a=\"b\"} | json | o_p = \"x\" or size > 1KB",
	"{a=\"b\"} | logfmt",
	"{a=\"b\"} | logfmt | status >= 500 | method != \"GET\"",
	"{a=\"b\"} | logfmt --strict | json | duration > 5ms",
	"{a=\"b\"} | logfmt --keep-empty --strict",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes method = { "method", 6 };
	static const struct grouping groupings[] = {
		{ .kind = GROUP_ALL },
		{ .kind = GROUP_BY },
		{ .kind = GROUP_BY, .n = 1, .labels = &method }
	};
	enum { QUERIES = sizeof(queries) / sizeof(queries[0]), GROUPINGS = 3 };
	struct label label[] = { { { "a", 1 }, { "b", 1 } }, { { "status", 6 }, { "1", 1 } } };
	const struct labels stream = { label, data && size && data[0] & 0x80 ? 2 : 1 };
	struct buf lines = { 0 };
	struct twice t;

	if (size < 2 || size > 1 << 16)
		return 0;
	buf_add(&lines, (const char *)data + 1, size - 1);
	buf_add_char(&lines, '\n');
	twice_init(&t, queries[data[0] % QUERIES], &groupings[data[0] / QUERIES % GROUPINGS],
		   &stream);
	twice_lines(&t, buf_bytes(&lines));
	twice_lines(&t, buf_bytes(&lines)); /* now its keys are known */
	twice_release(&t);
	buf_release(&lines);
	return 0;
}
