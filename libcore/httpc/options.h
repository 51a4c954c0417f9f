/*
 * Options of programs that ask another server: who we are to it, whom we trust, and by which way.
 * The same in all of them.
 */
#ifndef HTTPC_OPTIONS_H
#define HTTPC_OPTIONS_H

#include "cli/cli.h"
#include "httpc/httpc.h"

/* {0} is a valid empty one. What httpc_given_read read lies in it, until httpc_given_release. */
struct httpc_given {
	struct httpc_opts http;
	const char *user_file, *token_file;
	const char *env; /* what variables with credentials begin with; NULL: LOKI */

	struct buf token, user; /* private */
};

int httpc_take_header(void *http, const char *value, struct err *e);
int httpc_take_url(void *at, const char *value, struct err *e);

/* Rows of cli.taken; who: the option, as text, that they go with; at: where in its data a struct
 * httpc_given lies. */
#define HTTPC_OPTIONS(who, at)                                                               \
	{ { 0, "header", "NAME:VALUE", who ": with each request; may be given many times" }, \
	  httpc_take_header,                                                                 \
	  (at) + offsetof(struct httpc_given, http) },                                       \
		{ { 0, "user-file", "FILE", who ": holds USER:PASSWORD" },                   \
		  cli_take_text,                                                             \
		  (at) + offsetof(struct httpc_given, user_file) },                          \
		{ { 0, "token-file", "FILE", who ": holds a bearer token" },                 \
		  cli_take_text,                                                             \
		  (at) + offsetof(struct httpc_given, token_file) },                         \
		{ { 0, "ca-file", "FILE", who ": certificates to trust" },                   \
		  cli_take_text,                                                             \
		  (at) + offsetof(struct httpc_given, http.ca_file) },                       \
		{ { 0, "cert-file", "FILE", who ": our certificate" },                       \
		  cli_take_text,                                                             \
		  (at) + offsetof(struct httpc_given, http.cert_file) },                     \
		{ { 0, "key-file", "FILE", who ": the key of that" },                        \
		  cli_take_text,                                                             \
		  (at) + offsetof(struct httpc_given, http.key_file) },                      \
	{                                                                                    \
		{ 0, "proxy", "URL", who ": by way of this proxy" }, httpc_take_url,         \
			(at) + offsetof(struct httpc_given, http.proxy)                      \
	}

/* url: of the server, or NULL when none is asked; who: the option that would name it. Errors:
 * ERR_USAGE, options without a server, or that do not go together. */
MUST_CHECK int httpc_given_check(const struct httpc_given *g, const char *who, const char *url,
				 struct err *e);

/*
 * Sets credentials in g->http, from the files that are named, else from LOKI_BEARER_TOKEN,
 * LOKI_USERNAME and LOKI_PASSWORD (with .env in place of LOKI); a token goes before a user. Errors:
 * ERR_IO; ERR_USAGE a file of another form.
 */
MUST_CHECK int httpc_given_read(struct httpc_given *g, struct err *e);
void httpc_given_release(struct httpc_given *g);

#endif
