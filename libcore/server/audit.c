#include "server/audit.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "json/json.h"
#include "server/config.h"
#include "server/lines.h"
#include "server/log.h"
#include "server/route.h"
#include "time/time.h"

enum {
	WAITING_MAX = 16 << 20, /* bytes of lines not written yet */
	CLAIM_MAX = 256,	/* bytes of what somebody says who may be nobody */
	PATH_MAX_BYTES = 4 << 10,
};

static const int64_t END_NS = 10 * NS_PER_S; /* then a disk that hangs is left alone */

struct audit {
	const char *path;
	struct log *log;
	struct lines *lines;
};

static int open_file(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(e, "'%s'", path) : fd;
}

static void tell_failure(const struct err *e, void *data)
{
	struct audit *a = data;

	log_event(a->log, LOG_ERROR, "audit log not written", "at", a->path, "err", e->msg, NULL);
}

int audit_open(const char *path, struct log *log, struct audit **ret, struct err *e)
{
	struct audit *a;
	int fd = open_file(path, e);

	if (fd < 0)
		return -1;
	a = mem_alloc(sizeof(*a));
	*a = (struct audit){ .path = path, .log = log };
	if (lines_open(fd, WAITING_MAX, tell_failure, a, &a->lines, e) < 0) {
		free(a);
		return -1;
	}
	*ret = a;
	return 0;
}

int audit_reopen(struct audit *a, struct err *e)
{
	int fd = open_file(a->path, e);

	if (fd < 0)
		return -1;
	lines_turn(a->lines, fd);
	return 0;
}

static void add_text(struct buf *b, const char *name, struct bytes value)
{
	buf_addf(b, ",\"%s\":", name);
	json_add_quoted(b, value);
}

/* What the request says, and nobody has checked. */
static void add_claim(struct buf *b, const char *name, struct bytes value)
{
	if (value.n)
		add_text(b, name, bytes_sub(value, 0, CLAIM_MAX));
}

static void add_claims(struct buf *b, const struct call *c)
{
	if (!c->who)
		add_claim(b, "claimed", c->claimed);
	if (c->n_tenants == 0 && !(c->route->asked & ROUTE_NO_TENANT))
		add_claim(b, "claimed_tenant", http_header(c->http, "X-Scope-OrgID"));
}

static void add_line(struct buf *b, const struct call *c)
{
	buf_add_str(b, "{\"ts\":\"");
	time_add_rfc3339(b, time_now_ns());
	buf_add_char(b, '"');
	add_text(b, "user", bytes_str(c->who ? c->who->name : ""));
	add_claims(b, c);
	if (http_cert_name(c->http).n)
		add_text(b, "certificate", http_cert_name(c->http));
	add_text(b, "peer", bytes_str(http_peer(c->http)));
	add_text(b, "tenant", c->tenant);
	add_text(b, "method", bytes_str(http_method_name(c->http)));
	add_text(b, "path", bytes_sub(http_path(c->http), 0, PATH_MAX_BYTES));
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
	struct buf line = { 0 };

	if (c->route->needs == ROUTE_OPEN)
		return;
	add_line(&line, c);
	lines_add(a->lines, buf_bytes(&line)); /* one that is lost is counted */
	buf_release(&line);
}

uint64_t audit_lost(struct audit *a)
{
	return lines_lost(a->lines);
}

void audit_close(struct audit *a)
{
	if (!a)
		return;
	lines_close(a->lines, END_NS);
	free(a);
}
