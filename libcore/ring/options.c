#include "ring/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "cli/modes.h"
#include "ring/addr.h"
#include "time/time.h"

static const char DEFAULT_FOLDER[] = "lokid-data", DEFAULT_RING[] = "lokid-data/ring";
static const int64_t QUIET_NS = 10 * NS_PER_S;
enum { SECRET_MAX = 64 << 10, STREAMS_MAX = 1000000000 };
/* libcurl counts milliseconds in 32 bits. */
static const int64_t WAIT_MAX_NS = INT64_C(30) * 24 * 3600 * NS_PER_S;

void ring_opts_init(struct ring_opts *o)
{
	*o = (struct ring_opts){ .state = RING_ACTIVE, .quiet_ns = QUIET_NS };
}

void ring_opts_release(struct ring_opts *o)
{
	httpc_given_release(&o->node);
	buf_release(&o->etcd_user);
}

static int take_name(void *at, const char *value, struct err *e)
{
	if (ring_check_name("name", bytes_str(value), e) < 0)
		return -1;
	*(const char **)at = value;
	return 0;
}

static int take_addr(void *at, const char *value, struct err *e)
{
	if (*value && ring_addr_check(bytes_str(value), e) < 0)
		return -1;
	*(const char **)at = value;
	return 0;
}

static int take_tenant(void *at, const char *value, struct err *e)
{
	if (labels_check_tenant(bytes_str(value), e) < 0)
		return -1;
	*(const char **)at = value;
	return 0;
}

static int take_state(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "PENDING", "JOINING", "ACTIVE", NULL };
	struct ring_opts *o = opts;
	int i;

	if (cli_read_word(value, words, &i, e) < 0)
		return -1;
	o->has_state = true;
	o->state = (enum ring_state)i;
	return 0;
}

static int take_format(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "text", "jsonl", "csv", "html", NULL };
	struct ring_opts *o = opts;
	int i;

	if (cli_read_word(value, words, &i, e) < 0)
		return -1;
	o->has_format = true;
	o->format = (enum ring_format)i;
	return 0;
}

static int take_zones(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "on", "off", NULL };
	struct ring_opts *o = opts;
	int i;

	if (cli_read_word(value, words, &i, e) < 0)
		return -1;
	o->init.zones = i ? RING_ZONES_OFF : RING_ZONES_ON;
	return 0;
}

static int take_replication(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, RING_REPLICATION_MAX, at, e);
}

static int take_tokens(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, RING_TOKENS_MAX, at, e);
}

static int take_instances(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, RING_INSTANCES_MAX, at, e);
}

static int take_streams(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, STREAMS_MAX, at, e);
}

static int take_seed(void *opts, const char *value, struct err *e)
{
	struct ring_opts *o = opts;

	o->has_seed = true;
	return cli_read_count(value, 0, UINT64_MAX, &o->seed, e);
}

static int take_fail(void *at, const char *value, struct err *e)
{
	const char **fail = at;

	if (*fail)
		return err_set(e, ERR_USAGE, "'%s' and '%s': one at a time", *fail, value);
	*fail = value;
	return 0;
}

/* max, in words: "30d" */
static int read_duration(const char *value, int64_t max_ns, const char *max, int64_t *ret,
			 struct err *e)
{
	int64_t ns;

	if (time_parse_duration(bytes_str(value), &ns, e) < 0)
		return -1;
	if (ns <= 0 || ns > max_ns)
		return err_set(e, ERR_USAGE, "expected a duration above 0, at most %s, found '%s'",
			       max, value);
	*ret = ns;
	return 0;
}

/* After which something counts as dead. */
static int take_timeout(void *at, const char *value, struct err *e)
{
	return read_duration(value, RING_TIMEOUT_MAX_NS, "100y", at, e);
}

/* For which we wait. */
static int take_wait(void *at, const char *value, struct err *e)
{
	return read_duration(value, WAIT_MAX_NS, "30d", at, e);
}

