/*
 * Others put orders into a list and wake the thread by an eventfd; only the thread touches
 * processes, timers and the table of children. PR_SET_PDEATHSIG means the thread that started the
 * child, so it is this one, and it lives as long as the daemon.
 */
#include "server/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sanitized.h"
#include "server/spare.h"
#include "server/spawn.h"
#include "server/timers.h"
#include "time/time.h"

/* Either of a child that may run too long, or of its own: fn is set. First in both structs. */
struct later {
	struct timer timer;
	void (*fn)(void *data);
	void *data;
};

/* What an event of epoll is about: pidfd, watch or talk. */
enum about { ABOUT_END, ABOUT_WATCH, ABOUT_TAKEN };

struct source {
	struct child *child; /* NULL: it ended in this round */
	enum about about;
};

struct child {
	struct later timeout;
	struct source end, watch, taken;
	uint64_t number;
	struct child_opts o; /* program and argv are not looked at */
	char *path;
	char **argv; /* one allocation, with its strings */
	pid_t pid;
	int pidfd;
	int talk; /* spares_take: it has stood by; else -1 */
	int64_t begun_ns;
	bool timed_out, killed;
	bool told;		   /* its end, by child_done */
	struct child *next, *prev; /* running; next: gone */
};

enum order_kind { ORDER_START, ORDER_SIGNAL, ORDER_DONE, ORDER_NICE, ORDER_LATER };

struct order {
	struct order *next;
	enum order_kind kind;
	struct child *child; /* START */
	uint64_t number;     /* SIGNAL, DONE, NICE */
	int value;
	int64_t cpu_ns;	     /* DONE */
	struct later *later; /* LATER */
};

struct children {
	char *programs;
	int epoll, wake, null_fd;
	pthread_t thread;
	struct timers timers; /* these six: the thread's own */
	struct spares spares;
	bool few_spares; /* look whether there are as many as wanted */
	struct child *running;
	struct child *gone; /* freed when no event can be about them any more */
	bool killed_all;
	pthread_mutex_t lock; /* guards what is below */
	struct order *order, **order_end;
	uint64_t numbers;
	bool closing;
};

uint64_t child_memory_max(uint64_t n)
{
	return SANITIZED ? 0 : n;
}

/* --- orders: any thread --- */

