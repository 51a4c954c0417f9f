/* A store of its own, in a new folder, for each test. */
#ifndef TESTS_OWN_STORE_H
#define TESTS_OWN_STORE_H

#include "unit.h"

#include "base/mem.h"
#include "store/store.h"

struct fixture {
	char *path;
	struct store *s;
};

static inline int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct err e;

	f->path = new_folder();
	f->s = store_open(f->path, STORE_WRITE, &e);
	assert_non_null(f->s);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	remove_folder(f->path);
	free(f);
	return 0;
}

#endif
