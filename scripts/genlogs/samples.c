/*
 * The sample logs: one hour of a small web shop, told by five logs.
 *
 * At 09:19:58 somebody loads new firewall rules on gw1, which drop what the payment service sends
 * to its card processor; from 09:20 to 09:30 nearly all charges time out, until the rules are taken
 * back. A request has one trace id in nginx.log, shop.log, payment.log and billing.log. Each log
 * also has everyday noise that has nothing to do with it.
 */
#include <stdlib.h>

#include "gen.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { NGINX, SHOP, PAYMENT, BILLING, SYSLOG, N_FILES };

static const char *const file_name[N_FILES] = { "nginx.log", "shop.log", "payment.log",
						"billing.log", "syslog.log" };

enum {
	START_S = 1760432400, /* 2025-10-14T09:00:00Z */
	HOUR_S = 3600,
	FAULT_FROM_S = START_S + 1200,
	FAULT_TO_S = START_S + 1800,
	N_REQUESTS = 1100,
};

#define MS 1000000LL /* in ns */

/* A line of a log, or several that are written together. */
struct event {
	int64_t ts_ns;
	size_t seq;
	int file;
	struct out text;
};

struct story {
	struct rnd rnd;
	struct event *events;
	size_t n, cap;
	unsigned next_order;
};

struct request {
	int64_t ts_ns; /* when it came; the access log is written when it ends */
	int64_t took_ns;
	uint64_t trace, user;
	const char *method;
	struct out path;
	unsigned status;
};

static struct out *event_at(struct story *st, int file, int64_t ts_ns)
{
	struct event *ev;

	if (st->n == st->cap) {
		st->cap = st->cap * 2 + 64;
		st->events = realloc(st->events, st->cap * sizeof(*st->events));
		if (!st->events)
			die("memory");
	}
	ev = &st->events[st->n];
	*ev = (struct event){ .ts_ns = ts_ns, .seq = st->n++, .file = file };
	return &ev->text;
}

static bool in_fault(int64_t ts_ns)
{
	return ts_ns >= FAULT_FROM_S * NS_PER_S && ts_ns < FAULT_TO_S * NS_PER_S;
}

static void put_trace(struct out *o, uint64_t trace)
{
	out_hex(o, hash64(trace * 2), 16);
	out_hex(o, hash64(trace * 2 + 1), 16);
}

static const char *user_name(uint64_t user)
{
	static const char *const names[] = {
		"anna",	 "ben",	  "chidi",	  "zo\u00eb",	 "emil",  "fatima",
		"goran", "hana",  "ivo",	  "j\u00fcrgen", "kofi",  "lea",
		"mei",	 "noor",  "\u00f8yvind",  "paul",	 "quinn", "rosa",
		"sven",	 "tariq", "\u674e\u96f7", "uma",	 "vera",  "yusuf"
	};

	return names[user % COUNT(names)];
}

/* Like Go's durations, in the two units that people search for. */
static void put_duration(struct out *o, int64_t ns)
{
	out_frac(o, (uint64_t)(ns >= NS_PER_S ? ns / MS : ns / 1000));
	out_str(o, ns >= NS_PER_S ? "s" : "ms");
}

/* ---- the shop: nginx in front, JSON behind ---- */

static void nginx_line(struct story *st, const struct request *rq)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/139.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
		"(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
		"curl/8.15.0",
	};
	struct out *o = event_at(st, NGINX, rq->ts_ns + rq->took_ns);

	out_ip(o, rq->user);
	out_strs(o, " - ", rq->user % 3 ? "-" : user_name(rq->user), " [", NULL);
	out_time(o, TIME_NGINX, rq->ts_ns + rq->took_ns);
	out_strs(o, "] \"", rq->method, " ", NULL);
	out_mem(o, rq->path.p, rq->path.n);
	out_str(o, " HTTP/1.1\" ");
	out_uint(o, rq->status);
	out_str(o, " ");
	out_uint(o, rq->status >= 400 ? 162 + rq->status % 7 : rnd_spread(&st->rnd, 2600, 5));
	out_strs(o, rq->user % 2 ? " \"https://shop.example/\" \"" : " \"-\" \"",
		 agents[hash64(rq->user) % COUNT(agents)], "\" ", NULL);
	out_frac(o, (uint64_t)(rq->took_ns / MS));
	out_str(o, " ");
	put_trace(o, rq->trace);
}

