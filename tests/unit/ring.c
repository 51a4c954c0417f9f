/* Rings: positions of streams, texts that are none, changes that are refused. */
#include "unit.h"

#include <time.h>

#include "base/io.h"
#include "ring/changes.h"
#include "ring/explain.h"
#include "ring/load.h"
#include "ring/addr.h"
#include "ring/node.h"
#include "ring/plan.h"
#include "ring/plant.h"
#include "ring/shard.h"
#include "ring/text.h"
#include "time/time.h"

/* Computed by other means (FNV-1, not FNV-1a, over the bytes of both). */
static void positions_are_lokis(void **unused)
{
	(void)unused;
	assert_int_equal(UINT32_C(2166136261), ring_token_of(BYTES_LIT(""), BYTES_LIT("")));
	assert_int_equal(UINT32_C(645897716),
			 ring_token_of(BYTES_LIT("fake"), BYTES_LIT("{app=\"web\"}")));
	assert_int_equal(
		UINT32_C(1133217082),
		ring_token_of(BYTES_LIT("acme"), BYTES_LIT("{app=\"web\", env=\"prod\"}")));
	assert_int_equal(
		UINT32_C(790039453),
		ring_token_of(BYTES_LIT("tenant-1"),
			      BYTES_LIT("{job=\"api\", pod=\"api-7\", zone=\"\\\"q\\\"\"}")));
}

static void what_version_1_wrote_is_read(void **unused)
{
	struct buf text = { 0 }, again = { 0 };
	struct ring r;
	struct err e;

	(void)unused;
	assert_int_equal(0, io_read_file("tests/golden/frozen/ring-v1-two-instances", RING_TEXT_MAX,
					 &text, &e));
	assert_int_equal(0, ring_parse_text(buf_bytes(&text), &r, &e));
	assert_int_equal(2, r.n);
	assert_bytes(r.v[1].addr, "10.0.0.2:3100");
	assert_int_equal(UINT32_C(2886331468), r.v[1].token[1]);
	ring_add_text(&again, &r);
	assert_true(bytes_eq(buf_bytes(&text), buf_bytes(&again)));
	ring_release(&r);
	buf_release(&text);
	buf_release(&again);
}

#define HEAD                                                                           \
	"{\"lokid_ring\":1,\"revision\":1,\"replication\":3,\"zone_awareness\":false," \
	"\"heartbeat_timeout\":\"1m0s\",\"tokens\":2}\n"
#define INSTANCE(name, state, tokens)                                                        \
	"{\"instance\":\"" name "\",\"addr\":\"\",\"zone\":\"\",\"state\":\"" state          \
	"\",\"heartbeat\":\"1970-01-01T00:00:01Z\",\"registered\":\"1970-01-01T00:00:01Z\"," \
	"\"tokens\":" tokens "}\n"

static void refuses(const char *text, enum err_code code, const char *why)
{
	struct ring r;
	struct err e = { 0 };

	assert_int_equal(-1, ring_parse_text(bytes_str(text), &r, &e));
	assert_string_equal(why, e.msg);
	assert_int_equal(code, e.code);
}

