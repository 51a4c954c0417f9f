/*
 * One line of a running system. What decides how well logs compress, and what searching them costs,
 * is which parts are fresh in each line (times, trace ids, sizes), which come from a skewed set
 * (users, paths, addresses) and which are fixed text; so each line below is made of these three.
 */
#include "gen.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *const level_name[LEVEL_COUNT] = { "none", "debug", "info", "warn", "error" };

const struct app apps[] = {
	{ "checkout", "shop", "server", KIND_JSON, 95 },
	{ "cart", "shop", "server", KIND_JSON, 60 },
	{ "catalog", "shop", "server", KIND_JSON, 70 },
	{ "search", "shop", "server", KIND_JSON, 40 },
	{ "accounts", "identity", "server", KIND_JSON, 35 },
	{ "sessions", "identity", "server", KIND_JSON, 30 },
	{ "payments", "money", "server", KIND_JSON, 40 },
	{ "mailer", "shop", "worker", KIND_JSON, 10 },
	{ "queue-broker", "platform", "broker", KIND_LOGFMT, 45 },
	{ "metrics-agent", "platform", "agent", KIND_LOGFMT, 50 },
	{ "cluster-scheduler", "platform", "scheduler", KIND_LOGFMT, 30 },
	{ "object-gateway", "storage", "gateway", KIND_LOGFMT, 50 },
	{ "backup", "storage", "job", KIND_LOGFMT, 5 },
	{ "edge", "web", "nginx", KIND_NGINX, 210 },
	{ "web", "web", "nginx", KIND_NGINX, 100 },
	{ "billing", "money", "app", KIND_JAVA, 60 },
	{ "ledger", "money", "app", KIND_JAVA, 50 },
	{ "reports", "data", "spark", KIND_JAVA, 40 },
	{ "warehouse", "data", "app", KIND_JAVA, 30 },
	{ "audit", "identity", "app", KIND_JAVA, 5 },
};
const unsigned n_apps = COUNT(apps);

static const char *const routes[] = {
	"/api/products",
	"/api/cart",
	"/api/search",
	"/api/products/%/reviews",
	"/api/orders/%",
	"/api/session",
	"/api/orders",
	"/api/users/%",
	"/api/payments",
	"/api/stock/%",
	"/api/users/%/addresses",
	"/api/coupons/%",
	"/healthz",
	"/api/refunds",
	"/api/invoices/%",
	"/api/wishlist",
};
static const char *const methods[] = { "GET", "GET", "GET", "POST", "PUT", "DELETE" };
static const char *const agents[] = {
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/139.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
	"Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
	"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/139.0.0.0 Mobile Safari/537.36",
	"kube-probe/1.33",
	"curl/8.15.0",
	"python-requests/2.32.4",
	"Go-http-client/2.0",
};
static const char *const words[] = {
	"lamp",		  "garden chair", "caf\u00e9 press", "rain coat", "usb cable",
	"b\u00fcrostuhl", "tea",	  "\u8336\u7897",    "socks",	  "head torch",
};

void line_begin_request(struct world *w)
{
	unsigned back = 0;

	if (rnd_chance(&w->rnd, 400))
		w->traces[w->next_trace++ % N_TRACES] = rnd_next(&w->rnd);
	else
		back = (unsigned)rnd_rank(&w->rnd, N_TRACES);
	w->trace = w->traces[(w->next_trace - 1 - back) % N_TRACES];
}

void line_put_trace(struct world *w, struct out *o)
{
	if (w->plant_trace) {
		out_str(o, w->plant_trace);
		w->plant_trace = NULL;
		return;
	}
	out_hex(o, w->trace, 16);
	out_hex(o, hash64(w->trace + 1), 16);
}

void line_put_route(struct world *w, struct out *o)
{
	const char *route = routes[rnd_rank(&w->rnd, COUNT(routes))];
	const char *hole = strchr(route, '%');

	if (!hole) {
		out_str(o, route);
		return;
	}
	out_mem(o, route, (size_t)(hole - route));
	out_uint(o, 1000 + rnd_rank(&w->rnd, 400000));
	out_str(o, hole + 1);
}