/* The start of a line of shop.log, up to and with its message. */
static struct out *shop_line(struct story *st, const struct request *rq, int64_t after_ns,
			     enum level level, const char *service, const char *msg)
{
	struct out *o = event_at(st, SHOP, rq->ts_ns + after_ns);

	out_str(o, "{\"time\":\"");
	out_time(o, TIME_ISO_MS, rq->ts_ns + after_ns);
	out_strs(o, "\",\"level\":\"", level_name[level], "\",\"service\":\"", service,
		 "\",\"msg\":\"", msg, "\"", NULL);
	return o;
}

static void shop_ids(struct story *st, const struct request *rq, struct out *o)
{
	out_str(o, ",\"trace_id\":\"");
	put_trace(o, rq->trace);
	out_str(o, "\",\"span_id\":\"");
	out_hex(o, rnd_next(&st->rnd), 16);
	out_strs(o, "\",\"user\":\"", user_name(rq->user), "\"}", NULL);
}

static void shop_request(struct story *st, const struct request *rq, const char *service,
			 const char *error)
{
	enum level level = rq->status >= 500   ? LEVEL_ERROR
			   : rq->status >= 400 ? LEVEL_WARN
					       : LEVEL_INFO;
	struct out *o = shop_line(st, rq, rq->took_ns - MS, level, service,
				  error ? "request failed" : "request done");

	out_strs(o, ",\"method\":\"", rq->method, "\",\"path\":\"", NULL);
	out_json(o, rq->path.p, rq->path.n);
	out_str(o, "\",\"status\":");
	out_uint(o, rq->status);
	out_str(o, ",\"duration\":\"");
	put_duration(o, rq->took_ns - MS);
	out_str(o, "\"");
	if (error)
		out_strs(o, ",\"error\":\"", error, "\"", NULL);
	shop_ids(st, rq, o);
}

/* ---- the payment service: logfmt; billing: Java ---- */

static struct out *payment_line(struct story *st, const struct request *rq, int64_t ts_ns,
				enum level level, const char *msg, unsigned order)
{
	struct out *o = event_at(st, PAYMENT, ts_ns);

	out_str(o, "time=");
	out_time(o, TIME_ISO_MS, ts_ns);
	out_strs(o, " level=", level_name[level], " msg=\"", msg, "\" trace_id=", NULL);
	put_trace(o, rq->trace);
	out_str(o, " order=");
	out_uint(o, order);
	return o;
}

static struct out *billing_line(struct story *st, int64_t ts_ns, const char *level,
				const char *logger)
{
	struct out *o = event_at(st, BILLING, ts_ns);

	out_time(o, TIME_JAVA, ts_ns);
	out_strs(o, " ", level, " [worker-", NULL);
	out_uint(o, 1 + rnd_below(&st->rnd, 8));
	out_strs(o, "] com.example.billing.", logger, " - ", NULL);
	return o;
}

static void billing_failure(struct story *st, const struct request *rq, int64_t ts_ns,
			    unsigned order)
{
	struct out *o = billing_line(st, ts_ns, "ERROR", "InvoiceService");

	out_str(o, "cannot settle order ");
	out_uint(o, order);
	out_str(o, " trace_id=");
	put_trace(o, rq->trace);
	out_str(o, "\ncom.example.billing.SettleException: payment service did not confirm\n"
		   "\tat com.example.billing.InvoiceService.settle(InvoiceService.java:118)\n"
		   "\tat com.example.billing.OrderListener.onOrder(OrderListener.java:64)\n"
		   "\tat java.base/java.lang.Thread.run(Thread.java:1583)\n"
		   "Caused by: java.net.SocketTimeoutException: Read timed out\n"
		   "\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)\n"
		   "\tat com.example.billing.PaymentClient.confirm(PaymentClient.java:");
	out_uint(o, 71 + rnd_below(&st->rnd, 3) * 9);
	out_str(o, ")\n\t... 2 more");
}

/* ---- kinds of requests ---- */

static void checkout_done(struct story *st, struct request *rq, unsigned order)
{
	int64_t charge_ns = (int64_t)rnd_spread(&st->rnd, 180, 2) * MS +
			    (int64_t)rnd_below(&st->rnd, MS),
		at = rq->ts_ns + 20 * MS;
	struct out *o;

	rq->status = 201;
	rq->took_ns = charge_ns + 45 * MS;
	o = payment_line(st, rq, at + charge_ns, LEVEL_INFO, "charge accepted", order);
	out_str(o, " amount=");
	out_uint(o, 4 + rnd_spread(&st->rnd, 40, 3));
	out_str(o, ".90 currency=EUR processor=203.0.113.40 attempt=1 duration=");
	put_duration(o, charge_ns);
	o = billing_line(st, at + charge_ns + 15 * MS, "INFO ", "InvoiceService");
	out_str(o, "order ");
	out_uint(o, order);
	out_str(o, " settled trace_id=");
	put_trace(o, rq->trace);
	shop_request(st, rq, "checkout", NULL);
}

