/* What lies in folders, of which a store may be made. Private to store/. */
#ifndef STORE_DIR_WALK_H
#define STORE_DIR_WALK_H

#include <dirent.h>
#include <sys/stat.h>

#include "store/store.h"

enum { DIR_WALK_DEPTH_MAX = 16 };

enum dir_walk_what {
	DIR_WALK_ALL,	  /* files, at any depth up to DIR_WALK_DEPTH_MAX */
	DIR_WALK_FOLDERS, /* the folders of the first level, by their last part alone */
};

/* What store_list and store_list_folders do, of the store whose folder is at root. */
MUST_CHECK int dir_walk(const char *root, const char *folder, enum dir_walk_what what,
			store_object_fn *each, void *data, struct err *e);

/* *ret is NULL when there is none. Errors: ERR_CORRUPT, in place of it is a file; ERR_IO. */
MUST_CHECK int dir_walk_open(const char *path, DIR **ret, struct err *e);

/* When a file was written last, in ns. */
int64_t dir_walk_date(const struct stat *st);

#endif
