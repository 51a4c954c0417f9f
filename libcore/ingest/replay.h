/*
 * WAL segments out again: as JSON lines, as frames, or only checked.
 *
 * Frames of a segment that is undamaged and not filtered are its own bytes up to the last good
 * record, and end with its end record, made when its writer died and left none: only that lets a
 * pack make the segment obsolete.
 */
#ifndef INGEST_REPLAY_H
#define INGEST_REPLAY_H

#include "labels/matcher.h"
#include "wal/reader.h"

enum replay_format { REPLAY_JSONL, REPLAY_FRAMES, REPLAY_VERIFY };

struct replay_opts {
	enum replay_format format;
	int64_t from_ns, to_ns; /* [from, to); INT64_MIN and INT64_MAX for no bound */
	struct bytes tenant;	/* empty = all */
	const struct matcher *match;
	size_t n_match;
	int out_fd;
	/* Damage of an input (ERR_CORRUPT), called at once; a torn tail (ERR_NO), which is none. */
	void (*report)(const struct err *e, void *data);
	void *data;
};

struct replay;

/* opts must outlive it. Never NULL. */
struct replay *replay_new(const struct replay_opts *opts);
void replay_free(struct replay *r);

/*
 * Reads one input to its end. What is damaged is reported, and the rest is given.
 * Errors: ERR_CORRUPT (no segment), ERR_VERSION, ERR_IO and ERR_FULL (reading, writing), ERR_LIMIT.
 */
enum replay_input {
	REPLAY_CLOSED, /* a closed segment's file: that it has no end record means that its writer
			  died */
	REPLAY_PART,   /* a pipe, or a segment that is still written: it may go on */
};
/* was_good: the input's bytes below are known to have been good once, 0 none (wal_reader_set_good).
 */
MUST_CHECK int replay_fd(struct replay *r, int fd, enum replay_input input, uint64_t was_good,
			 struct err *e);

/* Where in the last input a second segment began; 0: it held one. */
uint64_t replay_second(const struct replay *r);

/* Something was read, and there is nothing of opts' tenant in it. */
bool replay_lacks_tenant(const struct replay *r);

/* True when something could not be written: nothing more would be of use. */
bool replay_out_failed(const struct replay *r);

/* Writes what is still in memory. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int replay_flush(struct replay *r, struct err *e);

#endif