static void texts_that_are_no_ring_say_where(void **unused)
{
	(void)unused;
	refuses("", ERR_CORRUPT, "it is empty");
	refuses("nonsense\n", ERR_CORRUPT, "line 1: expected an object of JSON");
	refuses("{\"a\":1}\n", ERR_CORRUPT, "line 1: this is no ring: lokid_ring: missing");
	refuses("{\"lokid_ring\":2}\n", ERR_VERSION, "line 1: version 2, we read 1");
	refuses("{\"lokid_ring\":1,\"lokid_ring\":1}\n", ERR_CORRUPT,
		"line 1: lokid_ring: it is there twice");
	refuses("{\"lokid_ring\":1,\"revision\":-1}\n", ERR_CORRUPT,
		"line 1: revision: expected a whole number from 1 to 18446744073709551615, found "
		"-1");
	refuses("{\"lokid_ring\":1,\"revision\":1,\"replication\":99}\n", ERR_CORRUPT,
		"line 1: replication: expected a whole number from 1 to 15, found 99");
	refuses(HEAD INSTANCE("i 1", "ACTIVE", "[1]"), ERR_CORRUPT,
		"line 2: instance 'i 1': expected letters, digits and . _ : -, and no - first");
	refuses(HEAD INSTANCE("i-1", "UNHEALTHY", "[1]"), ERR_CORRUPT,
		"line 2: instance 'i-1': state: expected PENDING, JOINING, ACTIVE or LEAVING, "
		"found \"UNHEALTHY\"");
	refuses("{\"lokid_ring\":1,\"revision\":1,\"replication\":3,\"zone_awareness\":false,"
		"\"heartbeat_timeout\":\"876000h0m1s\",\"tokens\":2}\n",
		ERR_CORRUPT,
		"line 1: heartbeat_timeout: expected a duration above 0, at most 100 years, found "
		"\"876000h0m1s\"");
	refuses(HEAD "{\"instance\":\"i-1\",\"addr\":\"\",\"zone\":\"\",\"state\":\"ACTIVE\","
		     "\"heartbeat\":\"1969-12-31T23:59:59Z\"}\n",
		ERR_CORRUPT,
		"line 2: instance 'i-1': heartbeat: expected a time from 1970 to 2200, as "
		"2026-01-15T10:00:00Z, found \"1969-12-31T23:59:59Z\"");
	refuses(HEAD "{\"instance\":\"i-1\",\"addr\":\"\",\"zone\":\"\",\"state\":\"ACTIVE\","
		     "\"heartbeat\":\"2199-12-31T23:59:59Z\","
		     "\"registered\":\"2200-01-01T00:00:00Z\"}\n",
		ERR_CORRUPT,
		"line 2: instance 'i-1': registered: expected a time from 1970 to 2200, as "
		"2026-01-15T10:00:00Z, found \"2200-01-01T00:00:00Z\"");
	refuses(HEAD INSTANCE("i-1", "ACTIVE", "[]"), ERR_CORRUPT,
		"line 2: instance 'i-1': tokens: expected at least one number, found []");
	refuses(HEAD INSTANCE("i-1", "ACTIVE", "[2,1]"), ERR_CORRUPT,
		"line 2: instance 'i-1': tokens: expected them ascending, found 1 behind 2");
	refuses(HEAD INSTANCE("i-1", "ACTIVE", "[4294967296]"), ERR_CORRUPT,
		"line 2: instance 'i-1': tokens: expected numbers from 0 to 4294967295, found "
		"4294967296");
	refuses(HEAD INSTANCE("i-1", "ACTIVE", "[1]") INSTANCE("i-1", "ACTIVE", "[2]"), ERR_CORRUPT,
		"line 3: instance 'i-1' is there twice");
	refuses(HEAD INSTANCE("i-1", "ACTIVE", "[1]"), ERR_CORRUPT,
		"cut short in line 3: it has no end");
	refuses(HEAD "{\"end\":0,\"crc32c\":\"00000000\"}\n", ERR_CORRUPT,
		"line 2: crc32c mismatch: stored 00000000, computed e01d4af8 (it was changed by "
		"hand, or damaged)");
}

static void two_with_one_token_are_refused(void **unused)
{
	uint32_t token[] = { 7, 9 };
	struct ring_instance in = { .name = BYTES_LIT("a"), .token = token, .n_tokens = 2 };
	struct buf text = { 0 };
	struct ring r;
	struct err e;

	(void)unused;
	ring_init(&r);
	r.revision = 1;
	ring_add(&r, &in);
	in.name = BYTES_LIT("b");
	in.token++;
	in.n_tokens = 1;
	ring_add(&r, &in);
	ring_add_text(&text, &r);
	ring_release(&r);
	assert_int_equal(-1, ring_parse_text(buf_bytes(&text), &r, &e));
	assert_string_equal("token 9 is of 'a' and of 'b'", e.msg);
	buf_release(&text);
}

