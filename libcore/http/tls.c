/*
 * TLS: certificates, keys and client CAs, which may be read anew. libmicrohttpd begins the session
 * of each connection with what it was started with, which is nothing; before the handshake we put
 * in what is in force. Who connected before goes on with what there was then.
 */
#include "http/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"

enum { PEM_MAX = 4 << 20 };

struct tls_keys {
	size_t refs; /* tls->lock */
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	gnutls_certificate_request_t ask;
};

struct tls {
	struct http_tls o; /* strings are owned */
	pthread_mutex_t lock;
	struct tls_keys *now; /* lock */
};

static void keys_free(struct tls_keys *k)
{
	if (k->credentials)
		gnutls_certificate_free_credentials(k->credentials);
	if (k->priority)
		gnutls_priority_deinit(k->priority);
	free(k);
}

static const struct {
	const char *name, *priority;
} versions[] = {
	{ "VersionTLS10", ":+VERS-TLS1.3:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0" },
	{ "VersionTLS11", ":+VERS-TLS1.3:+VERS-TLS1.2:+VERS-TLS1.1" },
	{ "VersionTLS12", ":+VERS-TLS1.3:+VERS-TLS1.2" },
	{ "VersionTLS13", ":+VERS-TLS1.3" },
};

static int set_priority(const struct http_tls *o, struct tls_keys *k, struct err *e)
{
	const char *name = o->min_version && *o->min_version ? o->min_version : "VersionTLS12";
	const char *ciphers = o->ciphers && *o->ciphers ? o->ciphers : "NORMAL:%SERVER_PRECEDENCE";
	const char *at = NULL, *version = NULL;
	struct buf b = { 0 };
	int failed;

	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		if (!strcmp(name, versions[i].name))
			version = versions[i].priority;
	if (!version)
		return err_set(e, ERR_USAGE,
			       "'%s' is no version of TLS: VersionTLS10, 11, 12 or 13 is", name);
	buf_addf(&b, "%s:-VERS-ALL%s", ciphers, version);
	failed = gnutls_priority_init(&k->priority, buf_str(&b), &at);
	if (failed)
		err_set(e, ERR_USAGE, "ciphers '%s': %s, at '%s'", ciphers, gnutls_strerror(failed),
			at ? at : "");
	buf_release(&b);
	return failed ? -1 : 0;
}

static gnutls_datum_t datum(struct buf *b)
{
	buf_str(b);
	return (gnutls_datum_t){ (unsigned char *)b->p, (unsigned)b->n };
}

/* Of a file that is something else GnuTLS only says that what it looks for is not there. */
static int check_pem(const struct buf *text, const char *path, struct err *e)
{
	static const char begin[] = "-----BEGIN ";

	if (text->n && memmem(text->p, text->n, begin, sizeof(begin) - 1))
		return 0;
	return err_set(e, ERR_USAGE, "'%s': expected PEM, found no -----BEGIN", path);
}

static int load_pair(const struct http_tls *o, struct tls_keys *k, struct err *e)
{
	struct buf cert = { 0 }, key = { 0 };
	gnutls_datum_t c, p;
	int failed = -1;

	if (!o->key_file)
		return err_set(e, ERR_USAGE, "certificate '%s' without a key", o->cert_file);
	if (io_read_file(o->cert_file, PEM_MAX, &cert, e) < 0 ||
	    io_read_file(o->key_file, PEM_MAX, &key, e) < 0)
		goto out;
	if (check_pem(&cert, o->cert_file, e) < 0 || check_pem(&key, o->key_file, e) < 0)
		goto out;
	c = datum(&cert);
	p = datum(&key);
	failed = gnutls_certificate_set_x509_key_mem(k->credentials, &c, &p, GNUTLS_X509_FMT_PEM);
	if (failed < 0)
		err_set(e, ERR_USAGE, "certificate '%s' with key '%s': %s", o->cert_file,
			o->key_file, gnutls_strerror(failed));
out:
	if (key.n)
		explicit_bzero(key.p, key.n);
	buf_release(&key);
	buf_release(&cert);
	return failed < 0 ? -1 : 0;
}

/* A certificate that is given must be good; whether one must be, GnuTLS looks itself. */
static int verify(gnutls_session_t session)
{
	unsigned status = 0, n = 0;
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
					  .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };

	if (!gnutls_certificate_get_peers(session, &n) || n == 0)
		return 0;
	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0 || status != 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return 0;
}

