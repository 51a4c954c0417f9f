/* Each test has a store of its own, and nothing else. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "own_store.h"

#include "base/mem.h"

struct fixture {
	char *path;
	struct store *s;
};

static inline int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->s = own_store_open(&f->path);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	own_store_close(f->s, f->path);
	free(f);
	return 0;
}

#endif
