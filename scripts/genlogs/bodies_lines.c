/*
 * Lines of `gen-logs bodies`: services that write JSON, infrastructure that writes logfmt, web
 * servers, and older systems whose lines come from templates. As in lines.c each line is made of
 * fixed text, of what comes from skewed sets, and of what is fresh; these have the fields that the
 * queries of tests/bench/table.sh ask for.
 */
#include <stdlib.h>

#include "bodies.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char bodies_word[] = "Kw3ZpvXq8";
const char bodies_message[] = "unrecoverable state";
const char *const bodies_level_name[BODIES_LEVELS] = { "info", "warn", "error", "debug" };

enum { INFO, WARN, ERROR, DEBUG };

/*
 * In a template {S} is syslog's time, {J} Java's, {i} an address, {h} a host, {u} a user, {p} the
 * number of a process, {nK} a number of K digits, {rK} one below 10^K that is mostly small, {xK} K
 * digits of an id that is in use, {XK} of one that never was.
 */
static const char *const sshd[] = {
	"{S} {h} sshd[{p}]: Accepted publickey for {u} from {i} port {n5} ssh2: ED25519 "
	"SHA256:{x16}",
	"{S} {h} sshd[{p}]: Failed password for {u} from {i} port {n5} ssh2",
	"{S} {h} sshd[{p}]: Failed password for invalid user {u} from {i} port {n5} ssh2",
	"{S} {h} sshd[{p}]: Connection closed by authenticating user {u} {i} port {n5} [preauth]",
	"{S} {h} sshd[{p}]: Disconnected from {i} port {n5} [preauth]",
	"{S} {h} sshd[{p}]: pam_unix(sshd:session): session opened for user {u} by (uid=0)",
	"{S} {h} sshd[{p}]: error: maximum authentication attempts exceeded for {u} from {i} port "
	"{n5}",
	NULL,
};
static const char *const kernel[] = {
	"{S} {h} kernel: [{n6}.{n6}] eth0: link up, 10000 Mbps, full duplex, flow control rx",
	"{S} {h} kernel: [{n6}.{n6}] Out of memory: killed process {p} ({u}) total-vm:{n7}kB, "
	"anon-rss:{n6}kB",
	"{S} {h} systemd[1]: Started session {r4} of user {u}.",
	"{S} {h} systemd[1]: Reloading configuration of unit backup@{r3}.service",
	"{S} {h} cron[{p}]: ({u}) CMD (/usr/lib/collect/run --slot {r2} --quiet)",
	"{S} {h} kernel: [{n6}.{n6}] firewall drop IN=eth0 OUT= SRC={i} DST=10.0.0.{r2} LEN={r3} "
	"TTL=54 ID={n5} PROTO=TCP DPT={r4}",
	NULL,
};
static const char *const datanode[] = {
	"{J} INFO  node.Receiver: block blk_{x16} of {n8} bytes written from /{i}:50010",
	"{J} INFO  node.Receiver: replica of blk_{x16} stored, generation {r4}, in {r3} ms",
	"{J} INFO  node.Sender: served blk_{x16} to /{i}:{n5}",
	"{J} INFO  names.Blocks: allocated blk_{x16} for /data/jobs/{x8}/part-{r5}",
	"{J} WARN  node.Sender: client /{i}:{n5} went away while blk_{x16} was sent",
	"{J} INFO  node.Scanner: verified blk_{x16}",
	"{J} INFO  names.Blocks: blk_{x16} is under-replicated, {r1} of 3, asked /{i}:50010 for a "
	"copy",
	NULL,
};
static const char *const executor[] = {
	"{J} INFO  exec.Task: task {r4}.0 in stage {r3}.0 (tid {n6}) finished, {n4} bytes of "
	"result",
	"{J} INFO  exec.Task: running task {r4}.0 in stage {r3}.0 (tid {n6})",
	"{J} INFO  storage.Cache: block rdd_{r3}_{r4} kept in memory, {n5} bytes, {n4} MB free",
	"{J} INFO  storage.Cache: block broadcast_{r4} dropped",
	"{J} INFO  shuffle.Fetch: {r3} blocks of {r4} not empty, {r2} remote, in {r2} ms",
	"{J} WARN  exec.Heartbeat: no answer of the driver at {i}:{n5} for {n5} ms",
	NULL,
};
static const char *const coordinator[] = {
	"{J} - INFO  [peer-{r1}:Election@{n3}] - notification: leader {r1}, zxid 0x{x9}, round "
	"{r3}, state LOOKING",
	"{J} - INFO  [accept:Server@{n3}] - connection from /{i}:{n5}",
	"{J} - WARN  [recv:Session@{n3}] - end of stream, session 0x{x16}, probably the client has "
	"closed it",
	"{J} - INFO  [session:Tracker@{n3}] - session 0x{x16} expired after {n5} ms",
	"{J} - ERROR [send:Worker@{n3}] - error while sending to peer {r1} at {i}:3888",
	NULL,
};
static const char *const machine[] = {
	"- {n10} {J} rack{r2}-m{r1}-n{r2} RAS KERNEL INFO instruction cache parity fixed, core "
	"{r1}, 0x{x8}",
	"- {n10} {J} rack{r2}-m{r1}-n{r2} RAS KERNEL INFO {n7} floating point alignments trapped, "
	"unit {r1}",
	"- {n10} {J} rack{r2}-m{r1}-n{r2} RAS APP FATAL ciod: error reading message prefix on link "
	"{i}:{n5}",
	"- {n10} {J} rack{r2}-m{r1}-n{r2} RAS KERNEL INFO generating core.{n4}, registers 0x{X8} "
	"0x{X8}",
	"- {n10} {J} rack{r2}-m{r1}-n{r2} RAS MMCS WARNING node card power at {n4} mV, limit {n4}",
	NULL,
};
static const char *const httpd[] = {
	"[{S}] [notice] pool {r2} set up from /etc/httpd/pools.d/p{r2}.conf",
	"[{S}] [error] [client {i}] no listing of /srv/www/{u}/ is allowed",
	"[{S}] [error] pool {r2}: child {p} is in error state {r1}",
	"[{S}] [notice] child {p} takes slot {r2}",
	"[{S}] [info] [client {i}] request body of {n5} bytes read in {r4} us",
	NULL,
};
static const char *const handset[] = {
	"{J}  {p}  {p} D PowerService: lock acquired flags=0x{r1} tag=\"*job*/{u}.sync\" ws={x8} "
	"uid={n5} pid={p}",
	"{J}  {p}  {p} I WindowManager: relayout of {x7}/{u}: {n4}x{n4}, visible",
	"{J}  {p}  {p} V Steps: counted {r4} since {n10}, total {n6}",
	"{J}  {p}  {p} D Audio: route {r1} gain {r2} stream {x8}",
	"{J}  {p}  {p} W Battery: temperature {n3}, current {n4} uA, level {r2}",
	"{J}  {p}  {p} I Installer: pass {r2}, {n5} packages scanned in {n4} ms, token {X16}",
	NULL,
};

