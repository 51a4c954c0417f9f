/*
 * A file of limits by itself: a map with limits_config and overrides, as in lokid.yaml(5). Programs
 * take one with --limits; a store has one of its own, LIMITS_OF_STORE, which the daemon writes:
 * what it says is in force, so a daemon that deletes nothing by age writes no retention.
 */
#ifndef LIMITS_FILE_H
#define LIMITS_FILE_H

#include "limits/limits.h"

#define LIMITS_OF_STORE "~lokid/limits.yaml"

struct store;

/* A set of its own, Loki's defaults where the text says nothing. name: for messages. Errors:
 * ERR_CORRUPT, ERR_LIMIT; ERR_USAGE, of which all but the last are told to r. */
MUST_CHECK int limits_read_text(struct bytes text, const char *name, struct limits_set **ret,
				struct report *r, struct err *e);

/* Reads the file; with NULL that of the store, which may be NULL too; messages name it with the
 * store's path. *ret is NULL where there is
 * none of that. Errors: as limits_read_text; ERR_IO. */
MUST_CHECK int limits_load(const char *file, struct store *s, struct limits_set **ret,
			   struct report *r, struct err *e);

/* Appends the text of such a file. */
void limits_write_text(struct buf *out, const struct limits_set *s);

#endif