/* n instances i-0, i-1 ... in zones a, b, c; instance k has the tokens 100 * k + 10 and so on. */
static void make(struct ring *r, size_t n, bool zones)
{
	ring_init(r);
	r->settings.zone_awareness = zones;
	for (size_t i = 0; i < n; i++) {
		uint32_t token = (uint32_t)(100 * i + 10);
		struct ring_instance in = { .state = RING_ACTIVE, .token = &token, .n_tokens = 1 };
		struct buf name = { 0 };

		buf_addf(&name, "i-%zu", i);
		in.name = buf_bytes(&name);
		in.zone = zones ? bytes_of(&"abc"[i % 3], 1) : bytes_of(NULL, 0);
		ring_add(r, &in);
		buf_release(&name);
	}
}

static void a_token_is_of_the_positions_below_it(void **unused)
{
	struct ring_owners o;
	struct ring_view v;
	struct ring r;

	(void)unused;
	make(&r, 4, false);
	r.settings.replication = 1;
	ring_view_init(&v, &r, 0, NULL);
	ring_owners_of(&v, 9, &o);
	assert_int_equal(0, o.v[0]);
	ring_owners_of(&v, 10, &o); /* the first above, not at */
	assert_int_equal(1, o.v[0]);
	ring_owners_of(&v, UINT32_MAX, &o);
	assert_int_equal(0, o.v[0]);
	assert_int_equal(100, ring_view_width(&v, 1));
	assert_true(ring_view_width(&v, 0) + 300 == UINT64_C(1) << 32);
	ring_view_release(&v);
	ring_release(&r);
}

static void verdicts_say_why(void **unused)
{
	struct ring_walk w = { 0 };
	struct buf all = { 0 };
	struct ring_view v;
	struct ring r;

	(void)unused;
	make(&r, 9, true);
	r.v[0].state = RING_LEAVING;
	r.v[1].heartbeat_ns = INT64_C(-90000000000);
	r.v[2].lease = RING_LEASE_ENDED;
	r.v[3].state = RING_JOINING;
	r.v[4].state = RING_PENDING;
	ring_view_init(&v, &r, 0, NULL);
	ring_explain(&v, 0, &w);
	for (size_t i = 0; i < w.n; i++) {
		buf_addf(&all, "%.*s%s: ", BYTES_ARG(r.v[w.v[i].who].name),
			 w.v[i].in_loki ? " (loki)" : "");
		ring_add_verdict(&all, &v, &w.v[i]);
		buf_add_char(&all, '\n');
	}
	assert_string_equal(
		"i-0 (loki): passed over: LEAVING takes no writes; it is read, as it may hold "
		"some\n"
		"i-1 (loki): passed over: UNHEALTHY, no heartbeat for 1m30s\n"
		"i-2 (loki): passed over: UNHEALTHY, etcd has ended its lease\n"
		"i-3: passed over: JOINING takes neither writes nor reads\n"
		"i-4: passed over: PENDING takes no writes; it is read, as it may hold some\n"
		"i-5: owner\ni-6: owner\ni-7: owner\n",
		buf_str(&all));
	ring_view_release(&v);
	/* Without zone a there are not three zones: it is said who has the one that is met again.
	 */
	r.v[6].state = RING_LEAVING;
	for (size_t i = 1; i < 6; i++)
		r.v[i] = (struct ring_instance){ .name = r.v[i].name,
						 .zone = r.v[i].zone,
						 .state = RING_ACTIVE,
						 .token = r.v[i].token,
						 .n_tokens = 1 };
	r.v[3].state = RING_LEAVING;
	ring_view_init(&v, &r, 0, NULL);
	ring_explain(&v, 110, &w);
	assert_int_equal(3, w.owners.n);
	assert_int_equal(2, w.owners.v[0]);
	assert_int_equal(4, w.owners.v[1]);
	assert_int_equal(5, w.owners.v[2]); /* of zone c again, as the second round begins anew */
	ring_view_release(&v);
	ring_walk_release(&w);
	buf_release(&all);
	ring_release(&r);
}

static const struct ring_forget_ask all_dead = { .period_ns = 100 * NS_PER_S,
						 .now_ns = 1000 * NS_PER_S,
						 .most = 99 };

/* Of five the first n are. */
static void make_dead(struct ring *r, size_t n)
{
	make(r, 5, false);
	for (size_t i = n; i < 5; i++)
		r->v[i].heartbeat_ns = all_dead.now_ns;
}