/* The names of those that the queries ask for, and how large they are, matter. */
const struct bodies_app bodies_apps[] = {
	{ "checkout-api", "shop", "server", BODIES_JSON, 12, 11, NULL },
	{ "basket", "shop", "server", BODIES_JSON, 7, 11, NULL },
	{ "search-api", "shop", "server", BODIES_JSON, 6, 11, NULL },
	{ "accounts", "identity", "server", BODIES_JSON, 9, 11, NULL },
	{ "payouts", "payments", "server", BODIES_JSON, 5, 11, NULL },
	{ "ledger", "payments", "worker", BODIES_JSON, 3, 11, NULL },
	{ "ingester", "infra", "ingester", BODIES_LOGFMT, 4, 9, NULL },
	{ "merger", "infra", "merger", BODIES_LOGFMT, 4, 9, NULL },
	{ "planner", "infra", "planner", BODIES_LOGFMT, 3, 9, NULL },
	{ "proxy", "infra", "proxy", BODIES_LOGFMT, 3, 9, NULL },
	{ "edge-nginx", "web", "nginx", BODIES_NGINX, 14, 16, NULL },
	{ "web-nginx", "web", "nginx", BODIES_NGINX, 5, 16, NULL },
	{ "sshd", "hosts", "sshd", BODIES_TEMPLATES, 4, 20, sshd },
	{ "kernel", "hosts", "syslog", BODIES_TEMPLATES, 3, 20, kernel },
	{ "datanode", "data", "datanode", BODIES_TEMPLATES, 5, 20, datanode },
	{ "executor", "data", "executor", BODIES_TEMPLATES, 4, 20, executor },
	{ "coordinator", "data", "coordinator", BODIES_TEMPLATES, 3, 20, coordinator },
	{ "machine", "hpc", "ras", BODIES_TEMPLATES, 3, 20, machine },
	{ "httpd", "hosts", "httpd", BODIES_TEMPLATES, 1, 20, httpd },
	{ "handset", "devices", "app", BODIES_TEMPLATES, 3, 20, handset },
};
const unsigned bodies_n_apps = COUNT(bodies_apps);

