/*
 * What a query takes beside time: how often memory is asked for, which may grow with blocks and
 * series and not with lines, and how much of it there is at once, which may not grow with the data.
 *
 * malloc and its kin are replaced in this program, so that what libraries ask for counts as well.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/sanitized.h"
#include "chunk/pack.h"
#include "logql/parse.h"
#include "query/format.h"
#include "time/time.h"

/* --- counting -------------------------------------------------------------------------------- */

static uint64_t n_asked;

#if !SANITIZED

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	n_asked++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	n_asked++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	n_asked++;
	return __libc_realloc(p, n);
}

#endif

/* --- data ------------------------------------------------------------------------------------ */

enum {
	BLOCK_ENTRIES = 1000,
	BLOCKS = 4, /* of a stream in the smaller pack; twice as many in the larger one */
	START = 1700000000,
};

static int json_line(char *p, size_t cap, unsigned i)
{
	return snprintf(p, cap,
			"{\"level\":\"%s\",\"method\":\"%s\",\"status\":%u,\"took\":\"%ums\","
			"\"bytes\":%u,\"user\":{\"id\":%u,\"name\":\"n\\\"%u\"},\"msg\":\"request "
			"%u done\",\"ip\":\"10.0.%u.7\",\"size\":\"%uKiB\",\"bad\":\"x%u\"}",
			i % 10 ? "info" : "error", i % 3 ? "GET" : "POST", i % 7 ? 200 : 503,
			i % 900, i % 4096, i, i, i, i % 250, i % 60, i);
}

static int logfmt_line(char *p, size_t cap, unsigned i)
{
	return snprintf(p, cap,
			"level=%s method=%s status=%u took=%ums bytes=%u msg=\"request \\\"%u\\\" "
			"done\" user=u%u",
			i % 10 ? "info" : "error", i % 3 ? "GET" : "POST", i % 7 ? 200 : 503,
			i % 900, i % 4096, i, i);
}

static int access_line(char *p, size_t cap, unsigned i)
{
	return snprintf(p, cap,
			"10.0.%u.7 - - \"%s /api/orders/%u HTTP/1.1\" %u %u \x1b[31mred\x1b[0m",
			i % 250, i % 3 ? "GET" : "POST", i, i % 7 ? 200 : 503, i % 4096);
}

static int packed_line(char *p, size_t cap, unsigned i)
{
	return snprintf(p, cap, "{\"_entry\":\"request %u done\",\"pod\":\"p%u\",\"n\":\"%u\"}", i,
			i % 4, i);
}

static const struct kind {
	const char *app;
	int (*line)(char *p, size_t cap, unsigned i);
} kinds[] = {
	{ "access", access_line },
	{ "json", json_line },
	{ "logfmt", logfmt_line },
	{ "packed", packed_line },
};

static void add_stream(const struct kind *k, unsigned n, const struct chunk_params *params,
		       struct pack_trailer *t, struct buf *out)
{
	struct label label = { BYTES_LIT("app"), bytes_str(k->app) };
	struct labels labels = { &label, 1 };
	struct hash128 id = labels_stream_id(t->tenant, &labels);
	struct chunk_writer *w = chunk_writer_new(params);
	uint32_t *order = mem_alloc(n * sizeof(*order));
	struct entries es = { 0 };
	struct pack_chunk *c;
	size_t cap = t->n_chunks;

	for (unsigned i = 0; i < n; i++) {
		char line[400], trace[24];
		struct label meta = { BYTES_LIT("trace"), bytes_str(trace) };

		(void)snprintf(trace, sizeof(trace), "t%u", i % 50);
		entries_add(&es, 0, (START + (int64_t)i) * NS_PER_S,
			    bytes_of(line, (size_t)k->line(line, sizeof(line), i)),
			    i % 3 ? metatab_add(&es.meta, &meta, 1) : 0);
		order[i] = i;
	}
	mem_grow(&t->chunk, &cap, t->n_chunks + 1, sizeof(*t->chunk));
	c = &t->chunk[t->n_chunks++];
	c->off = out->n;
	c->head_len = chunk_encode(w, t->tenant, &labels, &id, &es, order, n, out);
	c->len = (uint32_t)(out->n - c->off);
	entries_release(&es);
	chunk_writer_free(w);
	free(order);
}

