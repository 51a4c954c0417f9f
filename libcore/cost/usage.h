/*
 * What lies in a store, by tenant, day of its entries and storage class: objects and bytes as the
 * store lists them, so that what is obsolete and not yet deleted counts; entries and lines as the
 * index files have them. Nothing is written to the store. For one thread.
 */
#ifndef COST_USAGE_H
#define COST_USAGE_H

#include "base/arena.h"
#include "base/map.h"
#include "codec/codec.h"
#include "store/store.h"

enum { USAGE_NO_DAY = INT32_MIN };

struct usage_row {
	struct bytes tenant;
	int32_t day;	    /* USAGE_NO_DAY: of requests to delete, and what else there is */
	struct bytes class; /* "standard", "glacier-ir": the store's word, in small letters */
	struct bytes value; /* of the label, when one was asked for; empty: of no stream with it, or
			       of what no stream has, such as index files */
	uint64_t objects;   /* all with an empty value */
	uint64_t bytes;
	uint64_t entries;
	/* By encoding: bytes of lines, and of the chunks that hold them. */
	uint64_t lines[CODEC_COUNT], chunks[CODEC_COUNT];
};

struct usage {
	struct usage_row *v; /* by tenant, day, class, value */
	size_t n;
	struct map known; /* private from here */
	size_t cap;
	struct arena mem;
};
void usage_release(struct usage *u);

struct usage_ask {
	struct store *store;
	struct bytes tenant; /* empty: all */
	const char *label;   /* by whose values, or NULL */
	const char *class;   /* of objects that the store has no word for: "standard" */
	/* Of an index file that cannot be read, or that has a pack that is not there. */
	void (*fault)(const struct err *e, void *data);
	/* Of packs of one day that no index file has: may_come, one of them is so young that its
	 * index file may be on its way. */
	void (*unindexed)(const struct err *e, bool may_come, void *data);
	void *data;
	int64_t now_ns;
};

/* Errors: ERR_IO, ERR_AGAIN, as store_list_objects, live_each. */
MUST_CHECK int usage_read(const struct usage_ask *ask, struct usage *ret, struct err *e);

/* Leaves out what is of later days. */
void usage_until(struct usage *u, int32_t last);

uint64_t usage_lines(const struct usage_row *r); /* bytes */

/* The same of a day on which some of it has grown old: the class of what is at least so many days
 * old, and was of the class `usage_ask.class` before. */
struct usage_tier {
	uint32_t days;
	const char *class;
};
/* The last of the tiers, which are ascending, that fits; else the row's own. */
struct bytes usage_class_of(const struct usage_row *r, const struct usage_tier *v, size_t n,
			    const char *from_class, int32_t today);

#endif
