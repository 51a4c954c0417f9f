/*
 * The logs of tests/logql/documents: half an hour of a small platform, told by entries with labels.
 *
 * From 10:12 to 10:18 the database has no connection left. What needs it waits and fails: the vault
 * first, with it the models behind the gateway, the compiler, the GraphQL API and the workflows. A
 * request has one trace id, as metadata, in all services that took part. Apart from that, the
 * canary of the models fails now and then on its own from 10:05 on. No two entries have the same
 * time.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MS	 1000000LL /* in ns */

enum { PLATFORM, GRAPHQL, WORKFLOWS, TENANTS, JOBS, N_FILES };

static const char *const file_name[N_FILES] = { "platform.jsonl", "graphql.jsonl",
						"workflows.jsonl", "tenants.jsonl", "jobs.jsonl" };

enum {
	START_S = 1768471200, /* 2026-01-15T10:00:00Z */
	LENGTH_MS = 1800 * 1000,
	CANARY_FROM_MS = 300 * 1000,
	FAULT_FROM_MS = 720 * 1000,
	FAULT_TO_MS = 1080 * 1000,
	MAX_EVENTS = 1000, /* then the microseconds, which tell them apart, begin anew */
};

struct event {
	int64_t ts_ns;
	int file;
	struct out json;
};

struct outage {
	struct rnd rnd;
	const char *tenant; /* of the entries that are added, or NULL */
	struct event events[MAX_EVENTS];
	size_t n;
};

static bool in_fault(int64_t ms)
{
	return ms >= FAULT_FROM_MS && ms < FAULT_TO_MS;
}

static int64_t at_ns(int64_t ms)
{
	return START_S * NS_PER_S + ms * MS;
}

__attribute__((format(printf, 2, 3))) static void say(struct out *o, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		die("a text that is too long");
	out_mem(o, text, (size_t)n);
}

/*
 * Adds an entry at ms after the start. labels is the inside of a JSON object; the line is taken
 * from `line`, which is emptied; trace 0 is none.
 */
static void add(struct outage *w, int file, int64_t ms, const char *labels, struct out *line,
		uint64_t trace)
{
	struct event *ev = &w->events[w->n];
	int64_t ts_ns = at_ns(ms) + (int64_t)w->n * 1000;

	if (w->n++ == MAX_EVENTS)
		die("too many events");
	*ev = (struct event){ .ts_ns = ts_ns, .file = file };
	say(&ev->json, "{\"ts\":\"%lld\",", (long long)ts_ns);
	if (w->tenant)
		say(&ev->json, "\"tenant\":\"%s\",", w->tenant);
	say(&ev->json, "\"labels\":{%s},\"line\":\"", labels);
	out_json(&ev->json, line->p, line->n);
	out_str(&ev->json, "\"");
	if (trace) {
		out_str(&ev->json, ",\"metadata\":{\"span_id\":\"");
		out_hex(&ev->json, hash64(trace + w->n), 16);
		out_str(&ev->json, "\",\"trace_id\":\"");
		out_hex(&ev->json, hash64(trace), 16);
		out_str(&ev->json, "\"}");
	}
	out_str(&ev->json, "}\n");
	line->n = 0;
}

/* ---- the platform: a gateway, models, a vault, agents, a compiler, the log store itself ---- */

enum { LABELS_MAX = 256 };

static void platform_labels(char *to, const char *service, const char *level, const char *tier,
			    const char *pod)
{
	snprintf(to, LABELS_MAX,
		 "\"level\":\"%s\",\"namespace\":\"neurectomy\",\"pod\":\"%s\",\"service\":\"%s\","
		 "\"tier\":\"%s\"",
		 level, pod, service, tier);
}

static void edge_line(struct outage *w, int64_t ms, const char *request, unsigned status,
		      unsigned took_ms, uint64_t trace)
{
	struct out line = { 0 };

	say(&line, "10.0.%u.%u - - [", (unsigned)(trace % 4), (unsigned)(trace % 61 + 2));
	out_time(&line, TIME_NGINX, at_ns(ms));
	say(&line, "] \"%s HTTP/1.1\" %u %u \"-\" \"%s\" %u.%03u", request, status,
	    status == 200 ? 400 + (unsigned)rnd_below(&w->rnd, 9000) : 167,
	    trace % 3 ? "curl/8.5.0" : "Mozilla/5.0 (X11; Linux x86_64)", took_ms / 1000,
	    took_ms % 1000);
	add(w, PLATFORM, ms,
	    "\"namespace\":\"neurectomy\",\"pod\":\"edge-0\",\"service\":\"edge\",\"tier\":\"web\"",
	    &line, trace);
}