unsigned line_draw_status(struct world *w)
{
	unsigned u = (unsigned)rnd_below(&w->rnd, 1000);

	w->status = u < 830   ? 200
		    : u < 880 ? 201
		    : u < 905 ? 204
		    : u < 935 ? 304
		    : u < 950 ? 400
		    : u < 960 ? 401
		    : u < 984 ? 404
		    : u < 990 ? 429
		    : u < 994 ? 500
		    : u < 997 ? 502
			      : 503;
	w->level = w->status >= 500 ? LEVEL_ERROR : w->status >= 400 ? LEVEL_WARN : LEVEL_INFO;
	return w->status;
}

const char *line_method(struct world *w)
{
	return methods[rnd_rank(&w->rnd, COUNT(methods))];
}

static void json_head(struct world *w, const char *logger, int64_t ts_ns, struct out *o)
{
	out_str(o, "{\"time\":\"");
	out_time(o, TIME_ISO_MS, ts_ns);
	out_strs(o, "\",\"level\":\"", level_name[w->level], "\",\"logger\":\"", logger,
		 "\",\"msg\":\"", NULL);
}

static void json_tail(struct world *w, struct out *o)
{
	out_str(o, "\"trace_id\":\"");
	line_put_trace(w, o);
	out_str(o, "\",\"span_id\":\"");
	out_hex(o, rnd_next(&w->rnd), 16);
	out_str(o, "\"}");
}

static void json_request(struct world *w, int64_t ts_ns, struct out *o)
{
	static const char *const refused[] = { "request failed: upstream timed out",
					       "request failed: connection reset by peer",
					       "request failed: no healthy upstream" };
	unsigned status = line_draw_status(w);
	uint64_t us = rnd_spread(&w->rnd, status >= 500 ? 900000 : 14000, 5);

	json_head(w, "http", ts_ns, o);
	out_str(o, status >= 500   ? refused[rnd_rank(&w->rnd, COUNT(refused))]
		   : status >= 400 ? "request refused"
				   : "request done");
	out_strs(o, "\",\"method\":\"", line_method(w), "\",\"path\":\"", NULL);
	line_put_route(w, o);
	out_str(o, "\",\"status\":");
	out_uint(o, status);
	out_str(o, ",\"duration_ms\":");
	out_frac(o, us);
	out_str(o, ",\"bytes\":");
	out_uint(o, status == 204 || status == 304 ? 0 : rnd_spread(&w->rnd, 1800, 6));
	out_str(o, ",\"user\":\"u");
	out_uint(o, 10000 + rnd_rank(&w->rnd, 300000));
	out_str(o, "\",");
	json_tail(w, o);
}

/* What goes on inside a service: text with values in it, then the ids. */
static void json_inner(struct world *w, int64_t ts_ns, struct out *o)
{
	struct rnd *r = &w->rnd;
	unsigned u = (unsigned)rnd_below(r, 1000);

	w->level = u < 560   ? LEVEL_DEBUG
		   : u < 930 ? LEVEL_INFO
		   : u < 990 ? LEVEL_WARN
			     : LEVEL_ERROR;
	json_head(w, u < 300 ? "cache" : u < 700 ? "db" : u < 900 ? "events" : "client", ts_ns, o);
	if (w->plant_word) {
		out_strs(o, "books do not balance: ", w->plant_word, ", entry set aside", NULL);
		w->plant_word = NULL;
	} else if (u < 300) {
		out_strs(o, "cache ", rnd_chance(r, 850) ? "hit" : "miss", " key=profile:", NULL);
		out_uint(o, 10000 + rnd_rank(r, 300000));
	} else if (u < 700) {
		out_str(o, "query took ");
		out_frac(o, rnd_spread(r, 2100, 5));
		out_strs(o, " ms, table ", u < 500 ? "orders" : "stock", ", rows ", NULL);
		out_uint(o, rnd_rank(r, 600));
	} else if (u < 850) {
		out_str(o, "event published: order.changed, id ord_");
		out_hex(o, rnd_next(r), 12);
		out_str(o, ", partition ");
		out_uint(o, rnd_below(r, 32));
	} else if (u < 930) {
		out_strs(o, "search for \\\"", words[rnd_rank(r, COUNT(words))], "\\\", hits ",
			 NULL);
		out_uint(o, rnd_rank(r, 4000));
	} else if (u < 990) {
		out_str(o, "stock service slow, attempt ");
		out_uint(o, 1 + rnd_rank(r, 5));
		out_str(o, " after ");
		out_uint(o, rnd_spread(r, 1500, 2));
		out_str(o, " ms");
	} else {
		out_str(o, "cannot parse answer of stock service: unexpected end at byte ");
		out_uint(o, rnd_spread(r, 600, 4));
	}
	out_str(o, "\",\"user\":\"u");
	out_uint(o, 10000 + rnd_rank(r, 300000));
	out_str(o, "\",");
	json_tail(w, o);
}

