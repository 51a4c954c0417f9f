#include "wal/follow.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "time/time.h"

enum { LOOK_MS = 50, SURE_MS = 1000, EVENTS = 16 << 10, STACK = 256 << 10 };

struct wal_follow {
	char *dir;
	int out_fd, stop_fd;
	int inotify, watch; /* -1: there is none */
	pthread_t thread;
	/* The thread's own, and of new: */
	char **known; /* names in the folder that were opened */
	size_t n_known, cap_known;

	size_t n_first; /* held by new, before the thread is there */
	bool running;	/* it is there */

	pthread_mutex_t lock;  /* all below */
	pthread_cond_t change; /* changed or hung_up */
	struct wal_segment *held;
	size_t n_held, cap_held, first;
	bool changed, hung_up;
	struct err missed; /* with a code: what was */
};

static bool is_known(const struct wal_follow *f, const char *name)
{
	for (size_t i = 0; i < f->n_known; i++)
		if (strcmp(f->known[i], name) == 0)
			return true;
	return false;
}

static void miss(struct wal_follow *f, const char *what)
{
	pthread_mutex_lock(&f->lock);
	if (f->missed.code == ERR_NONE)
		err_set(&f->missed, ERR_AGAIN, "cannot catch up: %s", what);
	pthread_mutex_unlock(&f->lock);
}

static void hold(struct wal_follow *f, const struct wal_segment *s)
{
	bool full;

	pthread_mutex_lock(&f->lock);
	full = f->n_held - f->first >= WAL_FOLLOW_HELD_MAX;
	if (!full) {
		mem_grow(&f->held, &f->cap_held, f->n_held + 1, sizeof(*f->held));
		f->held[f->n_held++] = *s;
	}
	pthread_mutex_unlock(&f->lock);
	if (!full)
		return;
	wal_segment_release((struct wal_segment[]){ *s });
	miss(f, "too many segments wait to be read");
}

static const char *name_of(const struct wal_segment *s)
{
	const char *slash = strrchr(s->path, '/');

	return slash ? slash + 1 : s->path;
}

/* Forgets names that are not in the folder any more. */
static void forget_others(struct wal_follow *f, const struct wal_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_known; i++) {
		bool there = false;

		for (size_t k = 0; k < l->n && !there; k++)
			there = strcmp(name_of(&l->v[k]), f->known[i]) == 0;
		if (there)
			f->known[n++] = f->known[i];
		else
			free(f->known[i]);
	}
	f->n_known = n;
}

/* Opens what is new. What is closed before it begins is only known. */
static int look(struct wal_follow *f, struct err *e)
{
	struct wal_list l = { 0 };
	int r = wal_list_dir(f->dir, &l, e);

	if (r == 0)
		forget_others(f, &l);
	for (size_t i = 0; i < l.n && r == 0; i++) {
		if (is_known(f, name_of(&l.v[i])))
			continue;
		mem_grow(&f->known, &f->cap_known, f->n_known + 1, sizeof(char *));
		f->known[f->n_known++] = strdup(name_of(&l.v[i]));
		if (!f->running && l.v[i].state == WAL_CLOSED)
			continue;
		hold(f, &l.v[i]);
		l.v[i] = (struct wal_segment){ .fd = -1 }; /* it has no path: not released */
	}
	wal_list_release(&l);
	return r;
}

static void add_watch(struct wal_follow *f)
{
	if (f->inotify >= 0 && f->watch < 0)
		f->watch = inotify_add_watch(f->inotify, f->dir,
					     IN_MODIFY | IN_MOVED_TO | IN_CLOSE_WRITE |
						     IN_DELETE_SELF | IN_MOVE_SELF);
}

/* Events, until there are none left; *ret_new: a segment has got its name. */
static void take_events(struct wal_follow *f, bool *ret_new)
{
	static const char gone[] = "a segment was deleted before it could be read";
	_Alignas(struct inotify_event) char b[EVENTS];
	ssize_t n;

	while ((n = read(f->inotify, b, sizeof(b))) > 0)
		for (char *p = b; p < b + n;) {
			const struct inotify_event *x = (void *)p;

			p += sizeof(*x) + x->len;
			if (x->mask & IN_Q_OVERFLOW)
				miss(f, "too much has happened in the log");
			if (x->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF))
				f->watch = -1;
			if (!(x->mask & IN_MOVED_TO) || !wal_is_segment_name(x->name))
				continue;
			*ret_new = true;
			if (!is_known(f, x->name)) {
				struct err e;

				if (look(f, &e) == 0 && !is_known(f, x->name))
					miss(f, gone);
			}
		}
}

