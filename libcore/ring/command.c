#include "ring/command.h"

#include <stdlib.h>
#include <time.h>

#include "base/find.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/output.h"
#include "ring/drain.h"
#include "ring/picture.h"
#include "ring/plan.h"
#include "ring/report.h"
#include "ring/shard.h"
#include "ring/simulate.h"
#include "time/time.h"

static const int64_t WATCH_NS = 2 * NS_PER_S, DRAIN_NS = 600 * NS_PER_S;
/* How long nobody answers before who watches is told; an etcd that elects a leader answers before.
 */
static const int64_t WATCH_TIMEOUT_NS = 5 * NS_PER_S, PAUSE_NS = NS_PER_S / 5;

PRINTF_LIKE(2, 3) static void note(const struct ring_command *c, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	c->note(buf_str(&b), c->data);
	buf_release(&b);
}

static int one_name(const char *verb, char **operand, size_t n, struct bytes *ret, struct err *e)
{
	if (n != 1)
		return err_set(e, ERR_USAGE, "%s: expected one INSTANCE", verb);
	*ret = bytes_str(operand[0]);
	return ring_check_name("instance", *ret, e);
}

static int none(const char *verb, char **operand, size_t n, struct err *e)
{
	return n ? err_set(e, ERR_USAGE, "%s: '%s': expected no operand", verb, operand[0]) : 0;
}

/* ---- changes ---- */

static int change(struct ring_command *c, ring_change_fn *fn, void *data, struct ring *ret,
		  struct err *e)
{
	struct ring_place *p;
	int rc = ring_opts_open(&c->opts, &p, e);

	if (rc == 0) {
		rc = ring_place_change(p, fn, data, ret, e);
		ring_place_close(p);
	}
	return rc;
}

static int do_init(struct ring *r, enum ring_earlier earlier, void *data, struct err *e)
{
	(void)earlier;
	return ring_do_init(r, data, e);
}

static int run_init(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct ring_init_ask *ask = &c->opts.init;
	struct ring r;

	ask->replication = (unsigned)c->opts.replication;
	ask->tokens = (unsigned)c->opts.tokens;
	if (none("init", operand, n, e) < 0 || change(c, do_init, ask, &r, e) < 0)
		return -1;
	ring_release(&r);
	return 0;
}

static int do_join(struct ring *r, enum ring_earlier earlier, void *data, struct err *e)
{
	(void)earlier; /* to join again is to join */
	return ring_do_join(r, data, e);
}

static struct bytes text_of(const char *s)
{
	return s ? bytes_str(s) : bytes_of(NULL, 0);
}

static int run_join(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct ring_join_ask ask = { .addr = text_of(c->opts.addr),
				     .zone = text_of(c->opts.zone),
				     .state = c->opts.state,
				     .tokens = (unsigned)c->opts.tokens,
				     .now_ns = ring_opts_now(&c->opts) };
	struct ring r;
	size_t n_tokens;

	if (one_name("join", operand, n, &ask.name, e) < 0 || change(c, do_join, &ask, &r, e) < 0)
		return -1;
	n_tokens = ring_find(&r, ask.name)->n_tokens;
	note(c, "'%.*s' is %s with %zu token%s", BYTES_ARG(ask.name), ring_state_name(ask.state),
	     n_tokens, num_plural(n_tokens));
	if (ask.zone.n && !r.settings.zone_awareness)
		c->warn("the ring has no zone awareness: replicas may lie in one zone, until init "
			"--zone-awareness on",
			c->data);
	ring_release(&r);
	return 0;
}

static int do_leave(struct ring *r, enum ring_earlier earlier, void *data, struct err *e)
{
	(void)earlier;
	return ring_do_leave(r, *(struct bytes *)data, e);
}

static int run_leave(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct bytes name;

	if (one_name("leave", operand, n, &name, e) < 0 || change(c, do_leave, &name, NULL, e) < 0)
		return -1;
	note(c, "'%.*s' is LEAVING", BYTES_ARG(name));
	return 0;
}

/* ---- heartbeats ---- */

static const char ANSWERS_AGAIN[] = "the ring answers again";

/* Of a ring that cannot be read that is told by what is done next. */
static void warn_if_rare(const struct ring_command *c, struct ring_place *p)
{
	struct buf b = { 0 };
	struct ring r;
	struct err e;

	if (ring_place_read(p, &r, &e) < 0)
		return;
	if (c->opts.every_ns >= r.settings.heartbeat_timeout_ns) {
		buf_add_str(&b, "a heartbeat every ");
		time_add_duration(&b, c->opts.every_ns);
		buf_add_str(&b, " is too rare: the ring finds UNHEALTHY who has none for ");
		time_add_duration(&b, r.settings.heartbeat_timeout_ns);
		c->warn(buf_str(&b), c->data);
	}
	buf_release(&b);
	ring_release(&r);
}

