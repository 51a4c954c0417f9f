/* What walreplay does with one segment after another. */
#ifndef INGEST_SEGMENT_TASK_H
#define INGEST_SEGMENT_TASK_H

#include "ingest/covered.h"
#include "ingest/replay.h"
#include "ingest/wal_stats.h"

enum segment_mode {
	SEGMENT_REPLAY,	  /* its entries to replay.out_fd */
	SEGMENT_UNPACKED, /* the same, of segments that the store does not cover */
	SEGMENT_STATS,
	SEGMENT_PRUNE,
	SEGMENT_SALVAGE,
	SEGMENT_MEND, /* those that are damaged, in their own folder */
};

struct segment_task {
	enum segment_mode mode;
	struct replay_opts replay; /* its report and data are set by begin */
	enum wal_stats_format stats_format;
	const char *salvage_dir;
	bool quiet; /* PRUNE: no names, and nothing of damaged segments, which UNPACKED told */
	struct cover *cover; /* for UNPACKED and PRUNE */
	/* What is wrong, with the segment's name in front. */
	void (*fail)(const struct err *e, void *data);
	/* What is not wrong, and may be worth knowing. */
	void (*note)(const char *text, void *data);
	/* What may be a slip of who asked. */
	void (*warn)(const char *text, void *data);
	void *data;

	struct buf out; /* STATS, PRUNE, SALVAGE, MEND: lines for stdout; the caller takes and
			   resets them */

	struct replay *r; /* private */
	const char *name;
	bool damaged, owner_told;
};

/* May the default log be read, since nothing is named? Errors: ERR_IO, it is not there; ERR_USAGE,
 * SALVAGE to another folder, which may have been meant as what is read. */
MUST_CHECK int segment_task_check_default(const struct segment_task *t, const char *log,
					  struct err *e);

void segment_task_begin(struct segment_task *t);
/* Writes what is still in memory, and releases all. Failures are told to .fail. */
void segment_task_end(struct segment_task *t);

void segment_task_do(struct segment_task *t, const struct wal_segment *s);
/* The same for what is no file: REPLAY and STATS only. */
void segment_task_do_fd(struct segment_task *t, int fd, const char *name, enum wal_state state);

#endif