static void tell(struct wal_follow *f, bool hung_up)
{
	pthread_mutex_lock(&f->lock);
	f->changed = true;
	f->hung_up |= hung_up;
	pthread_cond_signal(&f->change);
	pthread_mutex_unlock(&f->lock);
}

static void *run(void *data)
{
	struct wal_follow *f = data;

	for (;;) {
		struct pollfd p[] = { { .fd = f->stop_fd, .events = POLLIN },
				      { .fd = f->inotify, .events = POLLIN },
				      { .fd = f->out_fd } };
		int n = poll(p, 3, f->watch < 0 ? LOOK_MS : SURE_MS);
		bool is_new = n == 0;
		struct err e;

		if (p[0].revents)
			return NULL;
		if (p[1].revents)
			take_events(f, &is_new);
		if (f->watch < 0) {
			add_watch(f);
			is_new = true;
		}
		/* What cannot be listed now is listed later. */
		if (is_new && look(f, &e) < 0)
			e.code = ERR_NONE;
		tell(f, p[2].revents & (POLLERR | POLLHUP | POLLNVAL));
		if (p[2].revents)
			f->out_fd = -1;
	}
}

static int start(struct wal_follow *f, struct err *e)
{
	pthread_condattr_t attr;
	pthread_attr_t thread;
	int r;

	f->n_first = f->n_held;
	f->running = true;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->change, &attr);
	pthread_condattr_destroy(&attr);
	pthread_attr_init(&thread);
	pthread_attr_setstacksize(&thread, STACK);
	r = pthread_create(&f->thread, &thread, run, f);
	pthread_attr_destroy(&thread);
	if (r == 0)
		return 0;
	pthread_cond_destroy(&f->change);
	return err_set(e, ERR_IO, "cannot start a thread");
}

static void release(struct wal_follow *f)
{
	for (size_t i = f->first; i < f->n_held; i++)
		wal_segment_release(&f->held[i]);
	for (size_t i = 0; i < f->n_known; i++)
		free(f->known[i]);
	if (f->inotify >= 0)
		close(f->inotify);
	if (f->stop_fd >= 0)
		close(f->stop_fd);
	pthread_mutex_destroy(&f->lock);
	free(f->held);
	free(f->known);
	free(f->dir);
	free(f);
}

int wal_follow_new(const char *dir, int out_fd, struct wal_follow **ret, struct err *e)
{
	struct wal_follow *f = mem_alloc(sizeof(*f));

	f->dir = strdup(dir);
	f->out_fd = out_fd;
	f->watch = -1;
	/* Others may use up all that there are of them; looking is as good. */
	f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	f->stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&f->lock, NULL);
	add_watch(f); /* first, so that nothing appears unseen behind the list */
	if (f->stop_fd < 0 ? err_sys(e, "eventfd") : look(f, e) < 0 || start(f, e) < 0) {
		release(f);
		return -1;
	}
	*ret = f;
	return 0;
}

void wal_follow_free(struct wal_follow *f)
{
	if (!f)
		return;
	/* An eventfd takes this. */
	if (eventfd_write(f->stop_fd, 1) == 0)
		pthread_join(f->thread, NULL);
	pthread_cond_destroy(&f->change);
	release(f);
}

size_t wal_follow_first(const struct wal_follow *f)
{
	return f->n_first;
}

int wal_follow_take(struct wal_follow *f, struct wal_segment *ret, struct err *e)
{
	int r = 0;

	pthread_mutex_lock(&f->lock);
	if (f->first < f->n_held) {
		*ret = f->held[f->first++];
		r = 1;
	} else if (f->missed.code != ERR_NONE) {
		*e = f->missed;
		r = -1;
	}
	if (f->first == f->n_held)
		f->first = f->n_held = 0;
	pthread_mutex_unlock(&f->lock);
	return r;
}

bool wal_follow_wait(struct wal_follow *f, int64_t timeout_ns)
{
	struct timespec due;
	bool ret;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &due);
	if (timeout_ns >= 0) {
		due.tv_sec += timeout_ns / NS_PER_S;
		due.tv_nsec += timeout_ns % NS_PER_S;
		due.tv_sec += due.tv_nsec / NS_PER_S;
		due.tv_nsec %= NS_PER_S;
	}
	pthread_mutex_lock(&f->lock);
	while (!f->changed && !f->hung_up && r == 0)
		r = timeout_ns < 0 ? pthread_cond_wait(&f->change, &f->lock)
				   : pthread_cond_timedwait(&f->change, &f->lock, &due);
	f->changed = false;
	ret = !f->hung_up;
	pthread_mutex_unlock(&f->lock);
	return ret;
}