static void vault_line(struct outage *w, int64_t ms, bool failed, uint64_t trace)
{
	static const char *const paths[] = { "secret/models", "secret/db", "pki/issue" };
	struct out line = { 0 };
	char labels[LABELS_MAX];

	platform_labels(labels, "sigmavault", failed ? "error" : "info", "storage", "sigmavault-0");
	say(&line, "{\"level\":\"%s\",\"op\":\"read\",\"path\":\"%s\",\"duration_ms\":%u,",
	    failed ? "error" : "info", paths[trace % COUNT(paths)],
	    failed ? 5000 + (unsigned)rnd_below(&w->rnd, 40)
		   : 2 + (unsigned)rnd_below(&w->rnd, 20));
	out_str(&line, failed ? "\"outcome\":\"failed\",\"error\":\"connection pool exhausted\"}"
			      : "\"outcome\":\"allowed\"}");
	add(w, PLATFORM, ms, labels, &line, trace);
}

static void model_line(struct outage *w, int64_t ms, const char *module, const char *error,
		       unsigned took_ms, uint64_t trace)
{
	struct out line = { 0 };
	char labels[LABELS_MAX];
	bool canary = trace % 5 == 0;

	platform_labels(labels, "ryot", error ? "error" : "info",
			canary ? "compute\",\"track\":\"canary" : "compute\",\"track\":\"stable",
			canary	    ? "ryot-canary-0"
			: trace % 2 ? "ryot-0"
				    : "ryot-1");
	say(&line, "{\"level\":\"%s\",\"module\":\"%s\",\"msg\":\"%s\",\"duration_ms\":%u,",
	    error ? "error" : "info", module, error ? "request failed" : "request done", took_ms);
	if (error)
		say(&line, "\"error\":\"%s\"}", error);
	else
		say(&line, "\"usage\":{\"tokens\":%u}}", 20 + (unsigned)rnd_below(&w->rnd, 500));
	add(w, PLATFORM, ms, labels, &line, trace);
}

static void agent_line(struct outage *w, int64_t ms, bool failed, uint64_t trace)
{
	static const char *const names[] = { "planner", "critic", "writer" };
	struct out line = { 0 };
	char labels[LABELS_MAX];
	unsigned took_ms = 300 + (unsigned)rnd_spread(&w->rnd, 900, 4);

	platform_labels(labels, "agents", failed ? "warn" : "info", "compute", "agents-0");
	out_str(&line, "ts=");
	out_time(&line, TIME_ISO_MS, at_ns(ms));
	say(&line, " level=%s agent_id=a-%02u name=%s task=summarize duration=%u.%us memory=%uMiB",
	    failed ? "warn" : "info", (unsigned)(trace % 12), names[trace % COUNT(names)],
	    took_ms / 1000, took_ms % 1000 / 100, 100 + (unsigned)rnd_below(&w->rnd, 300));
	out_str(&line, failed ? " status=\"gave up\"" : " status=done");
	add(w, PLATFORM, ms, labels, &line, trace);
}

static void request(struct outage *w, int64_t ms, uint64_t trace)
{
	bool completes = rnd_chance(&w->rnd, 500), canary = trace % 5 == 0;
	unsigned took_ms = 20 + (unsigned)rnd_spread(&w->rnd, completes ? 300 : 40, 3);
	unsigned status = 200;
	const char *error = NULL;

	if (in_fault(ms) && rnd_chance(&w->rnd, 700)) {
		status = 504;
		error = "vault: connection pool exhausted";
		took_ms = 5050 + (unsigned)rnd_below(&w->rnd, 60);
	} else if (canary && ms > CANARY_FROM_MS && rnd_chance(&w->rnd, 350)) {
		status = 500;
		error = "tensor shape mismatch";
	}
	if (completes || status == 504)
		vault_line(w, ms + took_ms - 5, status == 504, trace);
	model_line(w, ms + took_ms - 2,
		   status == 500 ? "attention"
		   : completes	 ? "decoder"
				 : "http",
		   error, took_ms - 4, trace);
	if (completes)
		agent_line(w, ms + took_ms - 1, status != 200, trace);
	edge_line(w, ms + took_ms, completes ? "POST /api/complete" : "GET /api/models", status,
		  took_ms, trace);
}

