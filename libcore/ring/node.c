#include "ring/node.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "ring/addr.h"

enum {
	ANSWER_MAX = 16 << 20,
	LOOK_MS = 5000, /* a node that hangs is told of in time; a flush may take much longer */
};

struct ring_node {
	struct httpc *http;
	int64_t look_ms;
	struct httpc_answer answer;
	struct buf base, url;
};

/* ---- metrics ---- */

/* A sample of this name: its labels, "" of one without, and its value. */
static bool is_sample(struct bytes line, const char *name, struct bytes *ret_labels,
		      struct bytes *ret_value)
{
	size_t n = strlen(name), end = line.n;

	if (!bytes_starts(line, bytes_of(name, n)) || line.n == n ||
	    (line.p[n] != '{' && line.p[n] != ' '))
		return false;
	while (end > n && line.p[end - 1] != ' ')
		end--;
	*ret_labels = bytes_trim(bytes_sub(line, n, end - n));
	*ret_value = bytes_sub(line, end, line.n);
	return true;
}

static bool has(struct bytes labels, const char *part)
{
	return labels.n && memmem(labels.p, labels.n, part, strlen(part));
}

static int add_value(struct bytes name, struct bytes text, double *ret, struct err *e)
{
	double v;

	if (!num_double(text, &v) || !isfinite(v) || v < 0)
		return err_set(e, ERR_CORRUPT, "%.*s: expected a number, found '%.*s'",
			       BYTES_ARG(name), BYTES_ARG(bytes_sub(text, 0, 40)));
	*ret += v;
	return 0;
}

static bool is_of_all(struct bytes labels)
{
	(void)labels;
	return true;
}

static bool is_of_others(struct bytes labels)
{
	return !has(labels, "route=\"metrics\"") && !has(labels, "_tail\"");
}

static bool is_of_push(struct bytes labels)
{
	static const char *const routes[] = { "_push\"", "route=\"otlp_v1_logs\"",
					      "route=\"insert_jsonline\"",
					      "route=\"insert_elasticsearch_bulk\"" };

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (has(labels, routes[i]))
			return true;
	return false;
}

int ring_node_read(struct bytes text, struct ring_node_counts *ret, struct err *e)
{
	struct ring_node_counts c = { 0 };
	const struct {
		const char *name;
		double *to;
		bool (*counts)(struct bytes labels);
	} wanted[] = {
		{ "loki_inflight_requests", &c.in_flight, is_of_others },
		{ "loki_ingester_wal_records_logged_total", &c.batches, is_of_all },
		{ "loki_ingester_wal_bytes_in_use", &c.waiting, is_of_all },
		{ "lokid_flush_running_seconds", &c.flushing, is_of_all },
		/* not there before the first */
		{ "loki_request_duration_seconds_count", &c.pushes, is_of_push },
		{ "loki_distributor_lines_received_total", &c.lines, is_of_all },
	};
	enum { N = sizeof(wanted) / sizeof(*wanted), ALWAYS = 4 };
	bool seen[N] = { false };
	struct bytes line, labels, value;

	while (bytes_split(&text, '\n', &line)) {
		for (size_t i = 0; i < N; i++) {
			if (!is_sample(line, wanted[i].name, &labels, &value))
				continue;
			seen[i] = true;
			if (wanted[i].counts(labels) &&
			    add_value(bytes_str(wanted[i].name), value, wanted[i].to, e) < 0)
				return -1;
		}
	}
	for (size_t i = 0; i < ALWAYS; i++)
		if (!seen[i])
			return err_set(e, ERR_CORRUPT, "there is no metric %s: is this lokid?",
				       wanted[i].name);
	*ret = c;
	return 0;
}

/* ---- requests ---- */

int ring_node_open(struct bytes addr, const struct httpc_opts *o, struct ring_node **ret,
		   struct err *e)
{
	struct ring_node *n;
	struct httpc_opts opts = *o;

	if (ring_addr_check(addr, e) < 0)
		return -1;
	n = mem_alloc(sizeof(*n));
	if (!memmem(addr.p, addr.n, "://", 3))
		buf_add_str(&n->base, "http://");
	if (addr.p[addr.n - 1] == '/')
		addr.n--;
	buf_add_bytes(&n->base, addr);
	n->look_ms = o->timeout_ms && o->timeout_ms < LOOK_MS ? o->timeout_ms : LOOK_MS;
	opts.answer_max = ANSWER_MAX;
	if (httpc_open(&opts, &n->http, e) < 0) {
		ring_node_close(n);
		return -1;
	}
	*ret = n;
	return 0;
}

void ring_node_close(struct ring_node *n)
{
	if (!n)
		return;
	httpc_close(n->http);
	httpc_answer_release(&n->answer);
	buf_release(&n->base);
	buf_release(&n->url);
	free(n);
}

static int ask(struct ring_node *n, struct httpc_request *r, const char *path, int status,
	       struct err *e)
{
	buf_reset(&n->url);
	buf_add_bytes(&n->url, buf_bytes(&n->base));
	buf_add_str(&n->url, path);
	r->url = buf_str(&n->url);
	if (httpc_do(n->http, r, &n->answer, e) < 0)
		return -1;
	if (n->answer.status != status)
		return httpc_refused(r->url, &n->answer, ERR_USAGE, e);
	return 0;
}

int ring_node_counts(struct ring_node *n, struct ring_node_counts *ret, struct err *e)
{
	struct httpc_request r = { .method = "GET", .timeout_ms = n->look_ms };

	if (ask(n, &r, "/metrics", 200, e) < 0)
		return -1;
	return ring_node_read(buf_bytes(&n->answer.body), ret, e) < 0 ? err_wrap(e, "%s", n->url.p)
								      : 0;
}

int ring_node_flush(struct ring_node *n, struct err *e)
{
	struct httpc_request r = { .method = "POST" };

	return ask(n, &r, "/flush", 204, e);
}