uint64_t bodies_mean_bytes(const struct bodies_app *app)
{
	static const uint64_t mean[] = { [BODIES_JSON] = 260,
					 [BODIES_LOGFMT] = 220,
					 [BODIES_NGINX] = 250,
					 [BODIES_TEMPLATES] = 105 };

	return mean[app->kind];
}

const char *const bodies_paths[BODIES_PATHS] = {
	"/v1/items",	   "/v1/items/{id}",  "/v1/basket",   "/v1/search",
	"/v1/orders",	   "/v1/orders/{id}", "/v1/session",  "/v1/users/{id}",
	"/v1/payments",	   "/v1/stock",	      "/v1/coupons",  "/v1/returns",
	"/v1/suggestions", "/v1/addresses",   "/v1/invoices", "/healthz",
};

static void put_user(struct rnd *r, struct out *o)
{
	out_str(o, "u-");
	out_pad(o, rnd_rank(r, 200000), 6);
}

static void put_message(struct bodies_line *l)
{
	out_strs(&l->text, bodies_message, ", code=RX-", l->app->name, "-4407, giving up", NULL);
	l->plant_message = false;
}

/* A token with the rare word inside. */
static void put_word(struct bodies_line *l)
{
	struct out *o = &l->text;

	out_str(o, "session restored: sess_");
	out_hex(o, rnd_next(&l->world.rnd), 6);
	out_str(o, l->world.plant_word);
	out_hex(o, rnd_next(&l->world.rnd), 5);
	l->world.plant_word = NULL;
}

/* ---- JSON ---- */

static void json_head(struct bodies_line *l, int64_t ts_ns)
{
	static const char *const files[] = { "http/handler.go", "db/conn.go", "cache/lru.go",
					     "events/bus.go", "rpc/stub.go" };
	struct rnd *r = &l->world.rnd;
	struct out *o = &l->text;

	out_str(o, "{\"ts\":\"");
	out_time(o, TIME_ISO_MS, ts_ns);
	out_strs(o, "\",\"level\":\"", bodies_level_name[l->level], "\",\"caller\":\"",
		 files[rnd_rank(r, COUNT(files))], ":", NULL);
	out_uint(o, 20 + 17 * rnd_below(r, 14));
	out_str(o, "\",\"msg\":\"");
}

static void json_ids(struct bodies_line *l)
{
	struct out *o = &l->text;

	out_str(o, "\",\"trace_id\":\"");
	line_put_trace(&l->world, o);
	out_str(o, "\",\"span_id\":\"");
	out_hex(o, rnd_next(&l->world.rnd), 16);
	out_str(o, "\",\"user_id\":\"");
	put_user(&l->world.rnd, o);
}

