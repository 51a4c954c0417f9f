/* Looking into index files, one or all of a store: what idxbuild --dump, --stats and --verify do.
 */
#ifndef INDEX_LOOK_H
#define INDEX_LOOK_H

#include "index/dump.h"
#include "index/stats.h"

enum index_look_what { INDEX_LOOK_DUMP, INDEX_LOOK_STATS, INDEX_LOOK_VERIFY };

struct index_look {
	enum index_look_what what;			/* set by the caller, as the seven below */
	enum cli_format format;				/* of --stats, --verify */
	size_t n_largest;				/* of --stats */
	index_sink_fn *sink;				/* takes the text */
	void (*fault)(const struct err *e, void *data); /* the message begins with the file's name;
							   the rest is still done */
	void (*right)(const char *name, void *data);	/* --verify: no fault in this file */
	/* --stats, --verify of a store: what no query sees, in one line: packs that no index file
	 * names; --verify also of files that writers who died left, of packs all of whose segments
	 * other packs cover, and of what a compaction deletes. */
	void (*warn)(const char *text, void *data);
	void *data;

	struct index_stats *stats; /* private: of tenant, not yet printed */
	struct err failure;	   /* of the sink, when it was given what was found */
	struct buf tenant;
};

/* A file at a path, in a store or not. Errors: of sink. */
MUST_CHECK int index_look_file(struct index_look *l, const char *path, struct err *e);

/*
 * The live index files of one tenant, or of all when tenant is empty; --verify also those that are
 * obsolete, but not against packs, which may be deleted already. Errors: ERR_IO, ERR_AGAIN, of
 * sink.
 */
MUST_CHECK int index_look_store(struct index_look *l, struct store *s, struct bytes tenant,
				struct err *e);

/* Prints what is left and frees all. */
MUST_CHECK int index_look_end(struct index_look *l, struct err *e);

#endif
