/*
 * Any text for the whole of a query: parsed, bound and run over a few entries of each kind, as a
 * log query or at three steps. It may be refused, and go over a limit; anything else is a bug.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ignore.h"
#include "logql/parse.h"
#include "query/explain.h"
#include "query/query.h"
#include "time/time.h"

static const char entries[] =
	"{\"ts\":\"1000000000\",\"labels\":{\"app\":\"web\",\"env\":\"dev\"},\"line\":\"\"}\n"
	"{\"ts\":\"2000000000\",\"labels\":{\"app\":\"web\",\"env\":\"dev\"},\"line\":\"{\\\"a\\\":"
	"\\\"x\\\",\\\"n\\\":3.5,\\\"d\\\":\\\"1m30s\\\",\\\"s\\\":\\\"5KiB\\\",\\\"o\\\":{"
	"\\\"p\\\":"
	"[1,{\\\"q\\\":2}]}}\",\"metadata\":{\"trace\":\"t1\",\"n\":\"7\"}}\n"
	"{\"ts\":\"3000000000\",\"labels\":{\"app\":\"web\",\"env\":\"dev\"},\"line\":\"{\\\"a\\\":"
	"\\\"\\\\u00e9\\\\n\\\",\\\"n\\\":\"}\n"
	"{\"ts\":\"3000000000\",\"labels\":{\"app\":\"api\"},\"line\":\"a=x n=3 d=250ms s=7 "
	"ip=10.0.0.7 "
	"e= bare q=\\\"a b\\\" x=y=z\"}\n"
	"{\"ts\":\"4000000000\",\"labels\":{\"app\":\"api\"},\"line\":\"10.0.0.7 - bob [x] \\\"GET "
	"/p\\\" "
	"200 \\u001b[31mred\\u001b[0m 2001:db8::7\"}\n"
	"{\"ts\":\"5000000000\",\"labels\":{\"app\":\"api\"},\"line\":\"{\\\"_entry\\\":\\\"a="
	"1\\\","
	"\\\"app\\\":\\\"y\\\"}\"}\n"
	"{\"ts\":\"6000000000\",\"labels\":{\"app\":\"api\"},\"line_b64\":\"//4gYT0B\"}\n";

static void run(const struct logql_query *q, enum metric_kind kind, enum explain_how how)
{
	bool log = logql_is_log(q), is_range = kind == METRIC_RANGE;
	char path[32], *files[] = { path };
	struct query_opts o = { .source = { .files = files,
					    .n_files = 1,
					    .now_ns = 10 * NS_PER_S,
					    .damage = ignore_message,
					    .warn = ignore_message,
					    .note = ignore_message },
				.from = NS_PER_S,
				.to = 9 * NS_PER_S,
				.has_from = log || is_range,
				.has_to = log || is_range,
				.kind = kind,
				.step_ns = 4 * NS_PER_S,
				.has_step = is_range,
				.at = 6 * NS_PER_S,
				.has_at = !log && !is_range,
				.max_bytes = 16 << 20,
				.has_memory = !log,
				.jobs = 1 };
	struct explain x;
	struct buf text = { 0 };
	int fd = memfd_create("entries", MFD_CLOEXEC);
	struct err e = { .code = ERR_NONE };
	uint64_t n;

	if (fd < 0 || write(fd, entries, sizeof(entries) - 1) != sizeof(entries) - 1)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	explain_init(&x, how);
	if (how != EXPLAIN_NOT)
		o.explain = &x;
	if (query_run(q, &o, &ignore_answer, &n, &e) < 0 && e.code != ERR_QUERY &&
	    e.code != ERR_LIMIT)
		abort();
	explain_print(&x, &text);
	explain_print_json(&x, &text);
	explain_release(&x);
	buf_release(&text);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct logql_opts any = { .flags = LOGQL_ANY_SELECTOR | LOGQL_ALLOW_VARIANTS };
	struct logql_query q;

	if (logql_parse(bytes_of(data, size), &any, &q, NULL, NULL) < 0)
		return 0;
	run(&q, METRIC_INSTANT, EXPLAIN_NOT);
	run(&q, METRIC_INSTANT, size % 2 ? EXPLAIN_PLAN : EXPLAIN_ANALYZE);
	if (!logql_is_log(&q))
		run(&q, METRIC_RANGE, size % 3 ? EXPLAIN_NOT : EXPLAIN_ANALYZE);
	logql_query_release(&q);
	return 0;
}
