/*
 * The folder of a tenant's requests: which files are there, and what those that hold requests say.
 * Private to deletes/.
 */
#ifndef DELETES_FOLDER_H
#define DELETES_FOLDER_H

#include "deletes/merged.h"
#include "deletes/requests.h"

struct folder_file {
	enum deletes_file what;
	struct bytes id; /* of the request; of a merged one, of itself */
	uint64_t size;
	int64_t date_ns; /* by the store's clock */
};

struct folder {
	struct store *store;
	struct bytes tenant;
	struct folder_file *v; /* ascending by what, then by id */
	size_t n, cap;
	bool has_mark;
	struct arena mem;
};

/*
 * Lists it; to be released, on failure too. What is listed was there at one moment, or rather
 * within half of the time that a file stays which was replaced: so of a request and what has taken
 * its place one is among it. Errors: ERR_AGAIN, it takes too long for that; ERR_IO.
 */
MUST_CHECK int folder_list(struct store *s, struct bytes tenant, struct folder *ret, struct err *e);
void folder_release(struct folder *f);

/* Those of one sort, ascending; *ret_n may be 0. */
const struct folder_file *folder_files(const struct folder *f, enum deletes_file what,
				       size_t *ret_n);
/* NULL: there is none. */
const struct folder_file *folder_find(const struct folder *f, enum deletes_file what,
				      struct bytes id);

/*
 * What n files, of DELETES_REQUEST and DELETES_MERGED, say: ret[i] of v[i], the texts in mem.
 * Errors: ERR_NO one of them is gone; ERR_CORRUPT, ERR_VERSION, ERR_LIMIT of one: then no cache
 * gives it again; ERR_IO.
 */
MUST_CHECK int folder_read(const struct folder *f, const struct folder_file *const *v, size_t n,
			   struct arena *mem, struct merged *ret, struct err *e);

/* Ascending by id, each once; returns how many are left. */
size_t folder_sort(struct delete_request *v, size_t n);
/* That with this id among n, which are sorted so; NULL: there is none. */
const struct delete_request *folder_find_request(const struct delete_request *v, size_t n,
						 struct bytes id);

/* A file that was replaced stays so long at least, whoever deletes. */
enum { FOLDER_STAYS_S = 60 };

#endif
