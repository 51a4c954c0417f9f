/*
 * Streams that pushes came for of late, each with its rate: 24 bytes of a table that outlives what
 * is known of their labels. Private to the intake; for one thread at a time.
 */
#ifndef SERVER_INTAKE_ACTIVE_H
#define SERVER_INTAKE_ACTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct active_stream {
	uint64_t id;	  /* of tenant and labels; 0: a free place */
	uint32_t tenant;  /* its number */
	float tokens;	  /* bytes that it may still send at once, at that time */
	uint32_t seen_ms; /* since .epoch_ns */
};

/* {0} is a valid empty one. */
struct active {
	struct active_stream *v;
	size_t n, cap;
	int64_t epoch_ns, swept_ns; /* monotonic; 0: not yet */
};

void active_release(struct active *a);

/* NULL when it is not there. Valid until the next add or sweep. */
struct active_stream *active_find(const struct active *a, uint64_t id);
/* Asks for the memory where it would be found, for an active_find() that comes a little later. */
void active_expect(const struct active *a, uint64_t id);
/* Adds one that is not there, with a full bucket. */
struct active_stream *active_add(struct active *a, uint64_t id, uint32_t tenant, double burst,
				 int64_t now_ns);

/* Marks it as seen, and takes n bytes of its bucket. False, and nothing is taken, when it has not
 * as many. rate 0: no limit. */
bool active_take(const struct active *a, struct active_stream *s, double rate, double burst,
		 uint64_t n, int64_t now_ns);

/* Forgets those that were not seen for idle_ns; for each, count[its tenant] is one less. */
void active_sweep(struct active *a, int64_t idle_ns, int64_t now_ns, uint32_t *count);

/* Forgets all streams of tenants for which tenant[number] is set. */
void active_drop(struct active *a, const bool *tenant, uint32_t *count);

#endif