static int take_quiet(void *opts, const char *value, struct err *e)
{
	struct ring_opts *o = opts;

	if (time_parse_duration(bytes_str(value), &o->quiet_ns, e) < 0)
		return -1;
	if (o->quiet_ns < 0)
		return err_set(e, ERR_USAGE, "expected a duration, 0s or more, found '%s'", value);
	o->has_quiet = true;
	return 0;
}

static int take_now(void *opts, const char *value, struct err *e)
{
	struct ring_opts *o = opts;
	int64_t ns;

	if (time_parse(bytes_str(value), time_now_ns(), &ns, e) < 0)
		return -1;
	if (ns < 0 || ns >= RING_TIME_END_NS)
		return err_set(e, ERR_USAGE, "expected a time from 1970 to 2200, found '%s'",
			       value);
	o->has_now = true;
	o->now_ns = ns;
	return 0;
}

/* Of rows whose function takes all of the options. */
#define WHOLE	  0
#define AT(field) offsetof(struct ring_opts, field)

const struct cli_taken ring_options[] = {
	{ { 0, "ring", "FILE", "the ring (lokid-data/ring), or etcd://HOST:PORT,.../PREFIX" },
	  cli_take_text,
	  AT(at) },
	{ { 0, "etcd-user-file", "FILE", "holds USER:PASSWORD of etcd" },
	  cli_take_text,
	  AT(etcd_user_file) },
	{ { 0, "etcd-ca-file", "FILE", "certificates to trust as etcd's" },
	  cli_take_text,
	  AT(place.ca_file) },
	{ { 0, "etcd-cert-file", "FILE", "our certificate for etcd" },
	  cli_take_text,
	  AT(place.cert_file) },
	{ { 0, "etcd-key-file", "FILE", "the key of that" }, cli_take_text, AT(place.key_file) },
	{ { 'o', "format", "text|jsonl|csv|html", "of what is told (text)" }, take_format, WHOLE },
	{ { 0, "output", "FILE", "write what is told there, whole or not at all" },
	  cli_take_text,
	  AT(output) },
	{ { 't', "tenant", "TENANT", "owner, tokens, status: whose stream, whose shard (fake)" },
	  take_tenant,
	  AT(tenant) },
	{ { 0, "shard-size", "N", "owner, tokens, status: the tenant has so many instances" },
	  take_instances,
	  AT(shard_size) },
	{ { 0, "addr", "HOST:PORT", "join: where the instance answers" }, take_addr, AT(addr) },
	{ { 0, "zone", "ZONE", "join: where it is; plan: where it goes, or the zone that fails" },
	  take_name,
	  AT(zone) },
	{ { 0, "state", "PENDING|JOINING|ACTIVE", "join: its state (ACTIVE)" }, take_state, WHOLE },
	{ { 0, "tokens", "N", "init, join, simulate: of an instance (128)" },
	  take_tokens,
	  AT(tokens) },
	{ { 0, "replication", "N", "init, simulate: replicas of each stream (3)" },
	  take_replication,
	  AT(replication) },
	{ { 0, "zone-awareness", "on|off", "init: replicas lie in distinct zones" },
	  take_zones,
	  WHOLE },
	{ { 0, "heartbeat-timeout", "TIME", "init: without one for so long is UNHEALTHY (1m)" },
	  take_timeout,
	  AT(init.heartbeat_timeout_ns) },
	{ { 0, "every", "TIME", "heartbeat, status --watch: again and again (watch: 2s)" },
	  take_wait,
	  AT(every_ns) },
	{ { 0, "watch", NULL, "status: again whenever the ring changes" },
	  cli_take_flag,
	  AT(watch) },
	{ { 0, "auto", NULL, "forget: all that had no heartbeat for long" },
	  cli_take_flag,
	  AT(automatic) },
	{ { 0, "period", "TIME", "forget --auto: for how long (ten times the timeout)" },
	  take_timeout,
	  AT(period_ns) },
	{ { 0, "dry-run", NULL, "forget: only say who would go" }, cli_take_flag, AT(dry_run) },
	{ { 0, "add", "N", "plan: so many come, to --zone, or to where there are fewest" },
	  take_instances,
	  AT(add) },
	{ { 0, "remove", "INSTANCE,...", "plan: these go; a number: so many" },
	  cli_take_text,
	  AT(remove) },
	{ { 0, "nodes", "N", "simulate: of so many" }, take_instances, AT(nodes) },
	{ { 0, "zones", "N", "simulate: in so many zones (no zone awareness)" },
	  take_instances,
	  AT(zones) },
	{ { 0, "fail", "nodes=N|zone=ZONE", "simulate: these fail at one moment" },
	  take_fail,
	  AT(fail) },
	{ { 0, "streams", "N", "simulate: place so many streams" }, take_streams, AT(streams) },
	{ { 0, "seed", "N", "simulate: which nodes fail (0)" }, take_seed, WHOLE },
	{ { 0, "force", NULL, "drain: also when the others are too few" },
	  cli_take_flag,
	  AT(force) },
	{ { 0, "quiet", "TIME", "drain: no push may come for so long (10s); 0s: do not wait" },
	  take_quiet,
	  WHOLE },
	HTTPC_OPTIONS("drain", AT(node)),
	{ { 0, "now", "TIME", "when it is (the clock)" }, take_now, WHOLE },
	{ { 0, "timeout", "TIME", "for the ring to answer (15s); drain: for all of it (10m)" },
	  take_wait,
	  AT(timeout_ns) },
	{ { 0 }, NULL, 0 },
};