static void json_request(struct bodies_line *l, int64_t ts_ns)
{
	static const char *const failed[] = { "request failed: upstream gave no answer in time",
					      "request failed: connection reset",
					      "request failed: Timeout of the backend",
					      "unexpected end of the response body" };
	struct world *w = &l->world;
	struct out *o = &l->text;

	l->status = line_draw_status(w);
	l->path = (unsigned)rnd_rank(&w->rnd, BODIES_PATHS);
	l->level = l->status >= 500 ? ERROR : l->status >= 400 ? WARN : INFO;
	l->duration_us =
		rnd_spread(&w->rnd, (4000U + 1500U * l->path) * (l->status >= 500 ? 20 : 1), 5);
	json_head(l, ts_ns);
	out_str(o, l->status >= 500   ? failed[rnd_rank(&w->rnd, COUNT(failed))]
		   : l->status >= 400 ? "request rejected"
				      : "request completed");
	json_ids(l);
	out_strs(o, "\",\"method\":\"", l->path % 3 == 2 ? "POST" : "GET", "\",\"path\":\"",
		 bodies_paths[l->path], "\",\"status\":", NULL);
	out_uint(o, l->status);
	out_str(o, ",\"duration_ms\":");
	out_frac(o, l->duration_us);
	out_str(o, ",\"bytes\":");
	out_uint(o, l->status == 204 || l->status == 304 ? 0 : rnd_spread(&w->rnd, 500, 7));
	out_str(o, "}");
}

static void json_warning(struct bodies_line *l)
{
	struct rnd *r = &l->world.rnd;
	struct out *o = &l->text;

	switch (rnd_below(r, 3)) {
	case 0:
		out_str(o, "call to stock retried, attempt ");
		out_uint(o, 2 + rnd_rank(r, 5));
		break;
	case 1:
		out_str(o, "call TIMED OUT after ");
		out_uint(o, 1000 + rnd_below(r, 4000));
		out_str(o, "ms, backend=stock-");
		out_uint(o, rnd_below(r, 9));
		break;
	default:
		out_str(o, "slow statement: ");
		out_uint(o, 500 + rnd_rank(r, 9000));
		out_str(o, " ms table=orders_");
		out_pad(o, rnd_below(r, 64), 2);
	}
}

static void json_event(struct bodies_line *l)
{
	struct rnd *r = &l->world.rnd;
	struct out *o = &l->text;

	if (rnd_chance(r, 400)) {
		out_str(o, "session restored: sess_");
		out_hex(o, rnd_next(r), 16);
		out_hex(o, rnd_next(r), 4);
		return;
	}
	out_str(o, "published event order.changed id=ord_");
	out_hex(o, rnd_next(r), 12);
	out_str(o, " partition=");
	out_uint(o, rnd_below(r, 24));
}

static void json_inner(struct bodies_line *l, int64_t ts_ns)
{
	struct rnd *r = &l->world.rnd;
	struct out *o = &l->text;
	unsigned u = (unsigned)rnd_below(r, 1000);

	l->level = u < 500 ? DEBUG : u < 892 ? INFO : u < 982 ? WARN : ERROR;
	json_head(l, ts_ns);
	if (l->plant_message) {
		put_message(l);
	} else if (l->world.plant_word) {
		put_word(l);
	} else if (u < 250) {
		out_strs(o, "cache ", rnd_chance(r, 800) ? "hit" : "miss", " for key user:", NULL);
		put_user(r, o);
		out_str(o, ":profile");
	} else if (u < 500) {
		out_str(o, "query took ");
		out_uint(o, rnd_spread(r, 400, 5));
		out_str(o, " us, ");
		out_uint(o, rnd_rank(r, 500));
		out_str(o, " rows");
	} else if (u < 892) {
		json_event(l);
	} else if (u < 982) {
		json_warning(l);
	} else {
		out_str(o, "worker crashed: runtime error: index ");
		out_uint(o, 8 + rnd_rank(r, 90));
		out_str(o, " out of range");
	}
	json_ids(l);
	out_str(o, "\"}");
}

static void json_line(struct bodies_line *l, int64_t ts_ns)
{
	bool inner = l->plant_message || l->world.plant_word || rnd_chance(&l->world.rnd, 280);

	line_begin_request(&l->world);
	if (inner)
		json_inner(l, ts_ns);
	else
		json_request(l, ts_ns);
}

/* ---- logfmt ---- */

