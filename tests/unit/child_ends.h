/* How children of server/child.h ended, in tests: ended() counts, the test waits; and children that
 * are a shell. */
#ifndef UNIT_CHILD_ENDS_H
#define UNIT_CHILD_ENDS_H

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "server/child.h"

enum { DEADLINE_S = 60 };

struct ends {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned n, n_failed;
	struct child_end last;
};

static inline struct ends ends_new(void)
{
	return (struct ends){ .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
}

static inline void ended(const struct child_end *end, void *data)
{
	struct ends *s = data;

	pthread_mutex_lock(&s->lock);
	s->n++;
	s->n_failed += end->status != 0;
	s->last = *end;
	pthread_cond_broadcast(&s->more);
	pthread_mutex_unlock(&s->lock);
}

static inline void wait_for(struct ends *s, unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	pthread_mutex_lock(&s->lock);
	while (s->n < n)
		assert_int_equal(pthread_cond_timedwait(&s->more, &s->lock, &until), 0);
	pthread_mutex_unlock(&s->lock);
}

static inline struct child_opts sh(const char *const *argv, struct ends *s)
{
	return (struct child_opts){
		.program = "sh", .argv = argv, .fd = { -1, -1, -1, -1 }, .ended = ended, .data = s
	};
}

#define SH(text) ((const char *const[]){ "sh", "-c", text, NULL })

static inline unsigned count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

#endif