static void json_line(struct world *w, const struct app *app, int64_t ts_ns, struct out *o)
{
	(void)app;
	if (!w->plant_word && rnd_chance(&w->rnd, 620))
		json_request(w, ts_ns, o);
	else
		json_inner(w, ts_ns, o);
}

static void logfmt_line(struct world *w, const struct app *app, int64_t ts_ns, struct out *o)
{
	static const char *const done[] = { "\"block uploaded\"", "\"segment closed\"",
					    "heartbeat",	  "\"scrape done\"",
					    "\"lease renewed\"",  "\"queue drained\"",
					    "\"index read\"" };
	struct rnd *r = &w->rnd;
	unsigned u = (unsigned)rnd_below(r, 1000);

	w->level = u < 780   ? LEVEL_INFO
		   : u < 920 ? LEVEL_DEBUG
		   : u < 980 ? LEVEL_WARN
			     : LEVEL_ERROR;
	out_str(o, "ts=");
	out_time(o, TIME_ISO_MS, ts_ns);
	out_strs(o, " level=", level_name[w->level], " component=", app->name, " caller=", NULL);
	out_strs(o, app->container, ".go:", NULL);
	out_uint(o, 24 + 13 * rnd_rank(r, 50));
	if (u < 920) {
		out_strs(o, " msg=", done[rnd_rank(r, COUNT(done))], " tenant=team-", NULL);
		out_uint(o, rnd_rank(r, 60));
	} else {
		out_strs(o, " msg=\"", u < 980 ? "will try again" : "gave up", "\" err=\"", NULL);
		out_strs(o, rnd_chance(r, 500) ? "connection refused" : "deadline exceeded", NULL);
		out_str(o, "\" peer=10.");
		out_uint(o, rnd_below(r, 4));
		out_str(o, ".");
		out_uint(o, rnd_rank(r, 255));
		out_str(o, ".7:9095");
	}
	out_str(o, " items=");
	out_uint(o, rnd_rank(r, 900));
	out_str(o, " bytes=");
	out_uint(o, rnd_spread(r, 160000, 7));
	out_str(o, " took=");
	out_frac(o, rnd_spread(r, 23000, 5));
	out_str(o, "ms id=");
	out_hex(o, rnd_next(r), 16);
}

static void nginx_line(struct world *w, const struct app *app, int64_t ts_ns, struct out *o)
{
	struct rnd *r = &w->rnd;
	uint64_t host = rnd_chance(r, 60) ? rnd_next(r) : rnd_rank(r, 6000);
	unsigned status = line_draw_status(w);

	(void)app;
	w->level = LEVEL_NONE;
	out_ip(o, host);
	out_str(o, " - - [");
	out_time(o, TIME_NGINX, ts_ns);
	out_strs(o, "] \"", line_method(w), " ", NULL);
	if (rnd_chance(r, 450)) {
		line_put_route(w, o);
	} else {
		uint64_t asset = rnd_rank(r, 700);
		out_str(o, "/static/");
		out_hex(o, hash64(asset + 5), 10);
		out_str(o, asset % 3 ? ".js" : asset % 2 ? ".css" : ".webp");
	}
	out_str(o, " HTTP/1.1\" ");
	out_uint(o, status);
	out_str(o, " ");
	out_uint(o, status == 204 || status == 304 ? 0 : rnd_spread(r, 3000, 6));
	out_strs(o, rnd_chance(r, 500) ? " \"-\" \"" : " \"https://shop.example/\" \"",
		 agents[hash64(host) % COUNT(agents)], "\" ", NULL);
	out_frac(o, rnd_spread(r, status >= 500 ? 1500 : 12, 5));
}

