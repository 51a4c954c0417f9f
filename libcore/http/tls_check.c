/* What TLS is told to use, looked at without a server. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/io.h"
#include "http/tls.h"
#include "time/time.h"

enum { PEM_MAX = 4 << 20, NAME_MAX_BYTES = 128 };

struct check {
	void (*tell)(void *data, const struct err *fault);
	void *data;
};

static void say_when(const struct check *c, gnutls_x509_crt_t crt, const char *path,
		     const char *what, time_t when)
{
	char name[NAME_MAX_BYTES] = "";
	size_t n = sizeof(name);
	struct buf at = { 0 };
	struct err e;

	if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &n) < 0)
		name[0] = '\0';
	time_add_rfc3339(&at, (int64_t)when * NS_PER_S);
	err_set(&e, ERR_NONE, "'%s': the certificate of '%s' %s %s", path, name, what,
		buf_str(&at));
	c->tell(c->data, &e);
	buf_release(&at);
}

/* Each certificate that does not hold now. */
static void check_times(const struct check *c, const char *path, const struct buf *text)
{
	gnutls_datum_t d = { (unsigned char *)text->p, (unsigned)text->n };
	time_t now = (time_t)(time_now_ns() / NS_PER_S);
	gnutls_x509_crt_t *crt = NULL;
	unsigned n = 0;

	if (gnutls_x509_crt_list_import2(&crt, &n, &d, GNUTLS_X509_FMT_PEM, 0) < 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		time_t from = gnutls_x509_crt_get_activation_time(crt[i]);
		time_t to = gnutls_x509_crt_get_expiration_time(crt[i]);

		if (to < now)
			say_when(c, crt[i], path, "has expired on", to);
		else if (from > now)
			say_when(c, crt[i], path, "holds only from", from);
		gnutls_x509_crt_deinit(crt[i]);
	}
	gnutls_free(crt);
}

enum holds { HOLDS_CERTIFICATES, HOLDS_KEY };

/* False when it cannot be read. */
static bool check_file(const struct check *c, const char *path, enum holds what)
{
	struct buf text = { 0 };
	struct err e;
	bool ret = io_read_file(path, PEM_MAX, &text, &e) == 0;

	if (!ret)
		c->tell(c->data, &e);
	else if (what == HOLDS_CERTIFICATES)
		check_times(c, path, &text);
	if (text.n)
		explicit_bzero(text.p, text.n);
	buf_release(&text);
	return ret;
}

void http_check_tls(const struct http_tls *o, void (*tell)(void *data, const struct err *fault),
		    void *data)
{
	const struct check c = { tell, data };
	struct tls *t;
	struct err e;
	bool all;

	if (!o->cert_file)
		return;
	all = check_file(&c, o->cert_file, HOLDS_CERTIFICATES);
	if (o->key_file && !check_file(&c, o->key_file, HOLDS_KEY))
		all = false;
	if (o->client_cert != HTTP_CERT_NONE && o->client_ca_file &&
	    !check_file(&c, o->client_ca_file, HOLDS_CERTIFICATES))
		all = false;
	if (!all)
		return;
	if (tls_open(o, &t, &e) < 0)
		tell(data, &e);
	else
		tls_close(t);
}