static void logfmt_line(struct bodies_line *l, int64_t ts_ns)
{
	static const char *const done[] = { "\"block written\"", "\"stream flushed\"",
					    "heartbeat",	 "\"merge done\"",
					    "\"lease renewed\"", "\"query planned\"",
					    "\"member joined\"" };
	struct rnd *r = &l->world.rnd;
	struct out *o = &l->text;
	unsigned u = (unsigned)rnd_below(r, 1000);

	l->level = u < 800 ? INFO : u < 930 ? DEBUG : u < 980 ? WARN : ERROR;
	out_str(o, "ts=");
	out_time(o, TIME_ISO_MS, ts_ns);
	out_strs(o, " level=", bodies_level_name[l->level], " caller=", l->app->container,
		 ".go:", NULL);
	out_uint(o, 30 + 7 * rnd_rank(r, 40));
	out_strs(o, " component=", l->app->name, " tenant=team-", NULL);
	out_uint(o, rnd_rank(r, 40));
	if (l->plant_message) {
		out_str(o, " msg=\"");
		put_message(l);
		out_str(o, "\"");
	} else if (u >= 930) {
		out_strs(o, " msg=\"", u < 980 ? "will retry" : "operation failed",
			 "\" err=\"rpc error: ",
			 rnd_chance(r, 500) ? "refused by" : "no transport to", " 10.", NULL);
		out_uint(o, rnd_below(r, 4));
		out_str(o, ".");
		out_uint(o, rnd_rank(r, 255));
		out_str(o, ".17:9095\"");
	} else {
		out_strs(o, " msg=", done[rnd_rank(r, COUNT(done))], NULL);
	}
	out_str(o, " blocks=");
	out_uint(o, rnd_rank(r, 60));
	out_str(o, " bytes=");
	out_uint(o, rnd_spread(r, 160000, 7));
	out_str(o, " duration=");
	out_frac(o, rnd_spread(r, 20000, 5));
	out_str(o, "ms retries=");
	out_uint(o, rnd_below(r, 10000) < 12 ? 9 + rnd_below(r, 3) : rnd_rank(r, 4));
	out_str(o, " ulid=01");
	out_hex(o, rnd_next(r), 16);
	out_hex(o, rnd_next(r), 8);
}

/* ---- web servers ---- */

static void put_page(struct out *o, uint64_t page)
{
	static const char *const folder[] = { "/assets/", "/product/", "/c/", "/help/",
					      "/api/v1/" };
	static const char *const ending[] = { ".js", "", "", ".html", "" };
	uint64_t h = hash64(page + 11);

	if (page == 0) {
		out_str(o, "/");
		return;
	}
	out_str(o, folder[h % 5]);
	out_hex(o, hash64(page * 31 + 3), 5 + (unsigned)(h >> 20) % 4);
	out_uint(o, page); /* no two alike */
	out_str(o, ending[h % 5]);
}

static void nginx_line(struct bodies_line *l, int64_t ts_ns)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/141.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
		"(KHTML, like "
		"Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
		"curl/8.15.0",
		"kube-probe/1.33",
	};
	struct rnd *r = &l->world.rnd;
	struct out *o = &l->text;
	unsigned status = line_draw_status(&l->world);

	l->page = (unsigned)rnd_rank(r, BODIES_PAGES);
	out_ip(o, rnd_chance(r, 50) ? rnd_next(r) : rnd_rank(r, 4000));
	out_str(o, " - - [");
	out_time(o, TIME_NGINX, ts_ns);
	out_strs(o, "] \"", rnd_chance(r, 880) ? "GET " : "POST ", NULL);
	put_page(o, l->page);
	out_str(o, " HTTP/1.1\" ");
	out_uint(o, status);
	out_str(o, " ");
	out_uint(o, status == 304 ? 0 : rnd_spread(r, 3000, 6));
	if (rnd_chance(r, 450)) {
		out_str(o, " \"-\" \"");
	} else {
		out_str(o, " \"https://shop.example");
		put_page(o, rnd_rank(r, BODIES_PAGES));
		out_str(o, "\" \"");
	}
	out_strs(o, agents[rnd_rank(r, COUNT(agents))], "\" ", NULL);
	out_frac(o, rnd_spread(r, 18, 5));
	out_str(o, " 10.");
	out_uint(o, rnd_below(r, 4));
	out_str(o, ".");
	out_uint(o, rnd_rank(r, 16));
	out_str(o, ".");
	out_uint(o, 1 + rnd_rank(r, 200));
	out_str(o, ":8080 ");
	out_hex(o, rnd_next(r), 16);
	out_hex(o, rnd_next(r), 16);
}