static void wake(struct children *c)
{
	uint64_t one = 1;

	/* EAGAIN: as many wait already, so it wakes anyhow. */
	while (write(c->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* Once it is given, a child may have been started, ended and freed at any time. */
static uint64_t give(struct children *c, struct order *o)
{
	uint64_t number = 0;

	pthread_mutex_lock(&c->lock);
	if (o->child)
		number = o->child->number = ++c->numbers;
	*c->order_end = o;
	c->order_end = &o->next;
	pthread_mutex_unlock(&c->lock);
	wake(c);
	return number;
}

void children_stand_by(struct children *c, const char *program, int nice, unsigned n,
		       void (*useless)(void *data), void *data)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s/%s", c->programs, program);
	buf_str(&path);
	c->spares = (struct spares){ .path = path.p,
				     .nice = nice,
				     .wanted = n,
				     .epoll = c->epoll,
				     .event = &c->spares,
				     .null_fd = c->null_fd,
				     .useless = useless,
				     .data = data };
}

static struct order *order_new(enum order_kind kind)
{
	struct order *o = mem_alloc(sizeof(*o));

	o->kind = kind;
	return o;
}

static char **copy_argv(const char *const *argv)
{
	size_t n = 0, bytes = 0;
	char **ret, *at;

	for (; argv[n]; n++)
		bytes += strlen(argv[n]) + 1;
	ret = mem_alloc((n + 1) * sizeof(*ret) + bytes);
	at = (char *)(ret + n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(argv[i]) + 1;

		ret[i] = at;
		memcpy(at, argv[i], len);
		at += len;
	}
	return ret;
}

uint64_t child_start(struct children *c, const struct child_opts *opts)
{
	struct order *o = order_new(ORDER_START);
	struct child *child = mem_alloc(sizeof(*child));
	struct buf path = { 0 };

	buf_addf(&path, "%s/%s", c->programs, opts->program);
	buf_str(&path);
	child->path = path.p;
	child->argv = copy_argv(opts->argv);
	child->o = *opts;
	child->pidfd = child->talk = -1;
	o->child = child;
	return give(c, o);
}

static void give_value(struct children *c, enum order_kind kind, uint64_t number, int value,
		       int64_t cpu_ns)
{
	struct order *o = order_new(kind);

	o->number = number;
	o->value = value;
	o->cpu_ns = cpu_ns;
	give(c, o);
}

void child_signal(struct children *c, uint64_t number, int signal)
{
	give_value(c, ORDER_SIGNAL, number, signal, 0);
}

void child_done(struct children *c, uint64_t number, int status, int64_t cpu_ns)
{
	give_value(c, ORDER_DONE, number, status, cpu_ns);
}

void child_nice(struct children *c, uint64_t number, int nice)
{
	give_value(c, ORDER_NICE, number, nice, 0);
}

void children_later(struct children *c, int64_t delay_ns, void (*fn)(void *data), void *data)
{
	struct order *o = order_new(ORDER_LATER);

	o->later = mem_alloc(sizeof(*o->later));
	o->later->timer.at_ns = time_mono_ns() + delay_ns;
	o->later->fn = fn;
	o->later->data = data;
	give(c, o);
}

/* --- processes: the thread --- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_fds(struct child *child)
{
	for (int i = 0; i < CHILD_FDS_MAX; i++)
		close_fd(&child->o.fd[i]);
}

static void child_free(struct child *child)
{
	close_fds(child);
	close_fd(&child->pidfd);
	close_fd(&child->talk);
	if (child->o.readable)
		close(child->o.watch);
	free(child->path);
	free(child->argv);
	free(child);
}

static void child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
}

static int add_source(struct children *c, int fd, struct source *source, enum about about,
		      struct child *child)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = source };

	*source = (struct source){ child, about };
	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &ev);
}

/* Its end will be an event of epoll. */
static int watch(struct children *c, struct child *child, struct err *e)
{
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd >= 0 && add_source(c, child->pidfd, &child->end, ABOUT_END, child) == 0 &&
	    (!child->o.readable ||
	     add_source(c, child->o.watch, &child->watch, ABOUT_WATCH, child) == 0) &&
	    (child->talk < 0 || add_source(c, child->talk, &child->taken, ABOUT_TAKEN, child) == 0))
		return 0;
	err_sys(e, "cannot watch '%s'", child->path);
	child_kill(child);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -1;
}

/* Explicitly, since closing is not enough while some other process has inherited the descriptor. */
static void drop_source(struct children *c, int fd, struct source *source)
{
	if (source->child)
		epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, NULL);
	source->child = NULL;
}

static void tell_end(struct children *c, struct child *child, const struct child_end *end)
{
	drop_source(c, child->pidfd, &child->end);
	drop_source(c, child->o.watch, &child->watch);
	drop_source(c, child->talk, &child->taken);
	if (child->o.ended && !child->told)
		child->o.ended(end, child->o.data);
	child->next = c->gone;
	c->gone = child;
}

static void free_gone(struct children *c)
{
	struct child *next;

	for (struct child *child = c->gone; child; child = next) {
		next = child->next;
		child_free(child);
	}
	c->gone = NULL;
}

/* One that stood by has begun. That it has is read where it ends. */
static void was_taken(struct children *c, struct child *child)
{
	drop_source(c, child->talk, &child->taken);
	c->few_spares = true;
}

static void read_watch(struct children *c, struct child *child)
{
	if (!child->o.readable(child->o.watch, child->o.data))
		drop_source(c, child->o.watch, &child->watch);
}

static int run(struct children *c, struct child *child, struct err *e)
{
	struct spawn s = {
		.path = child->path,
		.argv = child->argv,
		.fd = child->o.fd,
		.n_fd = CHILD_FDS_MAX,
		.null_fd = c->null_fd,
		.memory_max = child->o.memory_max,
		.file_max = child->o.file_max,
		.nice = child->o.nice,
		.dies_with_us = !child->o.survives,
	};

	if (c->killed_all)
		return err_set(e, ERR_AGAIN, "cannot start '%s': shutting down", child->path);
	child->begun_ns = time_mono_ns();
	child->pid = child->o.standby ? spares_take(&c->spares, &s, &child->talk) : -1;
	if (child->pid < 0) {
		c->few_spares |= child->o.standby;
		child->pid = spawn(&s, e);
	}
	return child->pid < 0 ? -1 : watch(c, child, e);
}

