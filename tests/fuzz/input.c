/*
 * Any bytes as a file that is asked: the first one says how, the others are what its own first
 * bytes say: raw lines, JSON lines, a pack, a chunk, WAL records, something compressed. It may be
 * damaged, of another version, or over a limit; anything else is a bug.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ignore.h"
#include "logql/parse.h"
#include "query/query.h"
#include "time/time.h"

static void ask(const char *text, unsigned how, const char *path)
{
	const struct logql_opts any = { .flags = LOGQL_ANY_SELECTOR };
	char *files[] = { (char *)(uintptr_t)path };
	struct query_opts o = { .source = { .files = files,
					    .n_files = 1,
					    .input = (enum input_kind)(how % 3),
					    .raw_time = (enum raw_time)(how / 3 % 4),
					    .time_field = BYTES_LIT("ts"),
					    .now_ns = INT64_C(1768472231328620347),
					    .damage = ignore_message,
					    .warn = ignore_message,
					    .note = ignore_message },
				.kind = METRIC_INSTANT,
				.at = INT64_C(1768472231328620347),
				.has_at = true,
				.max_bytes = 16 << 20,
				.has_memory = true,
				.jobs = 1 };
	struct logql_query q;
	struct err e = { .code = ERR_NONE };
	uint64_t n;

	if (logql_parse(bytes_str(text), &any, &q, NULL, &e) < 0)
		abort();
	if (logql_is_log(&q))
		o.has_at = o.has_memory = false;
	if (query_run(&q, &o, &ignore_answer, &n, &e) < 0 && e.code != ERR_CORRUPT &&
	    e.code != ERR_VERSION && e.code != ERR_LIMIT && e.code != ERR_USAGE &&
	    e.code != ERR_QUERY)
		abort();
	logql_query_release(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd;

	if (size == 0)
		return 0;
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ask("{} | json | logfmt", data[0], path);
	ask("sum(count_over_time({}[1h]))", data[0], path);
	close(fd);
	return 0;
}
