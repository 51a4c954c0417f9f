/*
 * Mending what a check has found. Nothing is deleted: what is in the way is moved to
 * "~lokid/lost/NAME/HASH", its name before and the hash of its bytes, and index files are made anew
 * of packs; of a pack that none can name, what can be read goes into a new one. May be killed at
 * any moment and run again, and read from meanwhile: a day's new index files are there before its
 * wrong ones go.
 */
#ifndef INDEX_REPAIR_H
#define INDEX_REPAIR_H

#include "index/fault.h"
#include "store/store.h"

struct index_repair {
	struct store *store;
	bool dry_run;	  /* nothing is done, all is told */
	bool salvage;	  /* also of damaged packs that index files name */
	int64_t delay_ns; /* of sweep.h, where index files are merged */
	/* What was done, as "moved 'x' to 'y'". */
	void (*done)(const char *text, void *data);
	/* What stays as it is, and why. */
	void (*kept)(const struct index_fault *f, const char *why, void *data);
	/* What of a pack can no longer be read. Told again when the repair is, as after a kill. */
	void (*lost)(const char *pack, const char *what, void *data);
	void *data;
};

/* Returns how many of the faults stay. Errors: ERR_IO, ERR_FULL, ERR_AGAIN. */
MUST_CHECK int64_t index_repair(const struct index_repair *r, const struct fault_list *l,
				struct err *e);

#endif