/* A pack of n entries of each kind, as a file without a name. */
static int make_pack(unsigned n, enum codec_id encoding)
{
	struct chunk_params params = chunk_params_default;
	struct pack_trailer t = { .tenant = BYTES_LIT("fake"), .params = params };
	struct buf out = { 0 };
	struct err e;
	int fd = memfd_create("pack", MFD_CLOEXEC);

	params.block_entries = BLOCK_ENTRIES;
	params.encoding = encoding;
	t.day = time_day(START * NS_PER_S);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		add_stream(&kinds[i], n, &params, &t, &out);
	pack_trailer_encode(&t, &out);
	assert_true(fd >= 0);
	assert_int_equal(io_write(fd, out.p, out.n, &e), 0);
	free(t.chunk);
	buf_release(&out);
	return fd;
}

/* --- queries --------------------------------------------------------------------------------- */

static void silent(void *data, const struct err *e)
{
	(void)data;
	(void)e;
}

static void ask(const char *text, int fd)
{
	char path[32], *files[] = { path };
	struct formatter f = { .format = FORMAT_JSONL, .out = fopen("/dev/null", "w") };
	const struct query_out out = { format_entry, format_metric, format_pause, &f };
	struct logql_query q;
	struct query_opts o = { .source = { .files = files,
					    .n_files = 1,
					    .tenant = BYTES_LIT("fake"),
					    .now_ns = (START + 100000) * NS_PER_S,
					    .damage = silent,
					    .warn = silent,
					    .note = silent },
				.from = START * NS_PER_S,
				.to = (START + 100000) * NS_PER_S,
				.has_from = true,
				.has_to = true,
				.step_ns = 3000 * NS_PER_S,
				.jobs = 1 };
	uint64_t n = 0;
	struct err e = { .code = ERR_NONE };

	assert_non_null(f.out);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (logql_parse(bytes_str(text), NULL, &q, NULL, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	o.has_step = !logql_is_log(&q);
	o.kind = logql_is_log(&q) ? METRIC_INSTANT : METRIC_RANGE;
	if ((logql_is_log(&q) && format_begin_log(&f, &e) < 0) ||
	    query_run(&q, &o, &out, &n, &e) < 0 || (logql_is_log(&q) && format_end_log(&f, &e) < 0))
		fail_msg("%s: %s", text, e.msg);
	if (n == 0)
		fail_msg("%s: nothing is in the answer", text);
	logql_query_release(&q);
	formatter_release(&f);
	fclose(f.out);
}

static uint64_t asked_for(const char *text, int fd)
{
	uint64_t before = n_asked;

	ask(text, fd);
	return n_asked - before;
}

/* One of each stage, function and grouping. Groups are few, whatever the number of lines. */
static const char *const queries[] = {
	/* line filters */
	"count_over_time({app=\"json\"} |= \"7 done\" [10m])",
	"count_over_time({app=\"json\"} != \"7 done\" |= \"POST\" [10m])",
	"count_over_time({app=\"json\"} |= \"nowhere\" or \"7 done\" or \"503\" [10m])",
	"count_over_time({app=\"json\"} |= ip(\"10.0.0.0/8\") [10m])",
	"count_over_time({app=\"json\"} |> \"<_>GET<_>done<_>\" [10m])",
	"count_over_time({app=\"json\"} !> \"<_>GET<_>done<_>\" [10m])",
	/* regexes: by their texts, by a needed text, on every line, folded, of both matchers */
	"count_over_time({app=\"json\"} |~ \"7 done|8 done\" [10m])",
	"count_over_time({app=\"json\"} |~ \"request.*[0-9]7 done\" [10m])",
	"count_over_time({app=\"json\"} |~ \"[0-9]{2,}7 [a-z]+\" [10m])",
	"count_over_time({app=\"json\"} |~ \"(?i)REQUEST.*7 DONE\" [10m])",
	"count_over_time({app=\"json\"} |~ \"(GET|POST).*(7|8)\" [10m])",
	"count_over_time({app=\"json\"} !~ \"((a*)*|b)*#\" [10m])",
	/* parsers */
	"sum by (status) (count_over_time({app=\"json\"} | json [10m]))",
	"sum by (s) (count_over_time({app=\"json\"} | json s=\"status\", u=\"user.name\" [10m]))",
	"sum by (status) (count_over_time({app=\"logfmt\"} | logfmt [10m]))",
	"sum by (status) (count_over_time({app=\"logfmt\"} | logfmt --keep-empty --strict [10m]))",
	"sum by (s) (count_over_time({app=\"logfmt\"} | logfmt s=\"status\", m=\"msg\" [10m]))",
	"sum by (st) (count_over_time({app=\"access\"} | pattern \"<ip> <_> <_> \\\"<m> <p> "
	"<_>\\\" "
	"<st> <_>\" [10m]))",
	"sum by (st) (count_over_time({app=\"access\"} | regexp \"(?P<m>GET|POST) (?P<p>[^ ]+) "
	"HTTP/1.1. (?P<st>[0-9]+)\" [10m]))",
	"sum by (pod) (count_over_time({app=\"packed\"} | unpack [10m]))",
	"sum by (pod) (count_over_time({app=\"packed\"} | unpack |= \"7 done\" [10m]))",
	/* label filters */
	"sum(count_over_time({app=\"json\"} | json | status >= 500 [10m]))",
	"sum(count_over_time({app=\"json\"} | json | took > 100ms and size > 5KB or bytes < 9 "
	"[10m]))",
	"sum(count_over_time({app=\"json\"} | json | level = \"error\", method != \"GET\" [10m]))",
	"sum(count_over_time({app=\"json\"} | json | level =~ \"err.*|warn\" [10m]))",
	"sum(count_over_time({app=\"json\"} | json | user_name =~ \"n.[0-9]+7\" [10m]))",
	"sum(count_over_time({app=\"json\"} | json | ip = ip(\"10.0.0.0/16\") [10m]))",
	"sum by (trace) (count_over_time({app=\"json\"} | trace != \"t7\" [10m]))",
	"sum by (level) (count_over_time({app=\"json\"} | json | bad > 5 | __error__ != \"\" | "
	"drop __error__, __error_details__ [10m]))",
	/* what makes lines and labels */
	"sum by (k) (count_over_time({app=\"json\"} | json | label_format k=\"{{.method}} "
	"{{.status}}\", l=level [10m]))",
	"bytes_over_time({app=\"logfmt\"} | logfmt | line_format \"{{.msg}} {{.user | ToUpper}} "
	"{{printf \\\"%5s\\\" .method}} {{ trimPrefix \\\"u\\\" .user }}\" |= \"7\" "
	"| keep app [10m])",
	"sum by (app) (bytes_over_time({app=\"access\"} | decolorize | pattern \"<a> <_> red\" "
	"[10m]))",
	"count_over_time({app=\"json\"} | json | drop user_id, user_name, msg, bytes, bad, took, "
	"ip, size, trace [10m])",
	"count_over_time({app=\"json\"} | json | keep level, method, status=\"503\" [10m])",
	/* other range aggregations */
	"rate({app=\"json\"} [10m])",
	"sum by (trace) (bytes_rate({app=\"json\"} [10m]))",
	"absent_over_time({app=\"json\"} | json | level=\"error\" [10m])",
	"sum without (app) (count_over_time({app=\"json\"} | json | keep level, app, method "
	"[10m]))",
	"count by (level) (rate({app=\"logfmt\"} | logfmt | keep level, app, method [10m]))",
	/* log queries */
	"{app=\"json\"} |~ \"request.*[0-9]7 done\"",
	"{app=\"json\"} | json | status >= 500 | level = \"error\"",
	"{app=\"logfmt\"} | logfmt | line_format \"{{.msg}} {{.user}}\"",
	"{app=\"access\"} | decolorize",
	"{app=\"logfmt\"}",
};

/* Of values each is kept until the steps are known, in arrays that double. */
static const char *const value_queries[] = {
	"sum_over_time({app=\"json\"} | json | keep bytes, app | unwrap bytes [10m])",
	"avg_over_time({app=\"json\"} | json | unwrap bytes [10m]) by (level)",
	"max_over_time({app=\"json\"} | json | unwrap duration(took) [10m]) by (level)",
	"min_over_time({app=\"json\"} | json | unwrap bytes(size) [10m]) by (level)",
	"first_over_time({app=\"json\"} | json | unwrap bytes [10m]) by (level)",
	"last_over_time({app=\"json\"} | json | unwrap bytes [10m]) by (level)",
	"stddev_over_time({app=\"json\"} | json | unwrap bytes [10m]) by (level)",
	"stdvar_over_time({app=\"json\"} | json | unwrap bytes [10m]) by (level)",
	"quantile_over_time(0.9, {app=\"json\"} | json | unwrap bytes [10m]) by (level)",
	"sum by (level) (rate({app=\"logfmt\"} | logfmt | keep level, app, bytes | unwrap bytes "
	"[10m]))",
	"sum by (level) (rate_counter({app=\"logfmt\"} | logfmt | keep level, app, bytes | unwrap "
	"bytes [10m]))",
	"sum by (level) (sum_over_time({app=\"logfmt\"} | logfmt | keep level, app, bytes | unwrap "
	"bytes [10m]))",
	"absent_over_time({app=\"json\"} | json | unwrap bytes [10m])",
};

static void check_growth(const char *text, int small, int large)
{
	enum { PER_BLOCK = 16, MORE = 16 }; /* MORE: of arrays that double */
	uint64_t n, m;

	ask(text, large); /* what a thread keeps is there from now on */
	n = asked_for(text, small);
	m = asked_for(text, large);
	if (m > n + PER_BLOCK * BLOCKS + MORE)
		fail_msg("memory was asked for %lu times, and with %d more lines %lu times: %s", n,
			 BLOCKS * BLOCK_ENTRIES, m, text);
}

static void nothing_is_allocated_per_line(void **state)
{
	int small, large;

	(void)state;
#if SANITIZED
	print_message("# skipped: a sanitizer has its own malloc\n");
	return;
#endif
	small = make_pack(BLOCKS * BLOCK_ENTRIES, CODEC_ZSTD);
	large = make_pack(2 * BLOCKS * BLOCK_ENTRIES, CODEC_ZSTD);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		check_growth(queries[i], small, large);
	for (size_t i = 0; i < sizeof(value_queries) / sizeof(value_queries[0]); i++)
		check_growth(value_queries[i], small, large);
	close(small);
	close(large);
}

/* In KiB: what is resident, and its peak since the last reset. */
static uint64_t status_kib(const char *name)
{
	struct buf text = { 0 };
	struct bytes rest, line;
	uint64_t ret = 0;
	struct err e;

	assert_int_equal(io_read_file("/proc/self/status", 1 << 16, &text, &e), 0);
	rest = buf_bytes(&text);
	while (bytes_split(&rest, '\n', &line))
		if (bytes_starts(line, bytes_str(name)))
			ret = strtoull(line.p + strlen(name), NULL, 10);
	buf_release(&text);
	return ret;
}

static bool reset_peak(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool ret = fd >= 0 && write(fd, "5", 1) == 1;

	if (fd >= 0)
		close(fd);
	return ret;
}

/* Of stored bytes that are not compressed, so that all of them are looked at. */
static void a_scan_holds_little_of_a_pack(void **state)
{
	static const char *const texts[] = { "sum(count_over_time({app=~\".+\"} |= \"7\" [10m]))",
					     "sum by (status) (count_over_time({app=\"json\"} | "
					     "json [10m]))" };
	enum { ENTRIES = 64000, MORE_KIB = 12 << 10 };
	int pack;

	(void)state;
#if SANITIZED
	print_message("# skipped: a sanitizer takes memory of its own\n");
	return;
#endif
	pack = make_pack(ENTRIES, CODEC_NONE);
	assert_true(lseek(pack, 0, SEEK_END) > 2 * (MORE_KIB << 10));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t before, peak;

		if (!reset_peak()) {
			print_message("# skipped: this system does not tell\n");
			break;
		}
		before = status_kib("VmRSS:");
		ask(texts[i], pack);
		peak = status_kib("VmHWM:");
		assert_true(before > 0 && peak > 0);
		if (peak > before + MORE_KIB)
			fail_msg("%lu KiB before, %lu KiB at most: %s", before, peak, texts[i]);
	}
	close(pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_allocated_per_line),
		cmocka_unit_test(a_scan_holds_little_of_a_pack),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
