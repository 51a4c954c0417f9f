/* A store of a test's own, in a new folder. */
#ifndef TESTS_OWN_STORE_H
#define TESTS_OWN_STORE_H

#include "unit.h"

#include "store/store.h"

static inline struct store *own_store_open(char **ret_path)
{
	struct store *ret;
	struct err e;

	*ret_path = new_folder();
	ret = store_open(*ret_path, STORE_WRITE, &e);
	assert_non_null(ret);
	return ret;
}

static inline void own_store_close(struct store *s, char *path)
{
	store_close(s);
	remove_folder(path);
}

#endif