static void checkout_failed(struct story *st, struct request *rq, unsigned order)
{
	int64_t at = rq->ts_ns + 20 * MS;

	rq->status = 504;
	rq->took_ns = 6040 * MS + (int64_t)rnd_below(&st->rnd, 60000000);
	for (unsigned attempt = 1; attempt <= 2; attempt++) {
		struct out *o;

		at += 3000 * MS + (int64_t)rnd_below(&st->rnd, 4000000);
		o = payment_line(st, rq, at, attempt == 2 ? LEVEL_ERROR : LEVEL_WARN,
				 attempt == 2 ? "charge failed" : "charge timed out, trying again",
				 order);
		out_str(o, " err=\"dial tcp 203.0.113.40:443: i/o timeout\" processor=203.0.113.40 "
			   "attempt=");
		out_uint(o, attempt);
		out_str(o, " duration=");
		put_duration(o, 3000 * MS + (int64_t)rnd_below(&st->rnd, 2000000));
	}
	shop_request(st, rq, "checkout", "payment: context deadline exceeded (timeout after 6s)");
	billing_failure(st, rq, rq->ts_ns + rq->took_ns + 3 * MS, order);
}

static void checkout(struct story *st, struct request *rq)
{
	unsigned order = st->next_order++;
	struct out *o = shop_line(st, rq, 4 * MS, LEVEL_INFO, "checkout", "order received");

	rq->method = "POST";
	out_str(&rq->path, "/checkout");
	out_str(o, ",\"order\":");
	out_uint(o, order);
	out_str(o, ",\"items\":");
	out_uint(o, 1 + rnd_rank(&st->rnd, 9));
	shop_ids(st, rq, o);
	/* A few get through, over connections that were open before the rules changed. */
	if (in_fault(rq->ts_ns) && !rnd_chance(&st->rnd, 70))
		checkout_failed(st, rq, order);
	else
		checkout_done(st, rq, order);
}

static void cart(struct story *st, struct request *rq)
{
	rq->method = rnd_chance(&st->rnd, 700) ? "POST" : "DELETE";
	rq->status = 200;
	out_str(&rq->path, "/cart/items/");
	out_uint(&rq->path, 100 + rnd_rank(&st->rnd, 800));
	if (rnd_chance(&st->rnd, 30)) {
		struct out *o = shop_line(st, rq, 3 * MS, LEVEL_WARN, "cart", "stock is low");

		out_str(o, ",\"left\":");
		out_uint(o, rnd_below(&st->rnd, 4));
		shop_ids(st, rq, o);
	}
	shop_request(st, rq, "cart", NULL);
}

static void search(struct story *st, struct request *rq)
{
	static const char *const what[][2] = { { "lamp", "lamp" },
					       { "caf%C3%A9", "caf\u00e9" },
					       { "tea", "tea" },
					       { "rain+coat", "rain coat" },
					       { "%E8%8C%B6%E7%A2%97", "\u8336\u7897" },
					       { "b%C3%BCrostuhl", "b\u00fcrostuhl" } };
	uint64_t i = rnd_rank(&st->rnd, COUNT(what)), hits = rnd_rank(&st->rnd, 300);
	struct out *o = shop_line(st, rq, 5 * MS, LEVEL_DEBUG, "catalog", "search");

	out_strs(o, ",\"query\":\"", what[i][1], "\",\"hits\":", NULL);
	out_uint(o, hits);
	shop_ids(st, rq, o);
	rq->status = 200;
	out_strs(&rq->path, "/search?q=", what[i][0], NULL);
	shop_request(st, rq, "catalog", NULL);
}

static void product(struct story *st, struct request *rq)
{
	unsigned u = (unsigned)rnd_below(&st->rnd, 1000);

	rq->status = u < 30 ? 404 : u < 38 ? 500 : u < 120 ? 304 : 200;
	out_str(&rq->path, "/products/");
	out_uint(&rq->path, 100 + rnd_rank(&st->rnd, 800));
	if (rnd_chance(&st->rnd, 500) || rq->status >= 400)
		shop_request(st, rq, "catalog",
			     rq->status == 500 ? "template: nil pointer in price_tag" : NULL);
}

