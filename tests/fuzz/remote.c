/* What a server has answered to logql --addr: any bytes give entries, series, words or an error. */
#include "fuzz.h"

#include <stdlib.h>

#include "query/remote.h"
#include "time/time.h"

static void read_entries(struct bytes body, const struct remote_page *asked)
{
	struct remote_entries es = { 0 };
	struct arena mem = { 0 };
	struct err e;

	if (remote_read_entries(body, asked, &mem, &es, &e) == 0) {
		if (es.n > asked->n)
			abort();
		for (size_t i = 0; i < es.n; i++) {
			if (es.v[i].ts_ns < asked->from || time_is_behind(es.v[i].ts_ns, asked->to))
				abort();
			if (i && es.v[i].ts_ns < es.v[i - 1].ts_ns)
				abort();
		}
	}
	free(es.v);
	arena_release(&mem);
}

static void read_metric(struct bytes body)
{
	enum metric_kind kind;
	struct steps steps;
	struct vec v;
	struct err e;

	if (remote_read_metric(body, &v, &steps, &kind, &e) < 0)
		return;
	for (size_t i = 0; i < v.n; i++)
		if (kind == METRIC_INSTANT && steps.n == 1 && !v.v[i].has[0])
			abort();
	vec_release(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct remote_page few = { FORWARD, 1, 2, 3 };
	static const struct remote_page all = { FORWARD, INT64_MIN, INT64_MAX, UINT64_MAX };
	struct bytes body = bytes_of(data, size), *words, warning[REMOTE_WARNINGS_MAX];
	struct arena mem = { 0 };
	struct labels *sets;
	uint64_t count;
	struct err e;
	size_t n;

	read_entries(body, &few);
	read_entries(body, &all);
	read_metric(body);
	if (remote_read_words(body, &mem, &words, &n, &e) < 0 && e.code != ERR_CORRUPT)
		abort();
	if (remote_read_series(body, &mem, &sets, &n, &e) < 0 && e.code != ERR_CORRUPT)
		abort();
	remote_read_warnings(body, &mem, warning, &n);
	if (n > REMOTE_WARNINGS_MAX)
		abort();
	if (remote_read_count(body, "streams", &count, &e) < 0 && e.code != ERR_CORRUPT)
		abort();
	arena_release(&mem);
	return 0;
}