/* ---- templates ---- */

static void put_digits(struct out *o, uint64_t h, unsigned digits)
{
	uint64_t least = 1, most = 1;

	for (unsigned i = 0; i < digits; i++)
		most *= 10;
	least = most / 10;
	out_uint(o, least + h % (most - least));
}

/* An id that came lately, or a new one. */
static void put_id(struct bodies_line *l, unsigned digits)
{
	struct rnd *r = &l->world.rnd;

	if (rnd_chance(r, 300))
		l->ids++;
	out_hex(&l->text,
		hash64(hash64(l->ids - rnd_rank(r, 500)) + (uint64_t)(l->app - bodies_apps)),
		digits);
}

static void put_hole(struct bodies_line *l, char what, unsigned n, int64_t ts_ns)
{
	static const char *const users[] = { "root",  "admin", "deploy", "backup", "git",
					     "alice", "bob",   "carol",	 "oracle", "test" };
	struct rnd *r = &l->world.rnd;
	struct out *o = &l->text;
	uint64_t most = 1;

	switch (what) {
	case 'S':
		out_time(o, TIME_SYSLOG, ts_ns);
		break;
	case 'J':
		out_time(o, TIME_JAVA, ts_ns);
		break;
	case 'i':
		out_ip(o, rnd_chance(r, 50) ? rnd_next(r) : rnd_rank(r, 4000));
		break;
	case 'h':
		out_str(o, "host-");
		out_uint(o, 10 + rnd_rank(r, 80));
		break;
	case 'u':
		out_str(o, users[rnd_rank(r, COUNT(users))]);
		break;
	case 'p':
		out_uint(o, 1000 + hash64(rnd_rank(r, 64)) % 31000);
		break;
	case 'n':
		/* Half of them from a small set, as ports and sizes are. */
		put_digits(o, rnd_chance(r, 500) ? hash64(rnd_rank(r, 64)) : rnd_next(r), n);
		break;
	case 'r':
		for (unsigned i = 0; i < n; i++)
			most *= 10;
		out_uint(o, rnd_rank(r, most));
		break;
	case 'x':
		put_id(l, n);
		break;
	default: /* X */
		out_hex(o, rnd_next(r), n);
	}
}

static void template_line(struct bodies_line *l, int64_t ts_ns)
{
	struct rnd *r = &l->world.rnd;
	unsigned n = 0;
	const char *at;

	while (l->app->templates[n])
		n++;
	at = l->app->templates[rnd_chance(r, 500) ? rnd_below(r, n) : rnd_rank(r, n)];
	for (const char *hole; (hole = strchr(at, '{')); at = strchr(hole, '}') + 1) {
		out_mem(&l->text, at, (size_t)(hole - at));
		put_hole(l, hole[1], (unsigned)strtoul(hole + 2, NULL, 10), ts_ns);
	}
	out_str(&l->text, at);
	if (l->world.plant_word) {
		out_str(&l->text, " ");
		put_word(l);
	}
}

void bodies_write_line(struct bodies_line *l, int64_t ts_ns)
{
	static void (*const write[])(struct bodies_line *, int64_t) = {
		[BODIES_JSON] = json_line,
		[BODIES_LOGFMT] = logfmt_line,
		[BODIES_NGINX] = nginx_line,
		[BODIES_TEMPLATES] = template_line,
	};

	l->text.n = 0;
	l->level = 0;
	l->status = 0;
	write[l->app->kind](l, ts_ns);
	if (l->plant_message) {
		out_str(&l->text, " ");
		put_message(l);
	}
}