static void one_request(struct story *st, int64_t ts_ns)
{
	struct request rq = { .ts_ns = ts_ns,
			      .trace = rnd_next(&st->rnd) >> 8,
			      .user = rnd_rank(&st->rnd, 400),
			      .method = "GET" };
	unsigned u = (unsigned)rnd_below(&st->rnd, 1000);

	rq.took_ns = (int64_t)rnd_spread(&st->rnd, 24000, 3) * 1000 + 8 * MS;
	if (u < 170) {
		checkout(st, &rq);
	} else if (u < 370) {
		cart(st, &rq);
	} else if (u < 480) {
		search(st, &rq);
	} else if (u < 820) {
		product(st, &rq);
	} else {
		rq.status = 200;
		rq.took_ns = (int64_t)rnd_below(&st->rnd, 3) * MS;
		out_strs(&rq.path, "/static/",
			 u < 900   ? "app.4f1c9a.js"
			 : u < 970 ? "shop.77ab02.css"
				   : "logo.svg",
			 NULL);
	}
	nginx_line(st, &rq);
	free(rq.path.p);
}

/* ---- everyday noise ---- */

static void payment_noise(struct story *st, int64_t ts_ns)
{
	struct out *o = event_at(st, PAYMENT, ts_ns);
	bool fault = in_fault(ts_ns);

	out_str(o, "time=");
	out_time(o, TIME_ISO_MS, ts_ns);
	out_strs(o, " level=", fault ? "warn" : "debug",
		 " msg=\"pool of connections\" processor=203.0.113.40 open=", NULL);
	out_uint(o, fault ? 32 : 4 + rnd_below(&st->rnd, 5));
	out_str(o, " waiting=");
	out_uint(o, fault ? 3 + rnd_below(&st->rnd, 20) : 0);
}

static void billing_noise(struct story *st, int64_t ts_ns)
{
	struct out *o =
		billing_line(st, ts_ns, rnd_chance(&st->rnd, 60) ? "WARN " : "DEBUG", "Scheduler");

	out_str(o, "run ");
	out_uint(o, rnd_below(&st->rnd, 90000) + 10000);
	out_str(o, " took ");
	out_uint(o, rnd_spread(&st->rnd, 60, 4));
	out_str(o, " ms, heap ");
	out_uint(o, 380 + rnd_below(&st->rnd, 300));
	out_str(o, " MB");
}

static struct out *syslog_line(struct story *st, int64_t ts_ns, unsigned pri, const char *host,
			       const char *tag)
{
	struct out *o = event_at(st, SYSLOG, ts_ns);

	out_str(o, "<");
	out_uint(o, pri);
	out_str(o, ">");
	out_time(o, TIME_SYSLOG, ts_ns);
	out_strs(o, " ", host, " ", tag, NULL);
	return o;
}

static void syslog_noise(struct story *st, int64_t ts_ns)
{
	static const char *const hosts[] = { "web1", "web2", "db1", "gw1" };
	static const char *const names[] = {
		"admin", "oracle", "test", "ubuntu", "git", "postgres"
	};
	const char *host = hosts[rnd_rank(&st->rnd, COUNT(hosts))];
	unsigned u = (unsigned)rnd_below(&st->rnd, 1000);
	struct out *o;

	if (u < 350) {
		o = syslog_line(st, ts_ns, 38, host, "sshd[");
		out_uint(o, 2000 + rnd_below(&st->rnd, 30000));
		out_strs(o, "]: Invalid user ", names[rnd_rank(&st->rnd, COUNT(names))], " from ",
			 NULL);
		out_ip(o, 70000 + rnd_rank(&st->rnd, 40));
		out_str(o, " port ");
		out_uint(o, 32768 + rnd_below(&st->rnd, 28000));
	} else if (u < 650) {
		o = syslog_line(st, ts_ns, 78, host, "CRON[");
		out_uint(o, 2000 + rnd_below(&st->rnd, 30000));
		out_str(o, "]: (root) CMD (/usr/lib/sysstat/sa1 1 1)");
	} else if (u < 850) {
		o = syslog_line(st, ts_ns, 30, host, "systemd[1]: Started session-");
		out_uint(o, rnd_below(&st->rnd, 900));
		out_str(o, ".scope - Session of User deploy.");
	} else {
		o = syslog_line(st, ts_ns, 29, host, "chronyd[612]: Selected source 192.0.2.");
		out_uint(o, 10 + rnd_below(&st->rnd, 6));
	}
}

