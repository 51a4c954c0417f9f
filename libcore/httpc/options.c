#include "httpc/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

enum { SECRET_MAX = 64 << 10 };

int httpc_take_header(void *http, const char *value, struct err *e)
{
	struct httpc_opts *h = http;

	if (httpc_check_header(value, e) < 0)
		return -1;
	if (h->n_headers == HTTPC_HEADERS_MAX)
		return err_set(e, ERR_USAGE, "more than %d headers", HTTPC_HEADERS_MAX);
	h->header[h->n_headers++] = value;
	return 0;
}

int httpc_take_url(void *at, const char *value, struct err *e)
{
	if (httpc_check_url(value, e) < 0)
		return -1;
	*(const char **)at = value;
	return 0;
}

int httpc_given_check(const struct httpc_given *g, const char *who, const char *url, struct err *e)
{
	const struct httpc_opts *h = &g->http;

	if (!url && (h->n_headers || g->user_file || g->token_file || h->ca_file || h->cert_file ||
		     h->key_file || h->proxy))
		return err_set(e, ERR_USAGE,
			       "headers, credentials, certificates and proxies are for %s", who);
	if (!url)
		return 0;
	if (g->user_file && g->token_file)
		return err_set(e, ERR_USAGE, "--user-file and --token-file do not go together");
	if (!h->cert_file != !h->key_file)
		return err_set(e, ERR_USAGE, "--cert-file and --key-file go together");
	if ((h->ca_file || h->cert_file) && strncmp(url, "http://", 7) == 0)
		return err_set(e, ERR_USAGE,
			       "--ca-file and --cert-file are for TLS, which http:// has not: "
			       "https:// has");
	return 0;
}

/* PREFIX_NAME in the environment, or NULL. */
static const char *variable_of(const struct httpc_given *g, const char *name)
{
	char variable[64];

	snprintf(variable, sizeof(variable), "%s_%s", g->env ? g->env : "LOKI", name);
	return getenv(variable);
}

/* The first line of a file, or else what a variable says; nothing, if there is neither. what: that
 * the file is to have. */
static int read_secret(const char *path, const char *value, const char *what, struct buf *out,
		       struct err *e)
{
	if (path && io_read_file(path, SECRET_MAX, out, e) < 0)
		return -1;
	if (!path && value)
		buf_add_str(out, value);
	out->n = strcspn(buf_str(out), "\r\n");
	if (path && !out->n)
		return err_set(e, ERR_USAGE, "'%s': expected %s in its first line", path, what);
	return 0;
}

/* "user:password" of a file, or from two variables: the one in out, the other behind its NUL. */
static int read_user(const struct httpc_given *g, struct buf *out, const char **ret_password,
		     struct err *e)
{
	const char *path = g->user_file, *password = variable_of(g, "PASSWORD");
	char *colon;

	if (read_secret(path, variable_of(g, "USERNAME"), "USER:PASSWORD", out, e) < 0)
		return -1;
	if (!path && out->n) {
		buf_add_char(out, ':');
		buf_add_str(out, password ? password : "");
	}
	colon = out->n ? strchr(buf_str(out), ':') : NULL;
	if (out->n && !colon)
		return err_set(e, ERR_USAGE, "'%s': expected USER:PASSWORD", path);
	if (colon) {
		*colon = '\0';
		*ret_password = colon + 1;
	}
	return 0;
}

int httpc_given_read(struct httpc_given *g, struct err *e)
{
	const char *password = NULL;

	if (read_secret(g->token_file, variable_of(g, "BEARER_TOKEN"), "a token", &g->token, e) <
		    0 ||
	    read_user(g, &g->user, &password, e) < 0)
		return -1;
	/* What a file says goes before what the environment happens to say. */
	if (g->token.n && !(g->user_file && !g->token_file)) {
		g->http.token = buf_str(&g->token);
	} else if (g->user.n) {
		g->http.user = buf_str(&g->user);
		g->http.password = password;
	}
	return 0;
}

void httpc_given_release(struct httpc_given *g)
{
	buf_release(&g->token);
	buf_release(&g->user);
}
