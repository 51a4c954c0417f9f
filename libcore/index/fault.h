/* What can be wrong with a store: the kinds of faults that idxbuild --fsck tells, and one of them.
 */
#ifndef INDEX_FAULT_H
#define INDEX_FAULT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Their words are in fault.c, what mends each in repair.c, and both in idxbuild(1). */
enum fault_kind {
	FAULT_UNMARKED,	   /* the store has no mark, or one that is none */
	FAULT_FOREIGN,	   /* a file among packs or index files is neither */
	FAULT_ABANDONED,   /* files of writers that died */
	FAULT_DAMAGED,	   /* a checksum, a length, a reference inside a file */
	FAULT_NAME,	   /* a name is not the hash of the bytes */
	FAULT_FOLDER,	   /* a file is of another tenant or day than its folder */
	FAULT_MISSING,	   /* a pack that is to be read is not there */
	FAULT_DIFFERS,	   /* an index file says of a pack what is not so */
	FAULT_UNCOVERED,   /* an index file replaces a segment that its packs do not have whole */
	FAULT_OVERLAP,	   /* two index files that count have the same entries */
	FAULT_ORPHAN,	   /* a pack that no index file knows of */
	FAULT_SUPERFLUOUS, /* one whose segments others cover */
	FAULT_LEFTOVER,	   /* one of a compaction that did not end */
	FAULT_EXPIRED,	   /* chunks, or a pack that is gone, of which all is past its retention */
	FAULT_RULE,	   /* what says what goes, or stays, cannot be understood */
	FAULT_RECEIPT,	   /* an account of what was deleted cannot */
	FAULT_KINDS
};

struct index_fault {
	enum fault_kind kind;
	const char *name; /* the object or folder, relative to the store; "" is the store */
	const char
		*index; /* the index file, likewise, that says of a pack what is not so; or NULL */
	struct bytes tenant; /* empty, and day 0: of the store as a whole */
	int32_t day;
	uint64_t n;	/* of abandoned files: how many */
	struct err err; /* what is wrong, without the path before it */
};

typedef void index_tell_fn(const struct index_fault *f, void *data);

/* "missing" */
const char *fault_word(enum fault_kind kind);

/* Several, with texts of their own. {0} is a valid empty one. */
struct fault_list {
	struct index_fault *v;
	size_t n, cap;
	struct arena mem;
};

void fault_list_add(struct fault_list *l, const struct index_fault *f);
void fault_list_reset(struct fault_list *l);
void fault_list_release(struct fault_list *l);

/* Takes "'PATH/NAME': ", or "'PATH': " when name is NULL, away from before the message, if it is
 * there. */
void fault_cut_path(struct err *e, const char *path, const char *name);

#endif