static void a_majority_that_looks_dead_is_not_forgotten(void **unused)
{
	struct ring_forget_ask a = all_dead;
	struct ring r;
	struct err e;

	(void)unused;
	make_dead(&r, 3);
	assert_int_equal(-1, ring_do_forget_dead(&r, &a, RING_NOT_DONE, &e));
	assert_int_equal(ERR_NO, e.code);
	assert_non_null(strstr(e.msg, "3 of 5 instances look dead"));
	assert_int_equal(5, r.n);
	r.v[2].heartbeat_ns = a.now_ns;
	a.most = 1;
	assert_int_equal(RING_CHANGED, ring_do_forget_dead(&r, &a, RING_NOT_DONE, &e));
	assert_string_equal("i-0\n", buf_str(&a.going));
	a.most = 99;
	assert_int_equal(RING_CHANGED, ring_do_forget_dead(&r, &a, RING_NOT_DONE, &e));
	assert_string_equal("i-1\n", buf_str(&a.going));
	assert_int_equal(3, r.n);
	assert_int_equal(RING_SAME, ring_do_forget_dead(&r, &a, RING_NOT_DONE, &e));
	assert_string_equal("", buf_str(&a.going));
	assert_string_equal("", buf_str(&a.before));
	buf_release(&a.going);
	buf_release(&a.before);
	ring_release(&r);
}

static void who_went_without_an_answer_is_known(void **unused)
{
	struct ring_forget_ask a = all_dead;
	struct ring r;
	struct err e;

	(void)unused;
	make_dead(&r, 2);
	assert_int_equal(RING_CHANGED, ring_do_forget_dead(&r, &a, RING_NOT_DONE, &e));
	assert_string_equal("i-0\ni-1\n", buf_str(&a.going));
	ring_release(&r);
	/* Not done: they go once more. */
	make_dead(&r, 2);
	assert_int_equal(RING_CHANGED, ring_do_forget_dead(&r, &a, RING_MAYBE_DONE, &e));
	assert_string_equal("i-0\ni-1\n", buf_str(&a.going));
	assert_string_equal("", buf_str(&a.before));
	/* Done: they are not there any more; another one died meanwhile. */
	r.v[0].heartbeat_ns = 0;
	assert_int_equal(RING_CHANGED, ring_do_forget_dead(&r, &a, RING_MAYBE_DONE, &e));
	assert_string_equal("i-2\n", buf_str(&a.going));
	assert_string_equal("i-0\ni-1\n", buf_str(&a.before));
	buf_release(&a.going);
	buf_release(&a.before);
	ring_release(&r);
}

static void changes_are_refused_with_a_reason(void **unused)
{
	struct ring_join_ask join = { .name = BYTES_LIT("i-9"), .state = RING_ACTIVE };
	struct ring_init_ask init = { .zones = RING_ZONES_ON };
	struct ring r;
	struct err e;

	(void)unused;
	make(&r, 2, true);
	assert_int_equal(-1, ring_do_join(&r, &join, &e));
	assert_string_equal("the ring has zone awareness: --zone says where 'i-9' is", e.msg);
	assert_int_equal(ERR_USAGE, e.code);
	join.name = BYTES_LIT("i-1");
	join.tokens = 5;
	assert_int_equal(-1, ring_do_join(&r, &join, &e));
	assert_string_equal("instance 'i-1' has 1 token and keeps them: forget it first", e.msg);
	join.tokens = 0;
	join.state = RING_PENDING;
	assert_int_equal(-1, ring_do_join(&r, &join, &e));
	assert_string_equal("instance 'i-1' is ACTIVE and cannot become PENDING", e.msg);
	assert_int_equal(ERR_NO, e.code);
	assert_int_equal(-1, ring_do_leave(&r, BYTES_LIT("i-7"), &e));
	assert_string_equal("there is no instance 'i-7'", e.msg);
	assert_null(ring_find_or_hint(&r, BYTES_LIT("i-7"), &e));
	assert_string_equal("there is no instance 'i-7': did you mean 'i-0'?", e.msg);
	assert_int_equal(-1, ring_do_forget(&r, BYTES_LIT("nobody"), RING_NOT_DONE, &e));
	assert_string_equal("there is no instance 'nobody'", e.msg);
	assert_int_equal(RING_SAME, ring_do_forget(&r, BYTES_LIT("nobody"), RING_MAYBE_DONE, &e));
	ring_release(&r);
	make(&r, 1, false);
	assert_int_equal(-1, ring_do_init(&r, &init, &e));
	assert_string_equal(
		"instance 'i-0' has no zone: give it one (join --zone) before zone awareness",
		e.msg);
	ring_release(&r);
}

