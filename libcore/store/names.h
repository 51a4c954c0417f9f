/*
 * The names of packs and index files in a store:
 *   <tenant>/chunks/<YYYY-MM-DD>/<hash>.pack      <tenant>/index/<YYYY-MM-DD>/<hash>.idx
 * For any thread.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include "base/buf.h"
#include "base/hash.h"

enum store_kind { STORE_PACK, STORE_INDEX };

struct store_name {
	enum store_kind kind;
	int32_t day;	     /* days since 1970-01-01, UTC */
	struct bytes tenant; /* borrowed from the text it was read from */
	struct hash128 hash;
};

/*
 * Reads the last four parts of a name or of a path
 * ("/srv/store/fake/chunks/2026-01-15/<hash>.pack"), so a path of a store that was moved or is
 * named otherwise here still says which object is meant. Errors: ERR_USAGE, naming what is no such
 * part.
 */
MUST_CHECK int store_name_parse(struct bytes path, struct store_name *ret, struct err *e);

/* Appends the name, relative to the store. */
void store_name_add(struct buf *b, const struct store_name *n);

/* Appends the folder of a tenant's packs or index files: of one day, or of all. Ends in '/'. */
void store_folder_add(struct buf *b, enum store_kind kind, struct bytes tenant, int32_t day);
void store_folder_add_all(struct buf *b, enum store_kind kind, struct bytes tenant);

/* The folder of what is the store's own. */
#define STORE_OWN_FOLDER "~lokid/"

/* The folders of a tenant in which programs write, "chunks" and so on; the last is NULL. */
extern const char *const store_tenant_folders[];

/* ".pack", ".idx" */
const char *store_suffix(enum store_kind kind);

#endif
