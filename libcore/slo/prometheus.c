#include "slo/prometheus.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/remote.h"
#include "time/time.h"

struct prometheus {
	struct httpc *http;
	enum prometheus_api api;
	struct buf base, tenant, url; /* base: up to the API's own path */
	struct httpc_answer answer;
	void (*warn)(void *data, const struct err *e);
	void *data;
};

int prometheus_open(const char *url, enum prometheus_api api, struct httpc_given *given,
		    struct bytes tenant, void (*warn)(void *data, const struct err *e), void *data,
		    struct prometheus **ret, struct err *e)
{
	struct prometheus *p = mem_alloc(sizeof(*p));
	struct httpc_opts http;

	*p = (struct prometheus){ .api = api, .warn = warn, .data = data };
	buf_add_str(&p->base, url);
	while (p->base.n && p->base.p[p->base.n - 1] == '/')
		p->base.n--;
	buf_add_str(&p->base, api == PROMETHEUS_LOKI_API ? "/loki/api/v1/" : "/api/v1/");
	if (tenant.n)
		buf_addf(&p->tenant, "X-Scope-OrgID: %.*s", BYTES_ARG(tenant));
	given->env = api == PROMETHEUS_LOKI_API ? "LOKI" : "PROMETHEUS";
	if (httpc_given_read(given, e) < 0) {
		prometheus_close(p);
		return -1;
	}
	http = given->http;
	http.answer_max = PROMETHEUS_ANSWER_MAX;
	if (httpc_open(&http, &p->http, e) < 0) {
		prometheus_close(p);
		return -1;
	}
	*ret = p;
	return 0;
}

void prometheus_close(struct prometheus *p)
{
	if (!p)
		return;
	httpc_close(p->http);
	httpc_answer_release(&p->answer);
	buf_release(&p->base);
	buf_release(&p->tenant);
	buf_release(&p->url);
	free(p);
}

/* In seconds, with what is left over of one. */
static void add_time(struct buf *form, const char *name, int64_t ns)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%lld.%03lld", (long long)(ns / NS_PER_S),
			 (long long)(ns % NS_PER_S / NS_PER_MS));

	remote_add(form, name, bytes_of(text, (size_t)n));
}

static void add_form(struct buf *form, struct bytes query, const struct slo_times *at)
{
	struct buf step = { 0 };

	remote_add(form, "query", query);
	if (at->n == 1) {
		add_time(form, "time", at->from_ns);
		return;
	}
	add_time(form, "start", at->from_ns);
	add_time(form, "end", at->from_ns + at->step_ns * (int64_t)(at->n - 1));
	buf_addf(&step, "%lld", (long long)(at->step_ns / NS_PER_S));
	remote_add(form, "step", buf_bytes(&step));
	buf_release(&step);
}

/* What is wrong, by the server's status. */
static int refused(struct prometheus *p, struct bytes query, struct err *e)
{
	int status = p->answer.status;
	struct err said;

	p->url.n = strcspn(buf_str(&p->url), "?"); /* the query is told as it is */
	httpc_refused(buf_str(&p->url), &p->answer,
		      status == 400 || status == 422 ? ERR_QUERY : ERR_USAGE, &said);
	if (said.code == ERR_QUERY)
		return err_set(e, ERR_QUERY, "%s; the query was '%.*s'", said.msg,
			       BYTES_ARG(query));
	return err_set(e, said.code, "%s%s", said.msg,
		       status == 401	   ? " (--user-file or --token-file says who asks)"
		       : status == 404	   ? " (is that the address of such a server?)"
		       : status / 100 == 3 ? " (redirects are not followed: name who answers)"
					   : "");
}

/* The body is in p->answer. */
static int ask(struct prometheus *p, struct bytes query, const struct slo_times *at, struct err *e)
{
	struct httpc_request q = { .method = "GET" };
	struct buf form = { 0 };

	add_form(&form, query, at);
	buf_reset(&p->url);
	buf_addf(&p->url, "%s%s?%s", buf_str(&p->base), at->n == 1 ? "query" : "query_range",
		 buf_str(&form));
	buf_release(&form);
	q.url = buf_str(&p->url);
	if (p->tenant.n)
		q.header[q.n_headers++] = buf_str(&p->tenant);
	if (httpc_do(p->http, &q, &p->answer, e) < 0)
		return -1;
	if (p->answer.status != 200)
		return refused(p, query, e);
	if (p->answer.body.n >= PROMETHEUS_ANSWER_MAX)
		return err_set(e, ERR_LIMIT, "the answer of '%s' has more than %d MiB",
			       buf_str(&p->base), PROMETHEUS_ANSWER_MAX >> 20);
	return 0;
}

static int values(void *data, struct bytes query, const struct slo_times *at, struct slo_value *ret,
		  struct err *e)
{
	struct prometheus *p = data;

	if (ask(p, query, at, e) < 0)
		return -1;
	return prometheus_read(buf_bytes(&p->answer.body), at, ret, p->warn, p->data, e);
}

int prometheus_groups(struct prometheus *p, struct bytes query, int64_t at_ns,
		      prometheus_group_fn *each, void *data, struct err *e)
{
	const struct slo_times at = { .from_ns = at_ns, .n = 1 };

	if (ask(p, query, &at, e) < 0)
		return -1;
	return prometheus_read_groups(buf_bytes(&p->answer.body), each, data, e);
}

struct slo_source prometheus_source(struct prometheus *p)
{
	return (struct slo_source){ values, p, p->api == PROMETHEUS_LOKI_API };
}
