#include "logql/selector.h"

int logql_matchers(struct bytes selector, unsigned flags, struct arena *a, struct matcher **ret,
		   size_t *ret_n, struct err *e)
{
	const struct logql_opts opts = { .flags = flags };
	struct logql_query q;
	const struct logql_log *log;
	struct matcher *v;
	size_t n = 0;

	if (logql_parse_selector(selector, &opts, &q, NULL, e) < 0)
		return -1;
	log = q.root->log;
	v = arena_alloc(a, log->n_matchers * sizeof(*v));
	for (; n < log->n_matchers; n++) {
		const struct logql_matcher *m = &log->matchers[n];

		if (matcher_init(&v[n], m->op, arena_copy(a, m->name), arena_copy(a, m->value),
				 m->how, e) < 0)
			break;
	}
	if (n == log->n_matchers) {
		*ret = v;
		*ret_n = n;
		logql_query_release(&q);
		return 0;
	}
	while (n > 0)
		matcher_release(&v[--n]);
	logql_query_release(&q);
	return -1;
}
