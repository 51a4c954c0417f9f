/* Websockets: the handshake, and their threads. */
#include "http/conn.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "http/frames.h"

enum {
	STACK = 256 << 10,
	KEY_LEN = 24,
	KEY_BYTES = 16,
};

struct life {
	struct http_server *server;
	struct conn *conn;
	struct MHD_UpgradeResponseHandle *handle; /* NULL: the client was not given it */
	struct websocket *websocket;
	websocket_fn *run;
	void *data;
};

static bool has_token(struct bytes list, const char *token)
{
	struct bytes piece;
	size_t n = strlen(token);

	while (bytes_split(&list, ',', &piece)) {
		piece = bytes_trim(piece);
		if (piece.n == n && !strncasecmp(piece.p, token, n))
			return true;
	}
	return false;
}

static bool is_key(struct bytes key)
{
	gnutls_datum_t in = { (unsigned char *)key.p, (unsigned)key.n }, out = { 0 };
	bool good;

	if (key.n != KEY_LEN || gnutls_base64_decode2(&in, &out) < 0)
		return false;
	good = out.size == KEY_BYTES;
	gnutls_free(out.data);
	return good;
}

bool websocket_asked(const struct http_request *r)
{
	struct bytes upgrade = http_header(r, "Upgrade");

	return r->method == HTTP_GET && !r->is_old && has_token(upgrade, "websocket") &&
	       has_token(http_header(r, "Connection"), "upgrade") &&
	       bytes_is(http_header(r, "Sec-WebSocket-Version"), "13") &&
	       http_header_count(r, "Sec-WebSocket-Key") == 1 &&
	       is_key(http_header(r, "Sec-WebSocket-Key"));
}

static void *live(void *data)
{
	struct life *l = data;
	struct http_server *s = l->server;

	l->run(l->websocket, l->data);
	if (l->handle) {
		websocket_part(l->websocket);
		conn_set_websocket(l->conn, -1);
		MHD_upgrade_action(l->handle, MHD_UPGRADE_ACTION_CLOSE);
	}
	websocket_free(l->websocket);
	free(l);
	pthread_mutex_lock(&s->lock);
	if (--s->n_websockets == 0)
		pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* False: there is no thread to be had. */
static bool begin_life(struct life *l)
{
	struct http_server *s = l->server;
	pthread_attr_t attr;
	pthread_t thread;
	int failed;

	pthread_mutex_lock(&s->lock);
	s->n_websockets++;
	pthread_mutex_unlock(&s->lock);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	failed = pthread_create(&thread, &attr, live, l);
	pthread_attr_destroy(&attr);
	if (failed)
		server_log(s, HTTP_LOG_SERVER, "no thread for a websocket: %s", strerror(failed));
	return !failed;
}

/* Without a thread run is called at once, and finds it closed. */
void websocket_orphan(struct life *l)
{
	if (!begin_life(l))
		live(l);
}

static void upgraded(void *data, struct MHD_Connection *m, void *request, const char *extra,
		     size_t extra_n, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct life *l = data;
	struct http_request *r = request;

	(void)m;
	r->websocket = NULL;
	l->handle = handle;
	l->conn = r->conn;
	conn_set_websocket(l->conn, fd);
	websocket_begin(l->websocket, fd, bytes_of(extra, extra_n));
	if (begin_life(l))
		return;
	websocket_goodbye(l->websocket, 1013, "no thread");
	shutdown(fd, SHUT_RDWR);
	live(l);
}

static void add_accept(const struct http_request *r, struct MHD_Response *m)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char sha[20];
	gnutls_datum_t hash = { sha, sizeof(sha) }, text = { 0 };
	struct buf b = { 0 };

	buf_add_bytes(&b, http_header(r, "Sec-WebSocket-Key"));
	buf_add_str(&b, guid);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, b.p, b.n, sha) == 0 &&
	    gnutls_base64_encode2(&hash, &text) == 0)
		MHD_add_response_header(m, "Sec-WebSocket-Accept", (const char *)text.data);
	else
		server_log(r->server, HTTP_LOG_SERVER, "GnuTLS has no SHA-1");
	gnutls_free(text.data);
	buf_release(&b);
}

void websocket_answer(struct http_request *r, websocket_fn *run, void *data)
{
	struct life *l = mem_alloc(sizeof(*l));
	struct MHD_Response *m = MHD_create_response_for_upgrade(upgraded, l);

	if (!m)
		abort(); /* a small size of our own: out of memory */
	l->server = r->server;
	l->websocket = websocket_new();
	l->run = run;
	l->data = data;
	r->websocket = l;
	MHD_add_response_header(m, MHD_HTTP_HEADER_UPGRADE, "websocket");
	add_accept(r, m);
	answer_give(r, MHD_HTTP_SWITCHING_PROTOCOLS, m);
}