/* Until an error that does not pass; one that may is told once, and when it has passed. */
static int beat_on(const struct ring_command *c, struct ring_place *p, struct bytes name,
		   struct err *e)
{
	const struct timespec pause = { c->opts.every_ns / NS_PER_S, c->opts.every_ns % NS_PER_S };
	bool is_away = false, is_first = true;

	for (;;) {
		int rc = ring_place_beat(p, name, e);

		/* Who is gone does not come back by beating. */
		if (rc < 0 && e->code != ERR_AGAIN)
			return -1;
		if (rc < 0 && !is_away)
			c->warn(e->msg, c->data);
		if (rc == 0 && is_away)
			note(c, "%s", ANSWERS_AGAIN);
		if (rc == 0 && is_first)
			warn_if_rare(c, p);
		is_away = rc < 0;
		is_first = is_first && rc < 0;
		nanosleep(&pause, NULL);
	}
}

static int run_heartbeat(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct ring_place *p;
	struct bytes name;
	int rc;

	if (one_name("heartbeat", operand, n, &name, e) < 0 || ring_opts_open(&c->opts, &p, e) < 0)
		return -1;
	rc = c->opts.every_ns ? beat_on(c, p, name, e) : ring_place_beat(p, name, e);
	ring_place_close(p);
	return rc;
}

/* ---- forget ---- */

/* In one change: etcd has a limit. */
enum { FORGET_AT_ONCE = 40 };

struct forget {
	struct bytes name; /* empty: all that are dead */
	bool dry_run;
	struct ring_forget_ask ask;
};

static int do_forget(struct ring *r, enum ring_earlier earlier, void *data, struct err *e)
{
	struct forget *f = data;
	struct ring_forget_ask *a = &f->ask;
	int rc;

	if (f->name.n) {
		rc = ring_do_forget(r, f->name, earlier, e);
		buf_reset(&a->going);
		buf_add_bytes(&a->going, f->name);
		buf_add_char(&a->going, '\n');
	} else {
		if (!a->period_ns)
			a->period_ns = num_clip((num_wide)10 * r->settings.heartbeat_timeout_ns);
		rc = ring_do_forget_dead(r, a, earlier, e);
	}
	return rc == RING_CHANGED && f->dry_run ? RING_SAME : rc;
}

static int run_forget(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct forget f = { .dry_run = c->opts.dry_run,
			    .ask = { .period_ns = c->opts.period_ns,
				     .now_ns = ring_opts_now(&c->opts),
				     .most = c->opts.dry_run ? SIZE_MAX : FORGET_AT_ONCE } };
	int rc = c->opts.automatic ? none("forget --auto", operand, n, e)
				   : one_name("forget", operand, n, &f.name, e);

	while (rc == 0) {
		rc = change(c, do_forget, &f, NULL, e);
		/* These went, whatever became of the others. */
		if (cli_print(buf_bytes(&f.ask.before), e) < 0)
			rc = -1;
		buf_reset(&f.ask.before);
		if (rc == 0)
			rc = cli_print(buf_bytes(&f.ask.going), e);
		if (find_count_byte(buf_bytes(&f.ask.going), '\n') < f.ask.most || f.dry_run)
			break;
	}
	buf_release(&f.ask.going);
	buf_release(&f.ask.before);
	return rc;
}

/* ---- reports ---- */

typedef int tell_fn(const struct ring_report *r, void *data, struct err *e);

static int tell_of(struct ring_command *c, const struct ring *r, tell_fn *tell, void *data,
		   struct buf *out, struct err *e)
{
	const struct ring_opts *o = &c->opts;
	struct ring_report report = { .format = o->format, .out = out };
	bool *is_in = mem_alloc(r->n);
	int rc;

	if (o->shard_size)
		ring_shard(r, bytes_str(o->tenant ? o->tenant : "fake"), o->shard_size, is_in);
	ring_view_init(&report.view, r, ring_opts_now(o), o->shard_size ? is_in : NULL);
	rc = tell(&report, data, e);
	ring_view_release(&report.view);
	free(is_in);
	return rc;
}