static int load_client_ca(const struct http_tls *o, struct tls_keys *k, struct err *e)
{
	struct buf ca = { 0 };
	gnutls_datum_t d;
	int n = -1;

	k->ask = GNUTLS_CERT_IGNORE;
	if (o->client_cert == HTTP_CERT_NONE)
		return 0;
	if (!o->client_ca_file)
		return err_set(e, ERR_USAGE, "client certificates without a client CA");
	if (io_read_file(o->client_ca_file, PEM_MAX, &ca, e) == 0 &&
	    check_pem(&ca, o->client_ca_file, e) == 0) {
		d = datum(&ca);
		n = gnutls_certificate_set_x509_trust_mem(k->credentials, &d, GNUTLS_X509_FMT_PEM);
		if (n <= 0)
			err_set(e, ERR_USAGE, "client CA '%s': %s", o->client_ca_file,
				n < 0 ? gnutls_strerror(n) : "no certificate in it");
	}
	buf_release(&ca);
	gnutls_certificate_set_verify_function(k->credentials, verify);
	k->ask = o->client_cert == HTTP_CERT_NEEDED ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST;
	return n > 0 ? 0 : -1;
}

static int keys_load(const struct http_tls *o, struct tls_keys **ret, struct err *e)
{
	struct tls_keys *k = mem_alloc(sizeof(*k));

	k->refs = 1;
	if (gnutls_certificate_allocate_credentials(&k->credentials) < 0) {
		err_set(e, ERR_IO, "GnuTLS has no memory for certificates");
	} else if (set_priority(o, k, e) == 0 && load_pair(o, k, e) == 0 &&
		   load_client_ca(o, k, e) == 0) {
		*ret = k;
		return 0;
	}
	keys_free(k);
	return -1;
}

static char *copy(const char *text)
{
	char *p;

	if (!text)
		return NULL;
	p = mem_alloc(strlen(text) + 1);
	memcpy(p, text, strlen(text));
	return p;
}

int tls_open(const struct http_tls *o, struct tls **ret, struct err *e)
{
	struct tls *t;
	struct tls_keys *k;

	if (keys_load(o, &k, e) < 0)
		return err_wrap(e, "TLS");
	t = mem_alloc(sizeof(*t));
	t->o = *o;
	t->o.cert_file = copy(o->cert_file);
	t->o.key_file = copy(o->key_file);
	t->o.client_ca_file = copy(o->client_ca_file);
	t->o.min_version = copy(o->min_version);
	t->o.ciphers = copy(o->ciphers);
	t->now = k;
	pthread_mutex_init(&t->lock, NULL);
	*ret = t;
	return 0;
}

void tls_close(struct tls *t)
{
	if (!t)
		return;
	tls_drop(t, t->now);
	pthread_mutex_destroy(&t->lock);
	free((char *)t->o.cert_file);
	free((char *)t->o.key_file);
	free((char *)t->o.client_ca_file);
	free((char *)t->o.min_version);
	free((char *)t->o.ciphers);
	free(t);
}

int tls_reload(struct tls *t, struct err *e)
{
	struct tls_keys *k, *old;

	if (keys_load(&t->o, &k, e) < 0)
		return err_wrap(e, "TLS");
	pthread_mutex_lock(&t->lock);
	old = t->now;
	t->now = k;
	pthread_mutex_unlock(&t->lock);
	tls_drop(t, old);
	return 0;
}

struct tls_keys *tls_begin(struct tls *t, void *session)
{
	struct tls_keys *k;

	pthread_mutex_lock(&t->lock);
	k = t->now;
	k->refs++;
	pthread_mutex_unlock(&t->lock);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, k->credentials);
	gnutls_priority_set(session, k->priority);
	gnutls_certificate_server_set_request(session, k->ask);
	return k;
}

void tls_drop(struct tls *t, struct tls_keys *k)
{
	size_t refs;

	if (!k)
		return;
	pthread_mutex_lock(&t->lock);
	refs = --k->refs;
	pthread_mutex_unlock(&t->lock);
	if (refs == 0)
		keys_free(k);
}

void tls_send(void *session, struct bytes b)
{
	(void)!gnutls_record_send(session, b.p, b.n);
}

size_t tls_peer_name(void *session, char *ret, size_t cap)
{
	const gnutls_datum_t *peers;
	gnutls_x509_crt_t crt;
	unsigned n_peers = 0;
	size_t n = cap;

	peers = gnutls_certificate_get_peers(session, &n_peers);
	if (!peers || n_peers == 0 || gnutls_x509_crt_init(&crt) < 0)
		return 0;
	if (gnutls_x509_crt_import(crt, &peers[0], GNUTLS_X509_FMT_DER) < 0 ||
	    gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, ret, &n) < 0)
		n = 0;
	gnutls_x509_crt_deinit(crt);
	return n;
}
