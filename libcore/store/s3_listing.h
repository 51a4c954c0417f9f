/* The XML in which an object store lists objects, folders and uploads. */
#ifndef STORE_S3_LISTING_H
#define STORE_S3_LISTING_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct s3_listed {
	struct bytes key; /* decoded */
	uint64_t size;
	int64_t date_ns; /* of whole seconds, as the server's headers have it */
	struct bytes upload_id;
	const char *storage_class; /* NULL: STANDARD */
};

/* One page. All it holds lives until reset or release. {0} is a valid empty one. */
struct s3_listing {
	struct s3_listed *object, *folder, *upload; /* a folder's key ends in '/' */
	size_t n_objects, n_folders, n_uploads;
	size_t cap_objects, cap_folders, cap_uploads;
	bool truncated;	    /* there are more, behind: */
	struct bytes token; /* of uploads: the key */
	struct bytes upload_token;
	struct arena mem;
};

/* Of an answer to ListObjectsV2 or ListMultipartUploads. l is empty. Errors: ERR_CORRUPT, it is
 * neither; ERR_IO, expat is not here. */
MUST_CHECK int s3_listing_parse(struct s3_listing *l, struct bytes xml, struct err *e);
void s3_listing_reset(struct s3_listing *l);
void s3_listing_release(struct s3_listing *l);

#endif