/* Reads the ring and tells of it; what was told goes out whatever the answer is. */
static int tell(struct ring_command *c, tell_fn *fn, void *data, struct err *e)
{
	struct ring_place *p;
	struct buf out = { 0 };
	struct ring r;
	int rc;

	if (ring_opts_open(&c->opts, &p, e) < 0)
		return -1;
	rc = ring_place_read(p, &r, e);
	ring_place_close(p);
	if (rc < 0)
		return -1;
	rc = tell_of(c, &r, fn, data, &out, e);
	if (cli_print(buf_bytes(&out), e) < 0)
		rc = -1;
	buf_release(&out);
	ring_release(&r);
	return rc;
}

static int tell_status(const struct ring_report *r, void *data, struct err *e)
{
	(void)data;
	return ring_report_status(r, e);
}

/* On a terminal in place, else one after the other. */
static int show(struct ring_command *c, const struct ring *r, struct err *e)
{
	struct buf out = { 0 };
	struct err answer;
	int rc;

	if (c->opts.format == RING_TEXT && c->opts.clear)
		buf_add_str(&out, "\033[H\033[J");
	if (tell_of(c, r, tell_status, NULL, &out, &answer) < 0 && c->opts.format == RING_TEXT)
		buf_addf(&out, "%s\n", answer.msg);
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

static void warn_of_old(const struct ring_command *c, const struct err *why)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s; what was printed last may be old", why->msg);
	c->warn(buf_str(&b), c->data);
	buf_release(&b);
}

/* Reads the ring again, also when nobody answers for a while: a warning says so, once, and a note
 * when that is over. */
static int read_on(struct ring_command *c, struct ring_place *p, struct ring *ret, struct err *e)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int tries = 0;

	for (; ring_place_read(p, ret, e) < 0; tries++) {
		if (e->code != ERR_AGAIN)
			return -1;
		if (tries == 0)
			warn_of_old(c, e);
		nanosleep(&pause, NULL);
	}
	if (tries > 0)
		note(c, "%s", ANSWERS_AGAIN);
	return 0;
}

static int watch(struct ring_command *c, struct ring_place *p, struct err *e)
{
	int64_t every = c->opts.every_ns ? c->opts.every_ns : WATCH_NS;
	struct ring r;
	int rc = ring_place_read(p, &r, e);

	while (rc >= 0) {
		rc = show(c, &r, e);
		if (rc == 0)
			rc = ring_place_wait(p, &r, every, e);
		ring_release(&r);
		if (rc >= 0)
			rc = read_on(c, p, &r, e);
	}
	return -1;
}

static int run_status(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct ring_place *p;
	int rc;

	if (none("status", operand, n, e) < 0)
		return -1;
	if (!c->opts.watch)
		return tell(c, tell_status, NULL, e);
	if (!c->opts.timeout_ns)
		c->opts.timeout_ns = WATCH_TIMEOUT_NS;
	if (ring_opts_open(&c->opts, &p, e) < 0)
		return -1;
	rc = watch(c, p, e);
	ring_place_close(p);
	return rc;
}

struct owner {
	struct bytes tenant;
	struct labels labels;
};

static int tell_owner(const struct ring_report *r, void *data, struct err *e)
{
	const struct owner *o = data;

	return ring_report_owner(r, o->tenant, &o->labels, e);
}

static int run_owner(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct owner o = { .tenant = bytes_str(c->opts.tenant ? c->opts.tenant : "fake") };
	struct arena a = { 0 };
	int rc;

	if (n != 1)
		return err_set(e, ERR_USAGE,
			       "owner: expected the labels of one stream, as '{app=\"web\"}'");
	rc = labels_parse_text(bytes_str(operand[0]), &a, &o.labels, e);
	if (rc < 0)
		err_wrap(e, "'%s'", operand[0]);
	else
		rc = tell(c, tell_owner, &o, e);
	arena_release(&a);
	return rc;
}

static int tell_tokens(const struct ring_report *r, void *data, struct err *e)
{
	return ring_report_tokens(r, *(struct bytes *)data, e);
}

static int run_tokens(void *command, char **operand, size_t n, struct err *e)
{
	struct bytes name = { 0 };

	if (n > 0 && one_name("tokens", operand, n, &name, e) < 0)
		return -1;
	return tell(command, tell_tokens, &name, e);
}

/* ---- plans ---- */

static int tell_plan(const struct ring_report *r, void *data, struct err *e)
{
	return ring_report_plan(r, data, e);
}

static int run_plan(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	const struct ring_opts *o = &c->opts;
	struct ring_plan_ask a = { .add = o->add,
				   .remove = text_of(o->remove),
				   .now_ns = ring_opts_now(o) };

	/* A zone alone is one that goes. */
	if (o->add)
		a.add_zone = text_of(o->zone);
	else
		a.zone = text_of(o->zone);
	if (none("plan", operand, n, e) < 0)
		return -1;
	if (!o->add && !o->remove && !o->zone)
		return err_set(e, ERR_USAGE, "plan: expected --add, --remove or --zone");
	return tell(c, tell_plan, &a, e);
}