static void compiler_line(struct outage *w, int64_t ms)
{
	static const char *const modules[] = { "orders", "users", "billing" };
	const char *module = modules[rnd_below(&w->rnd, COUNT(modules))];
	struct out line = { 0 };
	char labels[LABELS_MAX];
	bool failed = in_fault(ms);

	platform_labels(labels, "sigmalang", failed ? "error" : "info", "compute", "sigmalang-0");
	out_time(&line, TIME_JAVA, at_ns(ms));
	if (failed)
		say(&line,
		    " ERROR [compiler-%u] sigma.compiler.Session - cannot load module %s\n"
		    "sigma.vault.VaultException: connection pool exhausted\n"
		    "\tat sigma.vault.Client.get(Client.java:88)\n"
		    "\tat sigma.compiler.Session.load(Session.java:41)\n"
		    "Caused by: java.net.SocketTimeoutException: read timed out\n"
		    "\t... 12 more",
		    (unsigned)rnd_below(&w->rnd, 3), module);
	else
		say(&line, " INFO  [compiler-%u] sigma.compiler.Session - compiled %s.sg in %u ms",
		    (unsigned)rnd_below(&w->rnd, 3), module, (unsigned)rnd_spread(&w->rnd, 600, 2));
	add(w, PLATFORM, ms, labels, &line, 0);
}

/* What the log store writes of each query that it has answered. */
static void store_line(struct outage *w, int64_t ms)
{
	static const char *const queries[] = { "{service=\\\"ryot\\\"} |= \\\"error\\\"",
					       "{service=~\\\".+\\\"} | json",
					       "sum(rate({service=\\\"edge\\\"}[5m]))" };
	unsigned k = (unsigned)rnd_below(&w->rnd, COUNT(queries));
	unsigned took_ms = (unsigned)rnd_spread(&w->rnd, k == 1 ? 1900 : 120, 3);
	unsigned length_h = k == 1 ? 24 : 1;
	struct out line = { 0 };
	char labels[LABELS_MAX];

	platform_labels(labels, "loki", "info", "storage", "loki-0");
	out_str(&line, "ts=");
	out_time(&line, TIME_ISO_MS, at_ns(ms));
	say(&line,
	    " level=info caller=metrics.go:159 org_id=fake latency=%s query=\"%s\" "
	    "length=%uh0m0s duration=%u.%03us status=200 total_bytes=%uMB returned_lines=%u",
	    took_ms > 1000 ? "slow" : "fast", queries[k], length_h, took_ms / 1000, took_ms % 1000,
	    took_ms * (k == 1 ? 2 : 1), (unsigned)rnd_below(&w->rnd, 1000));
	add(w, PLATFORM, ms, labels, &line, 0);
}

static void platform(struct outage *w)
{
	uint64_t trace = 1000;

	for (int64_t ms = 4000; ms < LENGTH_MS - 20000;
	     ms += 8000 + (int64_t)rnd_below(&w->rnd, 9000))
		request(w, ms, trace++);
	for (int64_t ms = 11000; ms < LENGTH_MS; ms += 60000)
		edge_line(w, ms, "GET /healthz", 200, 1, trace++);
	for (int64_t ms = 21000; ms < LENGTH_MS; ms += 40000 + (int64_t)rnd_below(&w->rnd, 30000))
		compiler_line(w, ms);
	for (int64_t ms = 17000; ms < LENGTH_MS; ms += 40000 + (int64_t)rnd_below(&w->rnd, 30000))
		store_line(w, ms);
}

/* ---- a GraphQL API, workflows, the pods of three tenants, a job ---- */

static void graphql(struct outage *w)
{
	static const char *const endpoints[] = { "/graphql", "/users", "/orders" };
	static const char *const queries[] = { "productList", "userById", "ordersOfUser" };
	struct out line = { 0 };
	char labels[128];
	unsigned n = 0;

	for (int64_t ms = 1500; ms < LENGTH_MS; ms += 8000 + (int64_t)rnd_below(&w->rnd, 4000)) {
		unsigned k = (unsigned)rnd_rank(&w->rnd, 3);
		unsigned took_ms = (unsigned)rnd_spread(&w->rnd, 60, 4);
		const char *level = "info", *code = NULL, *what = "query done";

		if (in_fault(ms) && rnd_chance(&w->rnd, 600)) {
			level = "error", code = "500", what = "database timeout";
			took_ms = 5000 + (unsigned)rnd_below(&w->rnd, 30);
		} else if (rnd_chance(&w->rnd, 30)) {
			level = "error", code = "500", what = "connection reset by peer";
		} else if (rnd_chance(&w->rnd, 60)) {
			level = "warn", code = "404", what = "no such object";
		} else if (rnd_chance(&w->rnd, 60)) {
			level = "warn", what = "slow query";
			took_ms += 1000;
		} else if (rnd_chance(&w->rnd, 30)) {
			what = "done after a retry, the first error_code was 500";
		}
		snprintf(labels, sizeof(labels),
			 "\"app\":\"fraiseql\",\"endpoint\":\"%s\",\"level\":\"%s\"", endpoints[k],
			 level);
		say(&line, "{\"level\":\"%s\",\"request_id\":\"r-%03u\",\"user\":\"u-%u\",", level,
		    ++n, (unsigned)rnd_below(&w->rnd, 9));
		if (code)
			say(&line, "\"error_code\":\"%s\",\"error_message\":\"%s\",", code, what);
		else
			say(&line, "\"msg\":\"%s\",", what);
		say(&line, "\"query\":\"%s\",\"query_time\":%u}", queries[k], took_ms);
		add(w, GRAPHQL, ms, labels, &line, 0);
	}
	free(line.p);
}