static void start(struct children *c, struct child *child)
{
	struct child_end end = { .status = -1 };

	if (run(c, child, &end.error) < 0) {
		tell_end(c, child, &end);
		return;
	}
	if (child->talk < 0) /* else it may have to be started once more */
		close_fds(child);
	child->prev = NULL;
	child->next = c->running;
	if (c->running)
		c->running->prev = child;
	c->running = child;
	if (child->o.timeout_ns > 0) {
		child->timeout.timer.at_ns = child->begun_ns + child->o.timeout_ns;
		timers_add(&c->timers, &child->timeout.timer);
	}
}

/* The process that it was given to has ended without taking it, as one does that is killed while
 * it stands by. It is started as if there had been none. */
static bool begins_anew(struct children *c, struct child *child)
{
	if (child->talk < 0 || child->told || child->killed || child->timed_out ||
	    spare_took(child->talk))
		return false;
	drop_source(c, child->pidfd, &child->end);
	drop_source(c, child->o.watch, &child->watch);
	drop_source(c, child->talk, &child->taken);
	close_fd(&child->pidfd);
	close_fd(&child->talk);
	child->o.standby = false;
	start(c, child);
	return true;
}

static void reap(struct children *c, struct child *child)
{
	struct child_end end = { .timed_out = child->timed_out, .killed = child->killed };
	struct rusage used;
	int status;

	if (wait4(child->pid, &status, WNOHANG, &used) != child->pid)
		return;
	end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end.run_ns = time_mono_ns() - child->begun_ns;
	end.cpu_ns = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * NS_PER_S +
		     (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * NS_PER_US;
	timers_remove(&c->timers, &child->timeout.timer);
	if (child->next)
		child->next->prev = child->prev;
	if (child->prev)
		child->prev->next = child->next;
	else
		c->running = child->next;
	c->few_spares |= child->talk >= 0;
	if (begins_anew(c, child))
		return;
	if (child->watch.child)
		read_watch(c, child);
	tell_end(c, child, &end);
}

static void tell_done(struct children *c, struct child *child, const struct order *o)
{
	struct child_end end = { .status = o->value,
				 .cpu_ns = o->cpu_ns,
				 .run_ns = time_mono_ns() - child->begun_ns };

	if (child->told || child->killed || child->timed_out)
		return;
	child->told = true;
	drop_source(c, child->o.watch, &child->watch);
	if (child->o.ended)
		child->o.ended(&end, child->o.data);
}

static void change_one(struct children *c, const struct order *o)
{
	for (struct child *child = c->running; child; child = child->next) {
		if (child->number != o->number)
			continue;
		if (o->kind == ORDER_DONE) {
			tell_done(c, child, o);
			continue;
		}
		if (o->kind == ORDER_NICE) {
			setpriority(PRIO_PROCESS, (id_t)child->pid, o->value);
			continue;
		}
		child->killed |= o->value == SIGKILL;
		kill(child->pid, o->value);
	}
}

static void kill_all(struct children *c)
{
	c->killed_all = true;
	for (struct child *child = c->running; child; child = child->next) {
		child->killed = true;
		child_kill(child);
	}
}

/* Calls what is due; returns for how long to wait, as epoll_wait takes it. */
static int run_timers(struct children *c)
{
	struct timer *first;

	while ((first = timers_first(&c->timers))) {
		struct later *l = (struct later *)first;
		int64_t wait_ns = first->at_ns - time_mono_ns();

		if (wait_ns > 0)
			return (int)(wait_ns / NS_PER_MS < 3600 * 1000 ? wait_ns / NS_PER_MS + 1
								       : 3600 * 1000);
		timers_remove(&c->timers, first);
		if (l->fn) {
			if (!c->killed_all)
				l->fn(l->data);
			free(l);
		} else {
			((struct child *)l)->timed_out = true;
			child_kill((struct child *)l);
		}
	}
	return -1;
}

/* Returns whether children_close waits. */
static bool take_orders(struct children *c)
{
	struct order *o, *next;
	bool closing;

	pthread_mutex_lock(&c->lock);
	o = c->order;
	c->order = NULL;
	c->order_end = &c->order;
	closing = c->closing;
	pthread_mutex_unlock(&c->lock);
	for (; o; o = next) {
		next = o->next;
		if (o->kind == ORDER_START)
			start(c, o->child);
		else if (o->kind == ORDER_LATER)
			timers_add(&c->timers, &o->later->timer);
		else
			change_one(c, o);
		free(o);
	}
	return closing;
}

static bool orders_wait(struct children *c)
{
	bool ret;

	pthread_mutex_lock(&c->lock);
	ret = c->order != NULL;
	pthread_mutex_unlock(&c->lock);
	return ret;
}

/* Last, so that nobody waits for it who wants something else; while a query begins, which plans by
 * one thread, rather than at its end, when the next one may come; but not before it runs, else it
 * may wait for the new one's start, on this thread's processor. */
static void fill_spares(struct children *c)
{
	if (!c->few_spares || c->killed_all || orders_wait(c))
		return;
	c->few_spares = false;
	spares_fill(&c->spares);
}

/* event is NULL for the eventfd. */
static void take_event(struct children *c, void *event)
{
	struct source *source = event;
	uint64_t count;

	if (!event)
		while (read(c->wake, &count, sizeof(count)) < 0 && errno == EINTR)
			;
	else if (event == &c->spares)
		spares_look(&c->spares);
	else if (!source->child)
		return;
	else if (source->about == ABOUT_WATCH)
		read_watch(c, source->child);
	else if (source->about == ABOUT_TAKEN)
		was_taken(c, source->child);
	else
		reap(c, source->child);
}

static void *children_main(void *data)
{
	struct children *c = data;
	struct epoll_event ev[64];
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL); /* the main thread's to deal with */
	while (true) {
		int n = epoll_wait(c->epoll, ev, sizeof(ev) / sizeof(*ev), run_timers(c));

		for (int i = 0; i < n; i++)
			take_event(c, ev[i].data.ptr);
		if (take_orders(c) && !c->killed_all)
			kill_all(c);
		free_gone(c);
		fill_spares(c);
		if (c->killed_all && !c->running && !orders_wait(c)) {
			spares_release(&c->spares);
			return NULL;
		}
	}
}

