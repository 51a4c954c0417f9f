/* A store whose parts lie in stores of their own: lokid-store(7), "PARTS". */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "store/store.h"

enum { PART_INDEX, PART_RULES, STORE_PARTS };

/* Opens the one that lies at path, which says of itself that the parts of `lacks`, bits of the enum
 * above, lie elsewhere. NULL on error: as store_open. */
typedef struct store *store_open_fn(const char *path, enum store_mode mode, unsigned lacks,
				    struct err *e);

/* store_check_path of one of them. */
MUST_CHECK int store_path_check(const char *path, struct err *e);

/* "PATH [index=PATH] [rules=PATH]", each opened by open_one. NULL on error: as store_open. */
struct store *store_parts_open(const char *word, enum store_mode mode, store_open_fn *open_one,
			       struct err *e);

/* "index=" or "rules=" when it stands somewhere in the path of a single store, where a blank before
 * it was forgotten; or NULL. */
const char *store_parts_glued(const char *path);

/* Behind what a mark says of the format: " without index rules". */
void store_parts_add_mark(struct buf *b, unsigned lacks);
/* Back; false when it is none. */
bool store_parts_read_mark(struct bytes text, unsigned *ret_lacks);
/* Does the mark that was read say what the store was opened with? Errors: ERR_USAGE. */
MUST_CHECK int store_parts_check(const struct store *s, struct err *e);

/* store_list_one of a folder that one store has. Who reads an object store does not ask for its
 * mark, which costs a round: only when there is no index, which may be so because it lies
 * elsewhere. Errors: also ERR_USAGE, it does. */
int store_parts_list_one(struct store *s, const char *folder, store_object_fn *each, void *data,
			 struct err *e);

/* Whether what lies in folder lies in several of its stores. */
bool store_parts_share(const struct store *s, const char *folder);
/* As the calls of these names, of all of them in one order. What is last is asked for last: index
 * files after packs. */
int store_parts_list(struct store *s, const char *folder, store_object_fn *each, void *data,
		     struct err *e);
int store_parts_list_folders(struct store *s, const char *folder, store_object_fn *each, void *data,
			     struct err *e);

#endif