static void who_is_to_come_counts_when_tokens_are_chosen(void **unused)
{
	struct ring_join_ask join = { .state = RING_ACTIVE, .tokens = 128, .now_ns = 1 };
	double load[33], most = 0;
	struct ring_view v;
	struct ring r;
	struct err e;

	(void)unused;
	ring_init(&r);
	for (int i = 0; i < 33; i++) {
		struct buf name = { 0 };

		buf_addf(&name, "i-%d", i);
		join.name = buf_bytes(&name);
		join.state = i < 3 ? RING_ACTIVE : RING_PENDING;
		assert_int_equal(RING_CHANGED, ring_do_join(&r, &join, &e));
		buf_release(&name);
	}
	for (size_t i = 0; i < r.n; i++)
		r.v[i].state = RING_ACTIVE;
	ring_view_init(&v, &r, 1, NULL);
	ring_loads(&v, load);
	for (size_t i = 0; i < r.n; i++)
		most = load[i] > most ? load[i] : most;
	assert_true(most < 1.05 * 3 / 33);
	ring_view_release(&v);
	ring_release(&r);
}

/* n instances of 128 tokens each, in three zones. */
static void make_large(struct ring *r, size_t n)
{
	struct ring_planter *p = ring_planter_new();

	ring_init(r);
	r->settings.zone_awareness = true;
	for (size_t i = 0; i < n; i++) {
		uint32_t token[128];
		struct ring_instance in = { .state = RING_ACTIVE,
					    .zone = bytes_of(&"abc"[i % 3], 1),
					    .token = token,
					    .n_tokens = 128 };
		struct buf name = { 0 };

		buf_addf(&name, "i-%04zu", i);
		in.name = buf_bytes(&name);
		ring_planter_choose(p, &(struct ring_newcomer){ in.name, in.zone, 128 }, 1, token);
		ring_add(r, &in);
		buf_release(&name);
	}
	ring_planter_free(p);
}

/* What the last line of the plan says. */
static void plan_of(const struct ring *r, const struct ring_plan_ask *a, double *moved,
		    double *fair)
{
	struct buf out = { 0 };
	struct ring_report report = { .format = RING_JSONL, .out = &out };
	const char *last;
	struct err e;

	ring_view_init(&report.view, r, 0, NULL);
	assert_int_equal(0, ring_report_plan(&report, a, &e));
	last = strstr(buf_str(&out), "{\"moved\":");
	assert_non_null(last);
	assert_int_equal(2, sscanf(last, "{\"moved\":%lf,\"fair\":%lf", moved, fair));
	ring_view_release(&report.view);
	buf_release(&out);
}

/* The CPU seconds of a plan of newcomers. */
static double seconds_of(const struct ring *r, size_t add, double *moved, double *fair)
{
	clock_t before = clock();

	plan_of(r, &(struct ring_plan_ask){ .add = add }, moved, fair);
	return (double)(clock() - before) / CLOCKS_PER_SEC;
}

/* Five hundred newcomers cost four times what one does, since the ring is gone through for all of
 * them; hundreds of times, if each cost what the first does, or what those before him did. */
static void a_plan_of_many_is_quick(void **unused)
{
	double moved, fair, one, many;
	struct ring r;

	(void)unused;
	make_large(&r, 2000);
	one = seconds_of(&r, 1, &moved, &fair);
	many = seconds_of(&r, 500, &moved, &fair);
	assert_true(many < 20 * one);
	assert_true(fair > 0.1999 && fair < 0.2001);
	assert_true(moved >= 0.99 * fair && moved <= 1.01 * fair);
	plan_of(&r, &(struct ring_plan_ask){ .remove = BYTES_LIT("1000") }, &moved, &fair);
	assert_true(fair > 0.4999 && fair < 0.5001);
	ring_release(&r);
}

