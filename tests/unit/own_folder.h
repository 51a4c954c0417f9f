/* Each test has a folder of its own, and nothing else. */
#ifndef TESTS_OWN_FOLDER_H
#define TESTS_OWN_FOLDER_H

#include "unit.h"

static char *dir;

static inline int make_dir(void **state)
{
	(void)state;
	dir = new_folder();
	return 0;
}

static inline int remove_dir(void **state)
{
	(void)state;
	remove_folder(dir);
	return 0;
}

#endif
