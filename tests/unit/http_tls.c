/* TLS: versions, client certificates, reload while connections are there, websockets inside. */
#include "http_client.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <signal.h>

#include "base/io.h"
#include "http/websocket.h"

enum what { CA, LEAF };

struct pair {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
};

static struct pair new_pair(const char *name, enum what what, const struct pair *signer)
{
	static unsigned char serial;
	struct pair p;
	time_t now = time(NULL);

	serial++;
	assert_int_equal(0, gnutls_x509_privkey_init(&p.key));
	assert_int_equal(0, gnutls_x509_privkey_generate(
				    p.key, GNUTLS_PK_ECDSA,
				    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	assert_int_equal(0, gnutls_x509_crt_init(&p.crt));
	gnutls_x509_crt_set_version(p.crt, 3);
	gnutls_x509_crt_set_serial(p.crt, &serial, 1);
	gnutls_x509_crt_set_activation_time(p.crt, now - 3600);
	gnutls_x509_crt_set_expiration_time(p.crt, now + 3600);
	gnutls_x509_crt_set_dn_by_oid(p.crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
				      (unsigned)strlen(name));
	gnutls_x509_crt_set_basic_constraints(p.crt, what == CA, -1);
	gnutls_x509_crt_set_key_usage(p.crt, what == CA ? GNUTLS_KEY_KEY_CERT_SIGN
							: GNUTLS_KEY_DIGITAL_SIGNATURE);
	gnutls_x509_crt_set_key(p.crt, p.key);
	assert_int_equal(0,
			 gnutls_x509_crt_sign2(p.crt, signer ? signer->crt : p.crt,
					       signer ? signer->key : p.key, GNUTLS_DIG_SHA256, 0));
	return p;
}

static void pair_release(struct pair *p)
{
	gnutls_x509_crt_deinit(p->crt);
	gnutls_x509_privkey_deinit(p->key);
}

struct fixture {
	struct owner o;
	char *dir;
	char cert[256], key[256], ca[256];
	struct pair authority, other, server, client, foreign;
	gnutls_certificate_credentials_t none, own, strange; /* of clients */
};

static void write_cert(const char *path, gnutls_x509_crt_t crt)
{
	gnutls_datum_t d;
	struct err e;

	assert_int_equal(0, gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &d));
	assert_int_equal(0, file_replace_bytes(path, bytes_of(d.data, d.size), &e));
	gnutls_free(d.data);
}

static void write_pair(const struct fixture *f, const struct pair *p)
{
	gnutls_datum_t d;
	struct err e;

	write_cert(f->cert, p->crt);
	assert_int_equal(0, gnutls_x509_privkey_export2(p->key, GNUTLS_X509_FMT_PEM, &d));
	assert_int_equal(0, file_replace_bytes(f->key, bytes_of(d.data, d.size), &e));
	gnutls_free(d.data);
}

static gnutls_certificate_credentials_t credentials_of(struct pair *p)
{
	gnutls_certificate_credentials_t c;

	assert_int_equal(0, gnutls_certificate_allocate_credentials(&c));
	if (p)
		assert_true(gnutls_certificate_set_x509_key(c, &p->crt, 1, p->key) >= 0);
	/* Else GnuTLS sends none that the server's CA has not signed. */
	gnutls_certificate_set_flags(c, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	return c;
}

static int group_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = new_folder();
	snprintf(f->cert, sizeof(f->cert), "%s/cert.pem", f->dir);
	snprintf(f->key, sizeof(f->key), "%s/key.pem", f->dir);
	snprintf(f->ca, sizeof(f->ca), "%s/ca.pem", f->dir);
	f->authority = new_pair("authority", CA, NULL);
	f->other = new_pair("other", CA, NULL);
	f->server = new_pair("server", LEAF, &f->authority);
	f->client = new_pair("alice", LEAF, &f->authority);
	f->foreign = new_pair("mallory", LEAF, &f->other);
	f->none = credentials_of(NULL);
	f->own = credentials_of(&f->client);
	f->strange = credentials_of(&f->foreign);
	pthread_mutex_init(&f->o.lock, NULL);
	pthread_cond_init(&f->o.changed, NULL);
	*state = f;
	return 0;
}

static int group_teardown(void **state)
{
	struct fixture *f = *state;
	struct pair *pairs[] = { &f->authority, &f->other, &f->server, &f->client, &f->foreign };

	for (size_t i = 0; i < 5; i++)
		pair_release(pairs[i]);
	gnutls_certificate_free_credentials(f->none);
	gnutls_certificate_free_credentials(f->own);
	gnutls_certificate_free_credentials(f->strange);
	pthread_mutex_destroy(&f->o.lock);
	pthread_cond_destroy(&f->o.changed);
	remove_folder(f->dir);
	free(f);
	return 0;
}

static void count_head(struct http_request *r, void *data)
{
	struct fixture *f = data;

	owner_told(&f->o, &f->o.n_heads);
	if (bytes_is(http_path(r), "/small"))
		http_body_max(r, 10);
}

static void wait_closed(struct websocket *w, void *data)
{
	(void)data;
	while (websocket_wait(w, -1, -1) != WEBSOCKET_CLOSED)
		;
}

static void say_name(struct http_request *r, void *data)
{
	struct fixture *f = data;
	struct buf b = { 0 };

	if (bytes_is(http_path(r), "/keep")) {
		pthread_mutex_lock(&f->o.lock);
		f->o.kept[f->o.n_kept++] = r;
		pthread_cond_broadcast(&f->o.changed);
		pthread_mutex_unlock(&f->o.lock);
		return;
	}
	if (websocket_asked(r)) {
		websocket_answer(r, wait_closed, f);
		return;
	}
	buf_addf(&b, "name=%.*s;%zu", BYTES_ARG(http_cert_name(r)), http_body(r).n);
	http_answer(r, &(struct http_answer){ .status = 200, .body = buf_bytes(&b) });
	buf_release(&b);
}

static void count_left(struct http_request *r, void *data)
{
	struct fixture *f = data;

	(void)r;
	owner_told(&f->o, &f->o.n_left);
}

static void count_done(struct http_request *r, void *data)
{
	struct fixture *f = data;

	(void)r;
	owner_told(&f->o, &f->o.n_done);
}

static void no_log(enum http_log about, const char *line, void *data)
{
	(void)about;
	(void)line;
	(void)data;
}

static int open_server(struct fixture *f, const struct http_tls *tls, struct err *e)
{
	struct http_opts opts = server_opts();

	opts.tls = *tls;
	opts.calls = (struct http_calls){ count_head, say_name, count_left, count_done, f };
	opts.log = no_log;
	f->o.n_heads = f->o.n_left = f->o.n_done = f->o.n_kept = 0;
	if (http_open(&opts, &f->o.s, e) < 0)
		return -1;
	f->o.port = http_port(f->o.s);
	return 0;
}

/* tls: what is not said there is f's. */
static void start(struct fixture *f, struct http_tls tls)
{
	struct err e;

	write_pair(f, &f->server);
	write_cert(f->ca, f->authority.crt);
	tls.cert_file = f->cert;
	tls.key_file = f->key;
	if (tls.client_cert != HTTP_CERT_NONE)
		tls.client_ca_file = f->ca;
	assert_int_equal(0, open_server(f, &tls, &e));
}

struct client {
	int fd;
	gnutls_session_t session;
	bool good; /* the handshake succeeded */
};

static struct client connect_with(struct fixture *f, const char *priority,
				  gnutls_certificate_credentials_t credentials)
{
	struct client c = { .fd = client_open(f->o.port) };
	int rc;

	gnutls_init(&c.session, GNUTLS_CLIENT);
	assert_int_equal(0, gnutls_priority_set_direct(c.session, priority, NULL));
	gnutls_credentials_set(c.session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(c.session, c.fd);
	do {
		rc = gnutls_handshake(c.session);
	} while (rc < 0 && !gnutls_error_is_fatal(rc));
	c.good = rc == 0;
	return c;
}

static void disconnect(struct client *c)
{
	close(c->fd);
	gnutls_deinit(c->session);
}

/* What comes until `has` has come, or until the server closes. */
static void exchange(struct client *c, struct bytes request, const char *has, struct buf *ret)
{
	ssize_t n = c->good ? gnutls_record_send(c->session, request.p, request.n) : -1;

	buf_reset(ret);
	buf_str(ret);
	while (n > 0 && !strstr(ret->p, has)) {
		do {
			n = gnutls_record_recv(c->session, buf_reserve(ret, 4096), 4096);
		} while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
		ret->n += n > 0 ? (size_t)n : 0;
		buf_str(ret);
	}
}

#define GET BYTES_LIT("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")

static bool asks(struct fixture *f, const char *priority,
		 gnutls_certificate_credentials_t credentials, const char *has)
{
	struct client c = connect_with(f, priority, credentials);
	struct buf b = { 0 };
	bool found;

	exchange(&c, GET, has, &b);
	found = b.n > 0 && strstr(b.p, has) != NULL;
	disconnect(&c);
	buf_release(&b);
	return found;
}

static void old_versions_are_refused(void **state)
{
	struct fixture *f = *state;

	start(f, (struct http_tls){ 0 });
	assert_true(asks(f, "NORMAL", f->none, "name=;0"));
	assert_true(asks(f, "NORMAL:-VERS-ALL:+VERS-TLS1.2", f->none, "name=;0"));
	assert_false(asks(f, "NORMAL:-VERS-ALL:+VERS-TLS1.1", f->none, "name"));
	http_close(f->o.s);
	start(f, (struct http_tls){ .min_version = "VersionTLS13" });
	assert_false(asks(f, "NORMAL:-VERS-ALL:+VERS-TLS1.2", f->none, "name"));
	assert_true(asks(f, "NORMAL:-VERS-ALL:+VERS-TLS1.3", f->none, "name=;0"));
	http_close(f->o.s);
	start(f, (struct http_tls){ .ciphers = "NORMAL:-CIPHER-ALL:+AES-256-GCM" });
	assert_false(asks(f, "NORMAL:-CIPHER-ALL:+AES-128-GCM", f->none, "name"));
	assert_true(asks(f, "NORMAL", f->none, "name=;0"));
	/* Plain HTTP is no handshake, and told so. */
	assert_int_equal(400, client_ask(f->o.port, GET.p, NULL));
	http_close(f->o.s);
}

static void client_certificates_that_are_needed(void **state)
{
	struct fixture *f = *state;

	start(f, (struct http_tls){ .client_cert = HTTP_CERT_NEEDED });
	assert_false(asks(f, "NORMAL", f->none, "name"));
	assert_false(asks(f, "NORMAL:-VERS-ALL:+VERS-TLS1.2", f->none, "name"));
	assert_false(asks(f, "NORMAL", f->strange, "name"));
	assert_false(asks(f, "NORMAL:-VERS-ALL:+VERS-TLS1.2", f->strange, "name"));
	assert_true(asks(f, "NORMAL", f->own, "name=alice;0"));
	assert_true(asks(f, "NORMAL:-VERS-ALL:+VERS-TLS1.2", f->own, "name=alice;0"));
	http_close(f->o.s);
}

static void client_certificates_that_are_asked_for(void **state)
{
	struct fixture *f = *state;

	start(f, (struct http_tls){ .client_cert = HTTP_CERT_ASKED });
	assert_true(asks(f, "NORMAL", f->none, "name=;0"));
	assert_true(asks(f, "NORMAL", f->own, "name=alice;0"));
	http_close(f->o.s);
}

static void reload_is_for_new_connections(void **state)
{
	struct fixture *f = *state;
	struct pair server2 = new_pair("server2", LEAF, &f->other);
	struct client old;
	struct buf b = { 0 };
	struct err e;

	start(f, (struct http_tls){ .client_cert = HTTP_CERT_NEEDED });
	old = connect_with(f, "NORMAL", f->own);
	exchange(&old, GET, "name=", &b);
	assert_non_null(strstr(b.p, "name=alice"));

	/* What cannot be read changes nothing. */
	assert_int_equal(0, file_replace_bytes(f->key, BYTES_LIT("no key"), &e));
	assert_int_equal(-1, http_reload(f->o.s, &e));
	assert_int_equal(ERR_USAGE, e.code);
	assert_non_null(strstr(e.msg, "key.pem"));
	assert_int_equal(0, unlink(f->cert));
	assert_int_equal(-1, http_reload(f->o.s, &e));
	assert_int_equal(ERR_IO, e.code);
	assert_true(asks(f, "NORMAL", f->own, "name=alice"));

	write_pair(f, &server2);
	write_cert(f->ca, f->other.crt);
	assert_int_equal(0, http_reload(f->o.s, &e));
	assert_false(asks(f, "NORMAL", f->own, "name"));
	assert_true(asks(f, "NORMAL", f->strange, "name=mallory"));
	exchange(&old, GET, "name=", &b);
	assert_non_null(strstr(b.p, "name=alice"));
	disconnect(&old);
	http_close(f->o.s);
	buf_release(&b);
	pair_release(&server2);
}

static void bad_settings_are_refused(void **state)
{
	struct fixture *f = *state;
	struct err e;
	struct http_tls good, tls;

	write_pair(f, &f->server);
	write_cert(f->ca, f->authority.crt);
	good = (struct http_tls){ .cert_file = f->cert, .key_file = f->key };
	tls = good;
	tls.key_file = NULL;
	assert_int_equal(-1, open_server(f, &tls, &e));
	assert_int_equal(ERR_USAGE, e.code);
	tls = good;
	tls.min_version = "TLS1.2";
	assert_int_equal(-1, open_server(f, &tls, &e));
	assert_int_equal(ERR_USAGE, e.code);
	tls = good;
	tls.ciphers = "NORMAL:+NONSENSE";
	assert_int_equal(-1, open_server(f, &tls, &e));
	assert_int_equal(ERR_USAGE, e.code);
	tls = good;
	tls.client_cert = HTTP_CERT_NEEDED;
	assert_int_equal(-1, open_server(f, &tls, &e));
	assert_int_equal(ERR_USAGE, e.code);
	tls.client_ca_file = f->key;
	assert_int_equal(-1, open_server(f, &tls, &e));
	assert_int_equal(ERR_USAGE, e.code);
	tls = good;
	tls.key_file = "/nowhere/key.pem";
	assert_int_equal(-1, open_server(f, &tls, &e));
	assert_int_equal(ERR_IO, e.code);
	assert_non_null(strstr(e.msg, "/nowhere/key.pem"));
	write_cert(f->cert, f->client.crt); /* not of this key */
	assert_int_equal(-1, open_server(f, &good, &e));
	assert_int_equal(ERR_USAGE, e.code);
}

static void who_leaves_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct client c;

	start(f, (struct http_tls){ 0 });
	c = connect_with(f, "NORMAL", f->none);
	assert_true(gnutls_record_send(c.session, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n", 31) ==
		    31);
	owner_wait(&f->o, &f->o.n_kept, 1);
	disconnect(&c);
	owner_wait(&f->o, &f->o.n_left, 1);
	http_answer(f->o.kept[0], &(struct http_answer){ .status = 499 });
	owner_wait(&f->o, &f->o.n_done, 1);
	http_close(f->o.s);
}

static void bodies_that_are_too_long(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };
	struct client c;

	start(f, (struct http_tls){ 0 });
	c = connect_with(f, "NORMAL", f->none);
	exchange(&c,
		 BYTES_LIT("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "b\r\nabcdefghijk\r\n0\r\n\r\n"),
		 "are taken", &b);
	assert_non_null(strstr(b.p, "HTTP/1.1 413 "));
	disconnect(&c);
	http_close(f->o.s);
	buf_release(&b);
}

static void websockets_work_inside(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };
	struct client c;

	start(f, (struct http_tls){ 0 });
	c = connect_with(f, "NORMAL", f->none);
	exchange(&c,
		 BYTES_LIT("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
			   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
			   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
		 "\r\n\r\n", &b);
	assert_non_null(strstr(b.p, "HTTP/1.1 101 "));
	exchange(&c, BYTES_LIT("\x89\x81\x01\x01\x01\x01y"), "x", &b);
	assert_int_equal(3, b.n);
	assert_memory_equal("\x8a\x01x", b.p, 3);
	disconnect(&c);
	owner_wait(&f->o, &f->o.n_done, 1);
	http_close(f->o.s);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_versions_are_refused),
		cmocka_unit_test(client_certificates_that_are_needed),
		cmocka_unit_test(client_certificates_that_are_asked_for),
		cmocka_unit_test(reload_is_for_new_connections),
		cmocka_unit_test(bad_settings_are_refused),
		cmocka_unit_test(who_leaves_is_noticed),
		cmocka_unit_test(bodies_that_are_too_long),
		cmocka_unit_test(websockets_work_inside),
	};

	signal(SIGPIPE, SIG_IGN); /* of servers that hang up while a client still writes */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