static int run_simulate(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	const struct ring_opts *o = &c->opts;
	struct ring_simulate_ask a = {
		.nodes = o->nodes,
		.zones = o->zones,
		.replication = o->replication ? (unsigned)o->replication : RING_REPLICATION,
		.tokens = o->tokens ? (unsigned)o->tokens : RING_TOKENS,
		.streams = o->streams,
		.seed = o->seed,
	};
	struct buf out = { 0 };
	int rc;

	if (none("simulate", operand, n, e) < 0)
		return -1;
	if (!o->nodes)
		return err_set(e, ERR_USAGE, "simulate: --nodes says of how many");
	if (o->fail && ring_simulate_read_fail(bytes_str(o->fail), &a, e) < 0)
		return err_wrap(e, "option '--fail'");
	rc = ring_simulate(&a, o->format, &out, e);
	if (cli_print(buf_bytes(&out), e) < 0)
		rc = -1;
	buf_release(&out);
	return rc;
}

static int tell_picture(const struct ring_report *r, void *data, struct err *e)
{
	(void)data;
	(void)e;
	ring_picture(&r->view, r->out);
	return 0;
}

static int run_svg(void *command, char **operand, size_t n, struct err *e)
{
	if (none("svg", operand, n, e) < 0)
		return -1;
	return tell(command, tell_picture, NULL, e);
}

/* ---- drain ---- */

static int over_before_quiet(int64_t quiet_ns, struct err *e)
{
	struct buf quiet = { 0 };

	time_add_duration(&quiet, quiet_ns);
	err_set(e, ERR_USAGE, "drain: --timeout is over before --quiet, which is %s",
		buf_str(&quiet));
	buf_release(&quiet);
	return -1;
}

static int run_drain(void *command, char **operand, size_t n, struct err *e)
{
	struct ring_command *c = command;
	struct ring_opts *o = &c->opts;
	struct ring_drain_ask a = { .force = o->force,
				    .now_ns = ring_opts_now(o),
				    .timeout_ns = o->timeout_ns ? o->timeout_ns : DRAIN_NS,
				    .quiet_ns = o->quiet_ns,
				    .step = c->note,
				    .warn = c->warn,
				    .data = c->data };
	struct ring_place *p;
	int rc;

	if (one_name("drain", operand, n, &a.name, e) < 0 || httpc_given_read(&o->node, e) < 0)
		return -1;
	if (a.quiet_ns >= a.timeout_ns)
		return over_before_quiet(a.quiet_ns, e);
	a.http = o->node.http;
	if (ring_opts_open(o, &p, e) < 0)
		return -1;
	rc = ring_drain(p, &a, e);
	ring_place_close(p);
	return rc;
}

/* In the order of enum ring_verb. */
const struct cli_verb ring_verbs[] = {
	{ "init", "", "make a ring, or change its settings", run_init },
	{ "join", "INSTANCE", "add an instance with tokens, or change its state", run_join },
	{ "leave", "INSTANCE", "it takes no more writes: LEAVING", run_leave },
	{ "heartbeat", "INSTANCE", "it is alive", run_heartbeat },
	{ "forget", "[INSTANCE]", "take it out, or all that are dead", run_forget },
	{ "status", "", "each instance, its state, what it owns", run_status },
	{ "owner", "LABELS", "who has a stream, and why", run_owner },
	{ "tokens", "[INSTANCE]", "where the instances stand on the ring", run_tokens },
	{ "plan", "", "what would move if instances came or went", run_plan },
	{ "simulate", "", "a ring that is nowhere: spread, movement, failures", run_simulate },
	{ "drain", "INSTANCE", "empty a node into the store, then take it out", run_drain },
	{ "svg", "", "the ring as a picture", run_svg },
	{ 0 },
};

int ring_command(struct ring_command *c, char **operand, size_t n, struct err *e)
{
	const struct cli_verb *verb;
	enum ring_verb which;

	if (cli_verb_find(ring_verbs, operand[0], NULL, &verb, e) < 0)
		return -1;
	if (!verb)
		return err_set(e, ERR_USAGE, "'%s' is no command", operand[0]);
	which = (enum ring_verb)(verb - ring_verbs + 1);
	if (ring_opts_check(&c->opts, which, e) < 0)
		return -1;
	c->opts.place.is_there = which != RING_INIT && which != RING_JOIN;
	return verb->run(c, operand + 1, n - 1, e);
}
