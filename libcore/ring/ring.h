/*
 * The ring: which instances there are, where on the circle of 2^32 positions (tokens) each stands,
 * and in which state. It is kept in a file or in etcd (ring/place.h); who owns what follows from it
 * alone (ring/view.h), so that all who read the same ring come to the same answer.
 *
 * A ring is for one thread at a time.
 */
#ifndef RING_RING_H
#define RING_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

enum {
	RING_INSTANCES_MAX = 20000,
	RING_TOKENS_MAX = 4096, /* of one instance */
	RING_REPLICATION_MAX = 15,
	RING_NAME_MAX = 128,
	RING_ADDR_MAX = 1024,

	RING_REPLICATION = 3, /* as Loki has them by default */
	RING_TOKENS = 128,
	RING_TEXT_MAX = 64 << 20, /* bytes of a ring as text */
};
#define RING_HEARTBEAT_TIMEOUT_NS INT64_C(60000000000)

/* Times of a ring are from 1970 up to here, in the year 2200, timeouts at most a hundred years: so
 * that none of their sums and differences overflows. */
#define RING_TIME_END_NS    INT64_C(7258118400000000000)
#define RING_TIMEOUT_MAX_NS INT64_C(3153600000000000000)

/* What an instance says of itself; the last is what others find, and never stored. */
enum ring_state { RING_PENDING, RING_JOINING, RING_ACTIVE, RING_LEAVING, RING_UNHEALTHY };
enum { RING_STATES = RING_UNHEALTHY };

struct ring_settings {
	unsigned replication; /* 1 to RING_REPLICATION_MAX */
	unsigned tokens;      /* of an instance that joins; 1 to RING_TOKENS_MAX */
	bool zone_awareness;  /* each instance has a zone, and replicas lie in distinct ones */
	int64_t heartbeat_timeout_ns; /* above 0, at most RING_TIMEOUT_MAX_NS */
};

/* Of a ring in etcd, whose lease alone says who lives; in a file the time of the heartbeat does. */
enum ring_lease { RING_LEASE_NONE, RING_LEASE_LIVES, RING_LEASE_ENDED };

struct ring_instance {
	struct bytes name, addr, zone; /* zone: empty when it has none */
	enum ring_state state;
	int64_t heartbeat_ns, registered_ns; /* from 0, below RING_TIME_END_NS */
	enum ring_lease lease;
	uint32_t *token; /* ascending, each once, of no other instance */
	size_t n_tokens;
	int64_t mod; /* for ring/etcd.h: the revision of etcd that it was read at; 0: none */
};

/* Instances are sorted by name. All texts and tokens lie in .mem. {0} is not valid: ring_init. */
struct ring {
	struct ring_settings settings;
	uint64_t
		revision; /* one more with each change but heartbeats; 0: it is not kept anywhere */
	struct ring_instance *v;
	size_t n, cap;
	struct arena mem;
};

/* An empty one with Loki's defaults. */
void ring_init(struct ring *r);
void ring_release(struct ring *r);

/* NULL when there is none of this name. Valid until one is added or removed. */
struct ring_instance *ring_find(const struct ring *r, struct bytes name);
/* The same. Errors: ERR_NO, there is none. */
struct ring_instance *ring_find_or_say(const struct ring *r, struct bytes name, struct err *e);
/* A copy of in, texts and tokens as well; the name is new. Valid until the next change. */
struct ring_instance *ring_add(struct ring *r, const struct ring_instance *in);
void ring_remove(struct ring *r, struct ring_instance *in);
/* *ret, which is released before, becomes the same ring. */
void ring_copy(struct ring *ret, const struct ring *r);

/* "ACTIVE" */
const char *ring_state_name(enum ring_state s);
/* Of a state that can be stored. */
bool ring_state_read(struct bytes text, enum ring_state *ret);
/* May an instance go from one state to the other? */
bool ring_state_may_follow(enum ring_state from, enum ring_state to);

/* The instance's state, or RING_UNHEALTHY when its lease has ended, or, of one that never had a
 * lease, when no heartbeat came for longer than the timeout. */
enum ring_state ring_health(const struct ring_settings *s, const struct ring_instance *in,
			    int64_t now_ns);

/* What a name or a zone may be: 1 to RING_NAME_MAX of A-Z a-z 0-9 . _ : -, not with a '-' first;
 * what an address may be: up to RING_ADDR_MAX visible characters. what: "zone", for the message.
 * Errors: ERR_USAGE. */
MUST_CHECK int ring_check_name(const char *what, struct bytes name, struct err *e);
MUST_CHECK int ring_check_addr(struct bytes addr, struct err *e);

/*
 * Where a stream stands on the ring: FNV-1 of 32 bits over the tenant and its labels as Loki writes
 * them ({a="b", c="d"}; labels_add_text), the same position as in Loki.
 */
uint32_t ring_token_of(struct bytes tenant, struct bytes labels);

#endif
