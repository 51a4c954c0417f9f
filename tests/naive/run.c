/* A whole query. */
#include "detail.h"

/* Entries of one stream that have the same time and line are one: the first. */
static bool *first_ones(const struct nv_data *data, struct arena *a)
{
	bool *ret = arena_alloc(a, data->n + 1);

	for (size_t i = 0; i < data->n; i++) {
		const struct nv_entry *x = &data->v[i];

		ret[i] = true;
		for (size_t k = 0; k < i && ret[i] && !data->keeps_all; k++)
			ret[i] = data->v[k].stream != x->stream || data->v[k].ts_ns != x->ts_ns ||
				 !bytes_eq(data->v[k].line, x->line);
	}
	return ret;
}

struct placed {
	struct nv_line line;
	size_t place;
};

static int older_first(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->line.ts_ns != y->line.ts_ns)
		return x->line.ts_ns < y->line.ts_ns ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static void run_log(const struct nv_eval *ev, const struct logql_log *log, const struct nv_ask *ask)
{
	struct placed *v = arena_alloc(ev->a, (ev->data->n + 1) * sizeof(*v));
	struct nv_labels *l = arena_alloc(ev->a, sizeof(*l));
	struct nv_group all = { .kind = NV_ALL };
	struct nv_answer *ret = ev->answer;
	struct nv_pipe p;
	size_t n = 0;

	nv_pipe_init(&p, ev->a, log, NULL, true, &all);
	for (size_t i = 0; i < ev->data->n; i++) {
		const struct nv_entry *x = &ev->data->v[i];
		const struct labels *stream = &ev->data->stream[x->stream];
		struct nv_line *line = &v[n].line;

		if (!ev->first[i] || x->ts_ns < ask->from || x->ts_ns >= ask->to ||
		    !nv_selects(log, stream) || !nv_pipe_run(&p, stream, x, l, &line->line))
			continue;
		line->ts_ns = x->ts_ns;
		line->stream = x->stream;
		line->labels = nv_visible(l);
		v[n].place = i;
		n++;
	}
	qsort(v, n, sizeof(*v), older_first);
	ret->line = arena_alloc(ev->a, (n + 1) * sizeof(*ret->line));
	for (size_t i = 0; i < n; i++)
		ret->line[i] = v[ask->forward ? i : n - 1 - i].line;
	ret->n_lines = n;
}

static int64_t multiple(int64_t t, int64_t step, bool above)
{
	int64_t rest = t % step;

	return rest == 0 ? t : t - rest + (above ? step : 0);
}

void nv_run(const struct logql_query *q, const struct nv_data *data, const struct nv_ask *ask,
	    struct arena *a, struct nv_answer *ret)
{
	struct nv_eval *ev = arena_zalloc(a, sizeof(*ev));
	int64_t end = ask->at;

	*ret = (struct nv_answer){ .start_ns = ask->at, .step_ns = 1 };
	*ev = (struct nv_eval){ .a = a,
				.data = data,
				.first = first_ones(data, a),
				.is_range = ask->is_range,
				.answer = ret };
	if (logql_is_log(q)) {
		run_log(ev, q->root->log, ask);
		return;
	}
	if (ask->is_range) {
		ret->step_ns = ask->step_ns; /* it grows to whole steps */
		ret->start_ns = multiple(ask->from, ask->step_ns, false);
		end = multiple(ask->to, ask->step_ns, true);
	}
	ret->n_steps = (size_t)((end - ret->start_ns) / ret->step_ns) + 1;
	ret->step = arena_zalloc(a, ret->n_steps * sizeof(*ret->step));
	for (size_t k = 0; k < ret->n_steps; k++)
		ret->step[k] =
			nv_expr(ev, q->root, NULL, ret->start_ns + (int64_t)k * ret->step_ns);
}
