/* What the unit tests share: cmocka's headers in their order, a seeded random source, short names.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* splitmix64: the same numbers everywhere for one seed. */
static inline uint64_t rnd(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline size_t rnd_below(uint64_t *state, size_t n)
{
	return n ? rnd(state) % n : 0;
}

/* $NAME as a number, or what is given: SEED and PERCENT of the long tests. */
static inline uint64_t env_number(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : fallback;
}

/* A folder of its own below $TMPDIR, which the caller removes with remove_folder. */
static inline char *new_folder(void)
{
	struct buf b = { 0 };
	const char *tmp = getenv("TMPDIR");

	buf_addf(&b, "%s/lokid-unit.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	buf_str(&b);
	assert_non_null(mkdtemp(b.p));
	return b.p;
}

static inline void remove_folder(char *path)
{
	struct buf b = { 0 };

	buf_addf(&b, "rm -rf '%s'", path);
	assert_int_equal(0, system(buf_str(&b)));
	buf_release(&b);
	free(path);
}

/* Makes a file below folder be of that time. */
static inline void set_date(const char *folder, const char *name, int64_t ns)
{
	const int64_t s = 1000000000;
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
				 { .tv_sec = ns / s, .tv_nsec = ns % s } };
	struct buf path = { 0 };

	buf_addf(&path, "%s/%s", folder, name);
	assert_int_equal(0, utimensat(AT_FDCWD, buf_str(&path), t, 0));
	buf_release(&path);
}

#define assert_bytes(b, text)                                              \
	do {                                                               \
		struct bytes found_ = (b);                                 \
		char *copy_ = strndup(found_.p ? found_.p : "", found_.n); \
		assert_string_equal(copy_, text);                          \
		free(copy_);                                               \
	} while (0)

#endif