static void a_shard_has_all_replicas(void **unused)
{
	bool is_in[16];
	struct ring r;

	(void)unused;
	make(&r, 11, true);
	r.settings.replication = 5;
	for (size_t i = 0; i < r.n; i++)
		r.v[i].zone = i ? BYTES_LIT("b") : BYTES_LIT("a");
	assert_int_equal(5, ring_shard(&r, BYTES_LIT("acme"), 5, is_in));
	r.n = 3;
	assert_int_equal(3, ring_shard(&r, BYTES_LIT("acme"), 5, is_in));
	ring_release(&r);
}

#define NODE                                                                 \
	"loki_inflight_requests{method=\"GET\",route=\"metrics\"} 1\n"       \
	"loki_inflight_requests{method=\"GET\",route=\"api_prom_tail\"} 2\n" \
	"loki_inflight_requests{method=\"POST\",route=\"push\"} 3\n"         \
	"loki_inflight_requests{method=\"GET\",route=\"labels\"} 4\n"        \
	"loki_ingester_wal_records_logged_total 12\n"                        \
	"lokid_flush_running_seconds 0.25\n"

#define REQUESTS(route, n) "loki_request_duration_seconds_count{route=\"" route "\"} " n "\n"
/* Pushes of all forms, whatever they were answered; nothing else. */
#define PUSHES                                                                                   \
	"loki_ingester_wal_bytes_in_use 5\n" REQUESTS("loki_api_v1_push", "1") REQUESTS(         \
		"api_prom_push",                                                                 \
		"2") REQUESTS("otlp_v1_logs",                                                    \
			      "4") REQUESTS("insert_jsonline",                                   \
					    "8") REQUESTS("insert_elasticsearch_bulk",           \
							  "16") REQUESTS("insert_elasticsearch", \
									 "32")                   \
		REQUESTS("loki_api_v1_query", "64") REQUESTS(                                    \
			"metrics",                                                               \
			"128") "loki_request_duration_seconds_sum{route=\"loki_api_v1_push\"} "  \
			       "256\n"                                                           \
			       "loki_distributor_lines_received_total{tenant=\"a\"} 1000\n"      \
			       "loki_distributor_lines_received_total{tenant=\"b\"} 300\n"

static void a_node_tells_what_it_has(void **unused)
{
	struct ring_node_counts c;
	struct err e;

	(void)unused;
	assert_int_equal(
		0, ring_node_read(BYTES_LIT(NODE "loki_ingester_wal_bytes_in_use 5\n"), &c, &e));
	assert_true(c.in_flight == 7 && c.batches == 12 && c.waiting == 5 && c.flushing == 0.25);
	assert_true(c.pushes == 0 && c.lines == 0); /* of one that was just started */
	assert_int_equal(0, ring_node_read(BYTES_LIT(NODE PUSHES), &c, &e));
	assert_true(c.pushes == 31 && c.lines == 1300);
	assert_int_equal(-1, ring_node_read(BYTES_LIT(NODE), &c, &e));
	assert_string_equal("there is no metric loki_ingester_wal_bytes_in_use: is this lokid?",
			    e.msg);
	assert_int_equal(
		-1, ring_node_read(BYTES_LIT(NODE "loki_ingester_wal_bytes_in_use NaN\n"), &c, &e));
	assert_string_equal("loki_ingester_wal_bytes_in_use: expected a number, found 'NaN'",
			    e.msg);
	assert_int_equal(ERR_CORRUPT, e.code);
}

/* A table of the daemon, which no module below it may include: its rows as they are written. */
static void each_route_of_pushes_is_one(void **unused)
{
	struct buf text = { 0 };
	struct bytes rest, line;
	size_t pushes = 0;
	struct err e;

	(void)unused;
	assert_int_equal(0, io_read_file("libcore/server/route.c", 1 << 20, &text, &e));
	rest = buf_bytes(&text);
	while (bytes_split(&rest, '\n', &line)) {
		bool is_push = bytes_starts(line, BYTES_LIT("\tPUSH("));
		struct ring_node_counts c;
		struct buf metrics = { 0 };
		char label[128];

		if (!bytes_starts(line, BYTES_LIT("\t")) ||
		    sscanf(buf_str(&text) + (line.p - text.p),
			   "\t%*[A-Z](%*[^,], \"%127[a-z0-9_]\"", label) != 1)
			continue;
		buf_addf(&metrics, NODE "loki_ingester_wal_bytes_in_use 0\n" REQUESTS("%s", "1"),
			 label);
		assert_int_equal(0, ring_node_read(buf_bytes(&metrics), &c, &e));
		assert_int_equal(is_push, c.pushes == 1);
		pushes += is_push;
		buf_release(&metrics);
	}
	assert_true(pushes >= 6);
	buf_release(&text);
}