/* ---- which belongs to which verb ---- */

#define ON(verb) (1U << (verb))

static const struct cli_mode verbs[] = {
	{ "init", false },   { "join", false },	    { "leave", false }, { "heartbeat", false },
	{ "forget", false }, { "status", false },   { "owner", false }, { "tokens", false },
	{ "plan", false },   { "simulate", false }, { "drain", false }, { "svg", false },
};

int ring_opts_check(const struct ring_opts *o, enum ring_verb verb, struct err *e)
{
	const unsigned reports = ON(RING_STATUS) | ON(RING_OWNER) | ON(RING_TOKEN_LIST) |
				 ON(RING_PLAN) | ON(RING_SIMULATE);
	const unsigned of_shard =
		ON(RING_STATUS) | ON(RING_OWNER) | ON(RING_TOKEN_LIST) | ON(RING_SVG);
	const unsigned of_ring = ~ON(RING_SIMULATE);
	const struct cli_use uses[] = {
		{ "--ring", o->at, of_ring },
		{ "--etcd-user-file", o->etcd_user_file, of_ring },
		{ "--etcd-ca-file", o->place.ca_file, of_ring },
		{ "--etcd-cert-file", o->place.cert_file, of_ring },
		{ "--etcd-key-file", o->place.key_file, of_ring },
		{ "--timeout", o->timeout_ns, of_ring },
		{ "--now", o->has_now, of_ring },
		{ "--format", o->has_format, reports },
		{ "--output", o->output, reports | ON(RING_SVG) },
		{ "--tenant", o->tenant, of_shard },
		{ "--shard-size", o->shard_size, of_shard },
		{ "--addr", o->addr, ON(RING_JOIN) },
		{ "--zone", o->zone, ON(RING_JOIN) | ON(RING_PLAN) },
		{ "--state", o->has_state, ON(RING_JOIN) },
		{ "--tokens", o->tokens, ON(RING_INIT) | ON(RING_JOIN) | ON(RING_SIMULATE) },
		{ "--replication", o->replication, ON(RING_INIT) | ON(RING_SIMULATE) },
		{ "--zone-awareness", o->init.zones != RING_ZONES_KEEP, ON(RING_INIT) },
		{ "--heartbeat-timeout", o->init.heartbeat_timeout_ns, ON(RING_INIT) },
		{ "--every", o->every_ns, ON(RING_HEARTBEAT) | ON(RING_STATUS) },
		{ "--watch", o->watch, ON(RING_STATUS) },
		{ "--auto", o->automatic, ON(RING_FORGET) },
		{ "--period", o->period_ns, ON(RING_FORGET) },
		{ "--dry-run", o->dry_run, ON(RING_FORGET) },
		{ "--add", o->add, ON(RING_PLAN) },
		{ "--remove", o->remove, ON(RING_PLAN) },
		{ "--nodes", o->nodes, ON(RING_SIMULATE) },
		{ "--zones", o->zones, ON(RING_SIMULATE) },
		{ "--fail", o->fail, ON(RING_SIMULATE) },
		{ "--streams", o->streams, ON(RING_SIMULATE) },
		{ "--seed", o->has_seed, ON(RING_SIMULATE) },
		{ "--force", o->force, ON(RING_DRAIN) },
		{ "--quiet", o->has_quiet, ON(RING_DRAIN) },
	};

	if (cli_mode_check(verbs, verb, uses, sizeof(uses) / sizeof(*uses), e) < 0)
		return -1;
	if (o->period_ns && !o->automatic)
		return err_set(e, ERR_USAGE, "option '--period' has no effect without '--auto'");
	if (verb == RING_STATUS && o->every_ns && !o->watch)
		return err_set(e, ERR_USAGE, "option '--every' has no effect without '--watch'");
	if (verb != RING_OWNER && o->tenant && !o->shard_size)
		return err_set(e, ERR_USAGE,
			       "option '--tenant' has no effect without '--shard-size'");
	if (o->has_seed && (!o->fail || strncmp(o->fail, "nodes=", 6) != 0))
		return err_set(e, ERR_USAGE,
			       "option '--seed' has no effect without '--fail nodes=N'");
	if (verb == RING_HEARTBEAT && o->every_ns && o->has_now)
		return err_set(e, ERR_USAGE, "option '--every' does not go with '--now'");
	if (httpc_given_check(&o->node, "drain", verb == RING_DRAIN ? "https://" : NULL, e) < 0)
		return -1;
	if (o->watch && (o->output || o->has_now))
		return err_set(e, ERR_USAGE,
			       "option '--watch' does not go with '--output' or '--now'");
	return 0;
}