/* --- open and close --- */

static void children_free(struct children *c)
{
	struct timer *t;

	while ((t = timers_first(&c->timers))) {
		timers_remove(&c->timers, t);
		free(t); /* of children_later: no child is left */
	}
	timers_release(&c->timers);
	if (c->epoll >= 0)
		close(c->epoll);
	if (c->wake >= 0)
		close(c->wake);
	if (c->null_fd >= 0)
		close(c->null_fd);
	pthread_mutex_destroy(&c->lock);
	free(c->programs);
	free(c);
}

static int open_fds(struct children *c, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	c->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (c->null_fd < 0)
		return err_sys(e, "/dev/null");
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->wake < 0 || c->epoll < 0 || epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->wake, &ev) < 0)
		return err_sys(e, "cannot watch children");
	return 0;
}

int children_open(const char *programs, struct children **ret, struct err *e)
{
	struct children *c = mem_alloc(sizeof(*c));

	c->epoll = c->wake = c->null_fd = -1;
	c->order_end = &c->order;
	c->programs = strdup(programs);
	pthread_mutex_init(&c->lock, NULL);
	if (open_fds(c, e) < 0)
		goto out;
	errno = pthread_create(&c->thread, NULL, children_main, c);
	if (errno) {
		err_sys(e, "cannot start the thread of children");
		goto out;
	}
	*ret = c;
	return 0;
out:
	children_free(c);
	return -1;
}

void children_close(struct children *c)
{
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_mutex_unlock(&c->lock);
	wake(c);
	pthread_join(c->thread, NULL);
	children_free(c);
}