static void workflows(struct outage *w)
{
	static const char *const services[] = { "history", "matching", "frontend", "worker", "ui" };
	static const char *const messages[] = { "workflow task completed", "activity started",
						"shard scanned, no error" };
	struct out line = { 0 };
	char labels[LABELS_MAX];

	for (int64_t ms = 2500; ms < LENGTH_MS; ms += 10000 + (int64_t)rnd_below(&w->rnd, 14000)) {
		unsigned k = (unsigned)rnd_rank(&w->rnd, COUNT(services));
		bool failed = in_fault(ms) && k < 2;
		bool mine = k != 4 && rnd_chance(&w->rnd, 200);

		snprintf(labels, sizeof(labels),
			 "\"cluster\":\"temporal-dev\",\"container_name\":\"temporal-%s\","
			 "\"level\":\"%s\",\"service_name\":\"%s\",\"task_id\":\"%08x\"",
			 services[k], failed ? "error" : "info", services[k],
			 (unsigned)hash64(k + 1));
		say(&line, "{\"level\":\"%s\",\"ts\":\"", failed ? "error" : "info");
		out_time(&line, TIME_ISO_MS, at_ns(ms));
		say(&line, "\",\"msg\":\"%s\",\"caller\":\"%s/engine.go:%u\"",
		    failed ? "persistence operation failed" : messages[rnd_below(&w->rnd, 3)],
		    services[k], failed ? 771 : 412);
		if (mine)
			out_str(&line, ",\"WorkflowID\":\"my-workflow-123\"");
		else if (k != 4)
			say(&line, ",\"WorkflowID\":\"order-%u\"",
			    (unsigned)rnd_below(&w->rnd, 90));
		out_str(&line, failed ? ",\"error\":\"database timeout\"}" : "}");
		add(w, WORKFLOWS, ms, labels, &line, 0);
	}
	free(line.p);
}

static void tenants(struct outage *w)
{
	static const char *const names[] = { "ops", "dev", "prod" };
	static const char *const pods[] = { "app-xyz-123", "app-xyz-7", "app-abc-1" };
	static const char *const messages[] = { "started", "health check ok",
						"settings read again" };
	struct out line = { 0 };
	char labels[128];

	for (unsigned i = 0; i < 18; i++) {
		w->tenant = names[i % 3];
		snprintf(labels, sizeof(labels),
			 "\"cluster\":\"%s\",\"container\":\"main\",\"namespace\":\"default\","
			 "\"pod\":\"%s\"",
			 names[i % 3], pods[i % 3]);
		out_str(&line, messages[i / 3 % 3]);
		add(w, TENANTS, 30000 + (int64_t)i * 95000, labels, &line, 0);
	}
	w->tenant = NULL;
	free(line.p);
}

static void jobs(struct outage *w)
{
	struct out line = { 0 };
	char labels[128];

	for (unsigned i = 0; i < 24; i++) {
		int64_t ms = 15000 + (int64_t)i * 72000;
		bool failed = in_fault(ms) && i % 3 != 0;

		snprintf(labels, sizeof(labels),
			 "\"job\":\"api\",\"namespace\":\"prod\",\"pod\":\"api-%u\"", i % 2 + 1);
		say(&line, "{\"level\":\"%s\",\"message\":\"%s %u\"}", failed ? "error" : "info",
		    failed ? "gave up order" : "took order", 500 + i);
		add(w, JOBS, ms, labels, &line, 0);
	}
	free(line.p);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->ts_ns < y->ts_ns ? -1 : x->ts_ns > y->ts_ns;
}

void outage_make(const char *dir)
{
	struct outage *w = need(sizeof(*w));
	struct out files[N_FILES] = { 0 };

	w->rnd.state = 20260115;
	platform(w);
	graphql(w);
	workflows(w);
	tenants(w);
	jobs(w);
	qsort(w->events, w->n, sizeof(*w->events), by_time);
	for (size_t i = 0; i < w->n; i++) {
		struct event *ev = &w->events[i];

		out_mem(&files[ev->file], ev->json.p, ev->json.n);
		free(ev->json.p);
	}
	for (int f = 0; f < N_FILES; f++) {
		out_save(&files[f], dir, file_name[f]);
		free(files[f].p);
	}
	free(w);
}