int64_t ring_opts_now(const struct ring_opts *o)
{
	return o->has_now ? o->now_ns : time_now_ns();
}

/* USER:PASSWORD of a file, else as etcdctl has them from the environment. */
static int read_etcd_user(struct ring_opts *o, struct err *e)
{
	const char *user = getenv("ETCDCTL_USER"), *password = getenv("ETCDCTL_PASSWORD");
	struct buf *b = &o->etcd_user;
	char *colon;

	buf_reset(b);
	if (o->etcd_user_file) {
		if (io_read_file(o->etcd_user_file, SECRET_MAX, b, e) < 0)
			return -1;
		b->n = strcspn(buf_str(b), "\r\n");
		password = NULL;
	} else if (user && *user) {
		buf_add_str(b, user);
	} else {
		return 0;
	}
	colon = strchr(buf_str(b), ':');
	if (colon) {
		*colon = '\0';
		password = colon + 1;
	}
	if (!password || b->p[0] == '\0')
		return err_set(e, ERR_USAGE, "%s%s%s: expected USER:PASSWORD",
			       o->etcd_user_file ? "'" : "",
			       o->etcd_user_file ? o->etcd_user_file : "ETCDCTL_USER",
			       o->etcd_user_file ? "'" : "");
	o->place.user = b->p;
	o->place.password = password;
	return 0;
}

int ring_opts_open(struct ring_opts *o, struct ring_place **ret, struct err *e)
{
	const char *at = o->at ? o->at : DEFAULT_RING;
	bool is_etcd = strncmp(at, "etcd", 4) == 0 && strstr(at, "://");

	if (!is_etcd &&
	    (o->etcd_user_file || o->place.ca_file || o->place.cert_file || o->place.key_file))
		return err_set(e, ERR_USAGE,
			       "users and certificates are for a ring in etcd: --ring etcds://...");
	if (is_etcd && read_etcd_user(o, e) < 0)
		return -1;
	o->place.now_ns = o->has_now ? o->now_ns : 0;
	o->place.timeout_ns = o->timeout_ns;
	o->place.folder = o->at || o->place.is_there ? NULL : DEFAULT_FOLDER;
	return ring_place_open(at, &o->place, ret, e);
}