static void firewall_drop(struct story *st, int64_t ts_ns)
{
	struct out *o = syslog_line(st, ts_ns, 4, "gw1",
				    "kernel: egress-drop: IN=eth1 OUT=eth0 SRC=10.20.0.3");

	out_uint(o, 1 + rnd_below(&st->rnd, 2));
	out_str(o, " DST=203.0.113.40 LEN=60 TTL=63 ID=");
	out_uint(o, rnd_below(&st->rnd, 65536));
	out_str(o, " DF PROTO=TCP SPT=");
	out_uint(o, 32768 + rnd_below(&st->rnd, 28000));
	out_str(o, " DPT=443 WINDOW=64240 SYN");
}

/* The turning points, and lines of unusual form: a very long one, an empty one. */
static void once(struct story *st)
{
	int64_t start = START_S * NS_PER_S;
	struct request rq = { .ts_ns = start + 2712 * NS_PER_S + 345 * MS, .trace = 7, .user = 3 };
	struct out *o = shop_line(st, &rq, 0, LEVEL_DEBUG, "cart", "cart imported");

	out_str(o, ",\"items\":[");
	for (unsigned i = 0; i < 300; i++) {
		out_str(o, i ? ",{\"id\":" : "{\"id\":");
		out_uint(o, 100 + rnd_below(&st->rnd, 800));
		out_str(o, ",\"n\":");
		out_uint(o, 1 + rnd_rank(&st->rnd, 9));
		out_str(o, "}");
	}
	out_str(o, "]");
	shop_ids(st, &rq, o);
	o = billing_line(st, start + 600 * NS_PER_S, "INFO ", "Report");
	out_str(o, "open invoices by country follow\n\nDE 112\nFR 87\n\u00d6sterreich 14");
	syslog_line(st, start + 1198 * NS_PER_S, 85, "gw1",
		    "sudo:   deploy : TTY=pts/0 ; PWD=/etc/nftables ; USER=root ; "
		    "COMMAND=/usr/sbin/nft -f egress-v42.nft");
	syslog_line(st, start + 1799 * NS_PER_S, 85, "gw1",
		    "sudo:   deploy : TTY=pts/0 ; PWD=/etc/nftables ; USER=root ; "
		    "COMMAND=/usr/sbin/nft -f egress-v41.nft");
	syslog_line(st, start + 1790 * NS_PER_S, 38, "gw1",
		    "sshd[20417]: Accepted publickey for deploy from 10.20.0.5 port 50122 ssh2: "
		    "ED25519");
}

/* Something happens about every gap_ms from from_s to to_s. */
static void repeat(struct story *st, int64_t from_s, int64_t to_s, uint64_t gap_ms,
		   void (*what)(struct story *, int64_t))
{
	int64_t ts_ns = from_s * NS_PER_S + (int64_t)rnd_gap(&st->rnd, gap_ms * MS);

	for (; ts_ns < to_s * NS_PER_S; ts_ns += (int64_t)rnd_gap(&st->rnd, gap_ms * MS))
		what(st, ts_ns);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void samples_make(const char *dir)
{
	struct story st = { .rnd.state = 2025, .next_order = 40117 };
	struct out files[N_FILES] = { 0 };

	repeat(&st, START_S, START_S + HOUR_S - 10, (HOUR_S - 10) * 1000 / N_REQUESTS, one_request);
	repeat(&st, START_S, START_S + HOUR_S, 30000, payment_noise);
	repeat(&st, START_S, START_S + HOUR_S, 15000, billing_noise);
	repeat(&st, START_S, START_S + HOUR_S, 12000, syslog_noise);
	repeat(&st, FAULT_FROM_S, FAULT_TO_S, 2500, firewall_drop);
	once(&st);
	qsort(st.events, st.n, sizeof(*st.events), by_time);
	for (size_t i = 0; i < st.n; i++) {
		struct event *ev = &st.events[i];

		out_mem(&files[ev->file], ev->text.p, ev->text.n);
		out_str(&files[ev->file], "\n");
		free(ev->text.p);
	}
	for (int f = 0; f < N_FILES; f++) {
		out_save(&files[f], dir, file_name[f]);
		free(files[f].p);
	}
	free(st.events);
}