static void names_are_checked(void **unused)
{
	struct buf longer = { 0 };
	struct err e;

	(void)unused;
	assert_int_equal(0, ring_check_name("zone", BYTES_LIT("eu-1.b_2:c"), &e));
	assert_int_equal(-1, ring_check_name("zone", BYTES_LIT("-a"), &e));
	assert_int_equal(-1, ring_check_name("zone", BYTES_LIT(""), &e));
	assert_string_equal("zone of 0 bytes, expected 1 to 128", e.msg);
	for (int i = 0; i <= RING_ADDR_MAX; i++)
		buf_add_char(&longer, 'a');
	assert_int_equal(-1, ring_check_addr(buf_bytes(&longer), &e));
	assert_int_equal(-1, ring_check_addr(BYTES_LIT("a b"), &e));
	assert_int_equal(ERR_USAGE, e.code);
	buf_release(&longer);
}

/* What is wrong with it; NULL: nothing. */
static const char *wrong_with(const char *addr)
{
	static struct err e;

	return ring_addr_check(bytes_str(addr), &e) < 0 ? e.msg : NULL;
}

static void addresses_are_checked(void **unused)
{
	static const char *const fine[] = {
		"a:1",	    "10.0.0.1:3100",  "node-1.eu_2.example:65535", "[::1]:3100",
		"http://a", "https://a:443/", "http://a/loki/1",	   "http://[fe80::1:2]/",
	};
	static const char *const shapes[] = {
		"",	     ":3100",	    "http://",	   "https:///x",   "http://:1", "ftp://h:1",
		"h/x:1",     "h:1/x",	    "::1:3100",	   "[::1",	   "[]:1",	"[h]:1",
		"http:/h:1", "http://h/?a", "http://h/#a", "http://h:1/?", "h,i:1",	"[::1]x:1",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
		assert_null(wrong_with(fine[i]));
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		assert_non_null(strstr(wrong_with(shapes[i]), "expected HOST:PORT, http://"));
	assert_string_equal("address 'h:99999': port '99999': expected a number from 1 to 65535",
			    wrong_with("h:99999"));
	assert_non_null(strstr(wrong_with("h:"), "port '': expected"));
	assert_non_null(strstr(wrong_with("h:0"), "port '0': expected"));
	assert_non_null(strstr(wrong_with("http://h:x1/"), "port 'x1': expected"));
	assert_non_null(strstr(wrong_with("h:1:2"), "port '1:2': expected"));
	assert_string_equal("address 'h': expected a port, as in h:3100", wrong_with("h"));
	assert_null(strstr(wrong_with("http://u:secret@h:1"), "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions_are_lokis),
		cmocka_unit_test(texts_that_are_no_ring_say_where),
		cmocka_unit_test(what_version_1_wrote_is_read),
		cmocka_unit_test(two_with_one_token_are_refused),
		cmocka_unit_test(a_token_is_of_the_positions_below_it),
		cmocka_unit_test(verdicts_say_why),
		cmocka_unit_test(a_majority_that_looks_dead_is_not_forgotten),
		cmocka_unit_test(who_went_without_an_answer_is_known),
		cmocka_unit_test(changes_are_refused_with_a_reason),
		cmocka_unit_test(who_is_to_come_counts_when_tokens_are_chosen),
		cmocka_unit_test(a_plan_of_many_is_quick),
		cmocka_unit_test(a_shard_has_all_replicas),
		cmocka_unit_test(a_node_tells_what_it_has),
		cmocka_unit_test(each_route_of_pushes_is_one),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(addresses_are_checked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
