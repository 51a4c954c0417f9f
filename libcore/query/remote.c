#include "query/remote.h"

#include <stdlib.h>

#include "base/mem.h"
#include "template/escape.h"
#include "time/time.h"

#define TIMEOUT_NS (300 * NS_PER_S)

struct remote {
	struct httpc *http;
	struct buf base, url, tenant; /* base: the address without a slash at its end */
	struct httpc_answer answer;
};

int remote_open(struct remote_opts *opts, struct bytes tenant, int64_t timeout_ns,
		struct remote **ret, struct err *e)
{
	struct remote *r = mem_alloc(sizeof(*r));
	struct httpc_opts http;

	*r = (struct remote){ 0 };
	buf_add_str(&r->base, opts->addr);
	while (r->base.n && r->base.p[r->base.n - 1] == '/')
		r->base.n--;
	if (tenant.n)
		buf_addf(&r->tenant, "X-Scope-OrgID: %.*s", BYTES_ARG(tenant));
	if (httpc_given_read(&opts->given, e) < 0) {
		remote_close(r);
		return -1;
	}
	http = opts->given.http;
	http.answer_max = REMOTE_ANSWER_MAX;
	http.timeout_ms = ((timeout_ns ? timeout_ns : TIMEOUT_NS) + NS_PER_MS - 1) / NS_PER_MS;
	if (httpc_open(&http, &r->http, e) < 0) {
		remote_close(r);
		return -1;
	}
	*ret = r;
	return 0;
}

void remote_close(struct remote *r)
{
	if (!r)
		return;
	httpc_close(r->http);
	httpc_answer_release(&r->answer);
	buf_release(&r->base);
	buf_release(&r->url);
	buf_release(&r->tenant);
	free(r);
}

void remote_add(struct buf *form, const char *name, struct bytes value)
{
	if (form->n)
		buf_add_char(form, '&');
	buf_add_str(form, name);
	buf_add_char(form, '=');
	escape_url(form, value);
}

/* What may help where the server's text rarely does. */
static const char *hint_of(int status)
{
	if (status == 401)
		return " (-t names the tenant, --user-file or --token-file who asks)";
	if (status == 404)
		return " (is that the address of a server with Loki's API?)";
	return status / 100 == 3 ? " (redirects are not followed: name who answers)" : "";
}

/* What is wrong, by the server's status. */
static int refused(struct remote *r, const char *path, struct err *e)
{
	int status = r->answer.status;
	struct err said;
	enum err_code code = status == 400		      ? ERR_QUERY
			     : status == 413 || status == 422 ? ERR_LIMIT
							      : ERR_USAGE;

	r->url.n = r->base.n + strlen(path); /* the query is known to who asked it */
	httpc_refused(buf_str(&r->url), &r->answer, code, &said);
	return err_set(e, said.code, "%s%s", said.msg, hint_of(status));
}

int remote_get(struct remote *r, const char *path, struct bytes form, struct bytes *ret,
	       struct err *e)
{
	struct httpc_request q = { .method = "GET" };

	buf_reset(&r->url);
	buf_addf(&r->url, "%s%s%s%.*s", buf_str(&r->base), path, form.n ? "?" : "",
		 BYTES_ARG(form));
	q.url = buf_str(&r->url);
	q.header[q.n_headers++] = "X-Loki-Response-Encoding-Flags: categorize-labels";
	if (r->tenant.n)
		q.header[q.n_headers++] = buf_str(&r->tenant);
	if (httpc_do(r->http, &q, &r->answer, e) < 0)
		return -1;
	if (r->answer.status != 200)
		return refused(r, path, e);
	if (r->answer.body.n >= REMOTE_ANSWER_MAX)
		return err_set(e, ERR_LIMIT,
			       "the answer of '%s' has more than %d MiB: ask for less at once",
			       buf_str(&r->base), REMOTE_ANSWER_MAX >> 20);
	*ret = buf_bytes(&r->answer.body);
	return 0;
}
