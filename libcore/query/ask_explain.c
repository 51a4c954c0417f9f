#include "query/ask_explain.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/num.h"
#include "base/visible.h"
#include "query/explain.h"
#include "time/time.h"

/* An answer that nobody reads: it is formatted, and its bytes are counted. */
static ssize_t count_bytes(void *n_bytes, const char *p, size_t n)
{
	(void)p;
	*(uint64_t *)n_bytes += n;
	return (ssize_t)n;
}

static FILE *counting_file(uint64_t *n_bytes, struct err *e)
{
	FILE *f = fopencookie(n_bytes, "w", (cookie_io_functions_t){ .write = count_bytes });

	if (!f)
		err_sys(e, "cannot make a stream");
	return f;
}

static int64_t cpu_ns(const struct rusage *u)
{
	return (u->ru_utime.tv_sec + u->ru_stime.tv_sec) * NS_PER_S +
	       (u->ru_utime.tv_usec + u->ru_stime.tv_usec) * 1000;
}

/* What it took from start_ns on, of all threads since `before`. */
static void tell_totals(struct explain *x, int64_t start_ns, const struct rusage *before,
			uint64_t answer_bytes)
{
	struct explain_node *n = &x->root;
	int64_t ns = time_mono_ns() - start_ns;
	struct rusage now;
	struct buf b = { 0 };

	getrusage(RUSAGE_SELF, &now);
	buf_add_str(&b, "total ");
	explain_add_time(&b, ns);
	buf_add_str(&b, ", cpu ");
	explain_add_time(&b, cpu_ns(&now) - cpu_ns(before));
	buf_add_str(&b, ", peak memory ");
	num_add_size(&b, (uint64_t)now.ru_maxrss << 10);
	buf_add_str(&b, "; the answer would be ");
	num_add_size(&b, answer_bytes);
	explain_note_bytes(n, buf_bytes(&b));
	explain_seconds(n, "seconds", ns);
	explain_seconds(n, "cpu_seconds", cpu_ns(&now) - cpu_ns(before));
	explain_number(n, "peak_memory_bytes", (uint64_t)now.ru_maxrss << 10);
	explain_number(n, "answer_bytes", answer_bytes);
	buf_release(&b);
}

static void tell_plan(struct explain *x)
{
	struct buf b = { 0 };

	buf_add_str(&b, "to be read: ");
	explain_add_count(&b, x->blocks);
	buf_addf(&b, " %s, about ", num_word(x->blocks, "block", "blocks"));
	num_add_size(&b, x->line_bytes);
	buf_add_str(&b, " of lines");
	explain_note_bytes(&x->root, buf_bytes(&b));
	explain_number(&x->root, "blocks", x->blocks);
	explain_number(&x->root, "line_bytes", x->line_bytes);
	buf_release(&b);
}

static int print(const struct explain *x, const struct ask *a, struct err *e)
{
	FILE *out = a->out ? a->out : stdout;
	bool json = a->format == FORMAT_API || a->format == FORMAT_JSONL;
	struct buf b = { 0 }, text = { 0 };
	int r = 0;

	if (a->format == FORMAT_API)
		buf_add_str(&b, "{\"status\":\"success\",\"data\":");
	if (json)
		explain_print_json(x, &b);
	else
		explain_print(x, &text);
	if (a->out ? a->terminal : isatty(STDOUT_FILENO))
		visible_add(&b, buf_bytes(&text));
	else
		buf_add_bytes(&b, buf_bytes(&text));
	if (json)
		buf_add_str(&b, a->format == FORMAT_API ? "}\n" : "\n");
	if (b.n && fwrite(b.p, 1, b.n, out) != b.n)
		r = err_sys(e, "cannot write");
	buf_release(&b);
	buf_release(&text);
	return r;
}

int ask_explain(const struct ask *a, char **operand, size_t n, struct err *e)
{
	struct ask inner = *a;
	struct explain x;
	struct rusage before;
	struct err ignored;
	uint64_t answer_bytes = 0;
	int64_t start_ns = time_mono_ns();
	int r;

	if (a->format != FORMAT_DEFAULT && a->format != FORMAT_JSONL && a->format != FORMAT_API)
		return err_set(
			e, ERR_USAGE,
			"option '--format': a plan is printed as text, or with jsonl or api");
	inner.out = counting_file(&answer_bytes, e);
	if (!inner.out)
		return -1;
	inner.terminal = inner.color = false;
	inner.format = FORMAT_DEFAULT;
	explain_init(&x, a->explain);
	inner.q.explain = &x;
	getrusage(RUSAGE_SELF, &before);
	r = ask_run(&inner, operand, n, e);
	fclose(inner.out);
	if (r < 0 && e->code == ERR_NO)
		r = 0;
	if (x.how == EXPLAIN_ANALYZE && r == 0)
		tell_totals(&x, start_ns, &before, answer_bytes);
	if (x.how == EXPLAIN_PLAN && r == 0)
		tell_plan(&x);
	if (x.root.first && print(&x, a, r < 0 ? &ignored : e) < 0)
		r = -1;
	explain_release(&x);
	return r;
}