static void java_frame(struct world *w, struct out *o)
{
	static const char *const frames[] = {
		"java.base/java.net.SocketInputStream.read(SocketInputStream.java:%)",
		"com.example.money.http.Pool.borrow(Pool.java:%)",
		"com.example.money.http.Client.send(Client.java:%)",
		"com.example.money.Charge.run(Charge.java:%)",
		"java.base/"
		"java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:%)",
		"java.base/java.lang.Thread.run(Thread.java:%)",
	};
	uint64_t pick = rnd_below(&w->rnd, COUNT(frames));
	const char *hole = strchr(frames[pick], '%');

	w->frames_left--;
	w->level = LEVEL_NONE;
	out_str(o, "\tat ");
	out_mem(o, frames[pick], (size_t)(hole - frames[pick]));
	out_uint(o, 40 + hash64(pick * 8 + rnd_rank(&w->rnd, 8)) % 900);
	out_str(o, hole + 1);
}

static void java_line(struct world *w, const struct app *app, int64_t ts_ns, struct out *o)
{
	static const char *const level[LEVEL_COUNT] = { "", "DEBUG", "INFO ", "WARN ", "ERROR" };
	struct rnd *r = &w->rnd;
	unsigned u = (unsigned)rnd_below(r, 1000);

	if (w->frames_left) {
		java_frame(w, o);
		return;
	}
	w->level = u < 240   ? LEVEL_DEBUG
		   : u < 940 ? LEVEL_INFO
		   : u < 985 ? LEVEL_WARN
			     : LEVEL_ERROR;
	out_time(o, TIME_JAVA, ts_ns);
	out_strs(o, " ", level[w->level], " [exec-", NULL);
	out_uint(o, 1 + rnd_rank(r, 64));
	out_strs(o, "] com.example.", app->name, NULL);
	if (u < 500) {
		out_str(o, ".Posting - posted entry ");
		out_uint(o, 70000000 + rnd_below(r, 29999999));
		out_str(o, " account=");
		out_uint(o, 400000 + rnd_rank(r, 90000));
		out_str(o, " amount=");
		out_frac(o, 10 * rnd_spread(r, 3900, 4));
	} else if (u < 940) {
		out_str(o, ".Batch - batch ");
		out_hex(o, rnd_next(r), 8);
		out_str(o, " took ");
		out_uint(o, rnd_spread(r, 180, 4));
		out_str(o, " ms, ");
		out_uint(o, rnd_rank(r, 5000));
		out_str(o, " rows, heap ");
		out_uint(o, rnd_spread(r, 900, 1));
		out_str(o, " MB");
	} else if (u < 985) {
		out_str(o, ".Pool - slow checkout of a connection: ");
		out_uint(o, rnd_spread(r, 1200, 3));
		out_str(o, " ms, idle=0 waiting=");
		out_uint(o, rnd_rank(r, 90));
	} else {
		out_str(o, ".Charge - charge failed: java.net.SocketTimeoutException: Read timed "
			   "out after ");
		out_uint(o, rnd_chance(r, 800) ? 3000 : rnd_spread(r, 3000, 2));
		out_str(o, " ms");
		w->frames_left = 4 + (unsigned)rnd_below(r, 14);
	}
}

void line_write(struct world *w, const struct app *app, int64_t ts_ns, struct out *o)
{
	static void (*const write[])(struct world *, const struct app *, int64_t, struct out *) = {
		[KIND_JSON] = json_line,
		[KIND_LOGFMT] = logfmt_line,
		[KIND_NGINX] = nginx_line,
		[KIND_JAVA] = java_line,
	};

	w->status = 0;
	w->level = LEVEL_NONE;
	write[app->kind](w, app, ts_ns, o);
}
