/* The options of ringctl, and which of them belong to which verb. */
#ifndef RING_OPTIONS_H
#define RING_OPTIONS_H

#include "cli/cli.h"
#include "httpc/options.h"
#include "labels/labels.h"
#include "ring/changes.h"

enum ring_verb {
	RING_VERB_NONE,
	RING_INIT,
	RING_JOIN,
	RING_LEAVE,
	RING_HEARTBEAT,
	RING_FORGET,
	RING_STATUS,
	RING_OWNER,
	RING_TOKEN_LIST,
	RING_PLAN,
	RING_SIMULATE,
	RING_DRAIN,
	RING_SVG,
};

enum ring_format { RING_TEXT, RING_JSONL, RING_CSV, RING_HTML };

/* {0} after ring_opts_init. Texts are those of the command line. */
struct ring_opts {
	const char *at, *output;
	struct ring_place_opts place; /* but for .is_there set by ring_opts_open */
	struct ring_init_ask init;
	int64_t now_ns;
	bool has_now, has_format, has_state, has_quiet, has_seed;
	enum ring_format format;
	enum ring_state state;
	const char *tenant, *zone, *addr;
	uint64_t shard_size, tokens, replication;
	int64_t every_ns, period_ns, timeout_ns, quiet_ns;
	bool watch, automatic, dry_run, force;
	bool clear; /* stdout is a terminal: status --watch begins anew each time */
	uint64_t add, nodes, zones, streams, seed;
	const char *remove, *fail;
	const char *etcd_user_file;
	struct httpc_given node; /* of drain: how lokid is spoken to */

	struct buf etcd_user; /* private */
};

extern const struct cli_taken ring_options[];

void ring_opts_init(struct ring_opts *o);
void ring_opts_release(struct ring_opts *o);

/* Has each option that is given an effect with this verb? Errors: ERR_USAGE. */
MUST_CHECK int ring_opts_check(const struct ring_opts *o, enum ring_verb verb, struct err *e);

/* The place of the ring, with credentials read. Errors: as ring_place_open; ERR_IO. */
MUST_CHECK int ring_opts_open(struct ring_opts *o, struct ring_place **ret, struct err *e);

/* When it is. */
int64_t ring_opts_now(const struct ring_opts *o);

#endif
