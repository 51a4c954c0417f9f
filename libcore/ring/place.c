#include "ring/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ring/backend.h"
#include "time/time.h"

struct ring_place {
	const struct ring_backend *how;
	void *backend;
	struct buf name;
};

int ring_place_open(const char *at, const struct ring_place_opts *o, struct ring_place **ret,
		    struct err *e)
{
	bool is_etcd = strncmp(at, "etcd://", 7) == 0 || strncmp(at, "etcds://", 8) == 0;
	const char *host = strstr(at, "://");
	struct ring_place *p;

	if (host && memchr(host + 3, '@', strcspn(host + 3, "/")))
		return err_set(e, ERR_USAGE,
			       "the URL of a ring has no user and password: --etcd-user-file or "
			       "ETCDCTL_USER has them");
	p = mem_alloc(sizeof(*p));
	buf_addf(&p->name, "'%s'", at);
	buf_str(&p->name);
	p->how = is_etcd ? &ring_etcd : &ring_file;
	if (!is_etcd && strstr(at, "://"))
		err_set(e, ERR_USAGE, "'%s': expected a file, etcd://HOST:PORT/PREFIX or etcds://",
			at);
	else
		p->backend = is_etcd ? ring_etcd_open(at, o, e) : ring_file_open(at, o);
	if (!p->backend) {
		ring_place_close(p);
		return -1;
	}
	*ret = p;
	return 0;
}

void ring_place_close(struct ring_place *p)
{
	if (!p)
		return;
	if (p->backend)
		p->how->close(p->backend);
	buf_release(&p->name);
	free(p);
}

/* Errors are told with the place's name in front. */
static int named(const struct ring_place *p, int rc, struct err *e)
{
	return rc < 0 ? err_wrap(e, "%s", p->name.p) : rc;
}

int ring_place_read(struct ring_place *p, struct ring *ret, struct err *e)
{
	return named(p, p->how->read(p->backend, ret, e), e);
}

int ring_place_change(struct ring_place *p, ring_change_fn *change, void *data, struct ring *ret,
		      struct err *e)
{
	return named(p, p->how->change(p->backend, change, data, ret, e), e);
}

int ring_place_beat(struct ring_place *p, struct bytes name, struct err *e)
{
	return named(p, p->how->beat(p->backend, name, e), e);
}

int ring_place_wait(struct ring_place *p, const struct ring *r, int64_t timeout_ns, struct err *e)
{
	return named(p, p->how->wait(p->backend, r, timeout_ns, e), e);
}

int ring_set_beat(struct ring *r, struct bytes name, int64_t now_ns, struct err *e)
{
	struct ring_instance *in = ring_find_or_say(r, name, e);

	if (!in)
		return -1;
	in->heartbeat_ns = now_ns;
	return 0;
}

int64_t ring_now(const struct ring_place_opts *o)
{
	return o->now_ns ? o->now_ns : time_now_ns();
}
