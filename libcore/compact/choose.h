/*
 * Which packs of a tenant and day are merged next: tiers, as in a log-structured merge tree, so
 * that an entry is written again only when the pack it lies in has become several times as large.
 * A pure function.
 */
#ifndef COMPACT_CHOOSE_H
#define COMPACT_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pack that is read, in the order in which equal things of different packs come: by order key,
 * then name. */
struct choose_pack {
	int64_t order_key;
	uint64_t size; /* of what it still has */
	bool stays;    /* it is left alone, as one that is damaged */
	bool wasteful; /* most of its bytes are dead: it is written anew by itself, if need be */
};

struct choose_how {
	uint64_t pack_bytes; /* of a new pack, about; one of half of it is full, and left alone */
	size_t fan_in; /* so many at least are merged, 2 and above; on a day that is over, 2 */
	size_t most;   /* so many at most, if not 0; 2 and above */
	bool day_over; /* nothing more is expected: all that is not full is merged */
};

/* The packs first .. first + n of those given: neighbours, so that the order of equal things stays
 * as it is; order_key is that of the packs they become, which lies between those of the packs
 * before and behind them. */
struct choose_run {
	size_t first, n;
	int64_t order_key;
};

/* False when nothing is to be done. */
bool choose_run(const struct choose_pack *v, size_t n, const struct choose_how *how,
		struct choose_run *ret);

#endif
