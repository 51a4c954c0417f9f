/*
 * Answers that are held until their client has read them. A client that reads slowly keeps
 * memory, and many keep much: when there is no more room the one is closed that would keep its own
 * for longest, by how fast it has read so far. So who reads never pays for who does not.
 */
#include "http/conn.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "time/time.h"

/* So long after its beginning it is known how fast a client reads. */
static int64_t measured_ns(const struct http_server *s)
{
	return s->o.measured_ms ? s->o.measured_ms * NS_PER_MS : NS_PER_S;
}

/* Bytes that c's client has taken since it connected; of a socket that is no TCP 0. */
static uint64_t taken(const struct conn *c)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	return getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0 ? 0 : info.tcpi_bytes_acked;
}

/* Bytes that c's client has been sent and has not taken. */
static uint64_t queued(const struct conn *c)
{
	int n;

	return ioctl(c->fd, SIOCOUTQ, &n) < 0 || n < 0 ? 0 : (uint64_t)n;
}

/* For how long c keeps what it still holds, if its client goes on as it did; 0: not known yet. What
 * goes over the wire is more than what is held, by a head and what TLS adds: as long as it is held
 * some of it is left. */
static double time_left(const struct conn *c, int64_t now_ns)
{
	int64_t for_ns = now_ns - c->held_ns;
	uint64_t n, all = c->held_behind + c->held;

	if (for_ns < measured_ns(c->server))
		return 0;
	n = taken(c) - c->held_at;
	return (double)(n < all ? all - n : 1) * (double)for_ns / (double)(n + 1);
}

static struct conn *slowest(struct http_server *s)
{
	int64_t now_ns = time_mono_ns();
	struct conn *ret = NULL;
	double most = 0;

	for (struct conn *c = s->first_conn; c; c = c->next) {
		double left = c->held ? time_left(c, now_ns) : 0;

		if (left > most) {
			most = left;
			ret = c;
		}
	}
	return ret;
}

static void let_go(struct conn *c)
{
	c->server->held -= c->held;
	c->held = 0;
}

static bool has_room(const struct http_server *s, uint64_t n)
{
	uint64_t max = s->o.held_max;

	return !max || !s->held || (s->held < max && n <= max - s->held);
}

int http_hold(struct http_request *r, uint64_t n, struct err *e)
{
	struct http_server *s = r->server;
	struct conn *c = r->conn, *other;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	while (!has_room(s, n) && (other = slowest(s)) != NULL) {
		shutdown(other->fd, SHUT_RDWR);
		let_go(other);
		s->n_cut++;
	}
	if (has_room(s, n)) {
		c->held = n;
		c->held_ns = time_mono_ns();
		c->held_behind = queued(c); /* first: else what it takes now is left out */
		c->held_at = taken(c);
		s->held += n;
	} else {
		rc = err_set(e, ERR_AGAIN,
			     "the answers that clients have not read yet are at their limit");
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

void conn_let_go(struct conn *c)
{
	pthread_mutex_lock(&c->server->lock);
	let_go(c);
	pthread_mutex_unlock(&c->server->lock);
}

struct http_held http_held(const struct http_server *cs)
{
	struct http_server *s = (struct http_server *)cs;
	struct http_held ret;

	pthread_mutex_lock(&s->lock);
	ret = (struct http_held){ s->held, s->n_cut };
	pthread_mutex_unlock(&s->lock);
	return ret;
}
