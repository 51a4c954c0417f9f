#include "server/audit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "json/json.h"
#include "server/config.h"
#include "server/log.h"
#include "server/route.h"
#include "time/time.h"

enum { WAITING_MAX = 16 << 20 }; /* bytes of lines not written yet */

struct audit {
	const char *path;
	struct log *log;
	pthread_t thread;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t more;
	int fd;
	struct buf lines;
	uint64_t n_lines, n_lost; /* in lines; lost */
	bool stop;
};

static int open_file(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(e, "'%s'", path) : fd;
}

static void *write_all(void *data)
{
	struct audit *a = data;
	struct buf lines = { 0 };
	struct err e;

	pthread_mutex_lock(&a->lock);
	while (a->lines.n || !a->stop) {
		struct buf swap = a->lines;
		uint64_t n = a->n_lines;
		int fd;

		if (a->lines.n == 0) {
			pthread_cond_wait(&a->more, &a->lock);
			continue;
		}
		a->lines = lines;
		a->n_lines = 0;
		fd = fcntl(a->fd, F_DUPFD_CLOEXEC, 0); /* it may be opened anew meanwhile */
		pthread_mutex_unlock(&a->lock);
		lines = swap;
		if (fd < 0 || io_write(fd, lines.p, lines.n, &e) < 0) {
			if (fd < 0)
				err_sys(&e, "'%s'", a->path);
			log_event(a->log, LOG_ERROR, "audit log not written", "err", e.msg, NULL);
		} else {
			n = 0;
		}
		if (fd >= 0)
			close(fd);
		buf_reset(&lines);
		pthread_mutex_lock(&a->lock);
		a->n_lost += n;
	}
	pthread_mutex_unlock(&a->lock);
	buf_release(&lines);
	return NULL;
}

int audit_open(const char *path, struct log *log, struct audit **ret, struct err *e)
{
	struct audit *a;
	int fd = open_file(path, e);

	if (fd < 0)
		return -1;
	a = mem_alloc(sizeof(*a));
	*a = (struct audit){ .path = path, .log = log, .fd = fd };
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	if (pthread_create(&a->thread, NULL, write_all, a) != 0) {
		close(fd);
		free(a);
		return err_set(e, ERR_IO, "no thread for the audit log");
	}
	*ret = a;
	return 0;
}

int audit_reopen(struct audit *a, struct err *e)
{
	int fd = open_file(a->path, e), old;

	if (fd < 0)
		return -1;
	pthread_mutex_lock(&a->lock);
	old = a->fd;
	a->fd = fd;
	pthread_mutex_unlock(&a->lock);
	close(old);
	return 0;
}

static void add_text(struct buf *b, const char *name, struct bytes value)
{
	buf_addf(b, ",\"%s\":", name);
	json_add_quoted(b, value);
}

static void add_line(struct buf *b, const struct call *c)
{
	buf_add_str(b, "{\"ts\":\"");
	time_add_rfc3339(b, time_now_ns());
	buf_add_char(b, '"');
	add_text(b, "user", bytes_str(c->who ? c->who->name : ""));
	if (!c->who && c->claimed.n)
		add_text(b, "claimed", c->claimed);
	if (http_cert_name(c->http).n)
		add_text(b, "certificate", http_cert_name(c->http));
	add_text(b, "peer", bytes_str(http_peer(c->http)));
	add_text(b, "tenant", c->tenant);
	add_text(b, "method", bytes_str(http_method_name(c->http)));
	add_text(b, "path", http_path(c->http));
	if (c->query.n)
		add_text(b, "query", c->query);
	if (c->has_range)
		buf_addf(b, ",\"from\":\"%lld\",\"to\":\"%lld\"", (long long)c->from_ns,
			 (long long)c->to_ns);
	if (c->refusal.n)
		add_text(b, "refusal", c->refusal);
	buf_addf(b, ",\"bytes\":%llu,\"rows\":%llu,\"status\":%d,\"seconds\":%.6f}\n",
		 (unsigned long long)c->n_bytes, (unsigned long long)c->n_rows, c->status,
		 (double)(time_mono_ns() - c->begun_ns) / 1e9);
}

void audit_call(struct audit *a, const struct call *c)
{
	if (!a || c->route->needs == ROUTE_OPEN)
		return;
	pthread_mutex_lock(&a->lock);
	if (a->lines.n > WAITING_MAX) {
		a->n_lost++;
	} else {
		add_line(&a->lines, c);
		a->n_lines++;
	}
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}

uint64_t audit_lost(struct audit *a)
{
	uint64_t ret;

	pthread_mutex_lock(&a->lock);
	ret = a->n_lost;
	pthread_mutex_unlock(&a->lock);
	return ret;
}

void audit_close(struct audit *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	close(a->fd);
	buf_release(&a->lines);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
