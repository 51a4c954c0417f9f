#include "query/gate.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "time/time.h"

enum { STACK = 64 << 10 };

static _Noreturn void hung_up(void)
{
	_exit(err_exit_code(ERR_AGAIN));
}

/* What the watching thread has. It is never freed: that thread may begin, or wake, when main has
 * returned and all that was on its stack is gone. */
struct gate_watch {
	int fd;
	atomic_bool over; /* who hangs up now ends nothing */
};

/* Sleeps until the other end hangs up; the byte that lets the query run does not wake it. */
static void *watch(void *data)
{
	struct gate_watch *w = data;
	struct pollfd p = { .fd = w->fd, .events = POLLRDHUP };

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	if (!atomic_load(&w->over))
		hung_up();
	return NULL;
}

int gate_open(struct gate *g, struct err *e)
{
	pthread_attr_t attr;
	pthread_t thread;
	struct stat st;
	int r;

	if (fstat(g->fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return err_set(e, ERR_USAGE, "option '--gate': descriptor %d is no socket", g->fd);
	g->watch = mem_alloc(sizeof(*g->watch));
	g->watch->fd = g->fd;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, watch, g->watch);
	pthread_attr_destroy(&attr);
	return r == 0 ? 0 : err_set(e, ERR_IO, "cannot start a thread");
}

/* A line so short goes in whole. False: nobody is left to hear it. */
static bool say(const struct gate *g, const char *line, int n)
{
	return send(g->fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

/* The byte that lets it run. */
static int wait_for_go(struct gate *g, struct err *e)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };
	char go;
	ssize_t n;

	do {
		poll(&p, 1, -1);
		n = read(g->fd, &go, 1);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n == 0)
		hung_up();
	return n < 0 ? err_sys(e, "gate") : 0;
}

int gate_plan(struct gate *g, uint64_t bytes, struct err *e)
{
	bool waits;
	char line[32];
	int64_t start;
	int n;

	if (!g)
		return 0;
	if (__builtin_add_overflow(g->planned, bytes, &g->planned))
		g->planned = UINT64_MAX;
	waits = g->bounded && !g->passed && g->planned > g->free_bytes;
	if (g->told && !waits)
		return 0;
	g->told = true;
	n = snprintf(line, sizeof(line), "plan %llu\n", (unsigned long long)g->planned);
	if (!say(g, line, n))
		hung_up();
	if (!waits)
		return 0;
	start = time_mono_ns();
	if (wait_for_go(g, e) < 0)
		return -1;
	g->waited_ns += time_mono_ns() - start;
	g->passed = true;
	return 0;
}

int64_t gate_waited_ns(const struct gate *g)
{
	return g ? g->waited_ns : 0;
}

void gate_done(struct gate *g, uint64_t bytes, uint64_t lines, uint64_t rows,
	       const struct gate_blocks *blocks)
{
	char line[80];
	int n;

	if (!g)
		return;
	g->blocks = *blocks;
	atomic_store(&g->watch->over, true);
	n = snprintf(line, sizeof(line), "done %llu %llu %llu\n", (unsigned long long)bytes,
		     (unsigned long long)lines, (unsigned long long)rows);
	say(g, line, n);
}

void gate_end(const struct gate *g, int status)
{
	const struct gate_blocks *b;
	char line[160];

	if (!g)
		return;
	b = &g->blocks;
	say(g, line,
	    snprintf(line, sizeof(line), "end %d %lld %llu %llu %llu %llu %llu\n", status,
		     (long long)time_cpu_ns(), (unsigned long long)b->read,
		     (unsigned long long)b->counted, (unsigned long long)b->by_filter,
		     (unsigned long long)b->outside, (unsigned long long)b->decoded_bytes));
}
