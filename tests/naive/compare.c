/* Whether two answers are one, as far as the language says how they are. */
#include "make.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool same_value(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return a == b || fabs(a - b) <= 1e-6 + 1e-9 * (fabs(a) + fabs(b));
}

static bool same_line(const struct nv_line *a, const struct nv_line *b)
{
	return a->ts_ns == b->ts_ns && bytes_eq(a->line, b->line) &&
	       nv_same(&a->labels, &b->labels);
}

/* Whether each line of found[0..n) is one of want[0..m), none more often than there. */
static bool all_among(const struct nv_line *found, size_t n, const struct nv_line *want, size_t m)
{
	bool *used = mem_alloc(m + 1), ret = n <= m;

	for (size_t i = 0; i < n && ret; i++) {
		size_t k = 0;

		while (k < m && (used[k] || !same_line(&found[i], &want[k])))
			k++;
		ret = k < m;
		if (ret)
			used[k] = true;
	}
	free(used);
	return ret;
}

/* Lines of one time have no order among streams; the last time may be cut by the limit. */
static bool same_lines(const struct nv_answer *want, const struct nv_answer *found, uint64_t limit)
{
	size_t n = limit && limit < want->n_lines ? limit : want->n_lines;

	if (found->n_lines != n)
		return false;
	for (size_t i = 0, k, m; i < n; i = k) {
		for (m = i; m < want->n_lines && want->line[m].ts_ns == want->line[i].ts_ns; m++)
			;
		for (k = i; k < n && found->line[k].ts_ns == want->line[i].ts_ns; k++)
			;
		if (k != (m < n ? m : n) ||
		    !all_among(found->line + i, k - i, want->line + i, m - i))
			return false;
	}
	return true;
}

/* Whether a line of another stream looks the same. */
static bool has_twin(const struct nv_answer *a, size_t i)
{
	for (size_t k = 0; k < a->n_lines; k++)
		if (a->line[k].stream != a->line[i].stream && same_line(&a->line[k], &a->line[i]))
			return true;
	return false;
}

/* Of one stream, lines of one time keep the order of the push where they lie in one segment. The
 * naive answer knows the streams; the other one's lines are found in it, one after the other. */
static bool same_order(const struct nv_answer *want, const struct nv_answer *found)
{
	bool *used = mem_alloc(want->n_lines + 1), ret = true;
	size_t *last = mem_alloc(64 * sizeof(*last));

	for (size_t i = 0; i < found->n_lines && ret; i++) {
		size_t k = 0;

		while (k < want->n_lines &&
		       (used[k] || !same_line(&found->line[i], &want->line[k])))
			k++;
		ret = k < want->n_lines;
		if (!ret)
			break;
		used[k] = true;
		if (has_twin(want, k))
			continue;
		ret = last[want->line[k].stream] <= k + 1;
		last[want->line[k].stream] = k + 1;
	}
	free(used);
	free(last);
	return ret;
}

static bool same_vector(const struct nv_vector *want, const struct nv_vector *found)
{
	bool *used = mem_alloc(want->n + 1), ret = want->n == found->n;

	for (size_t i = 0; i < found->n && ret; i++) {
		size_t k = 0;

		while (k < want->n &&
		       (used[k] || !nv_same(&found->v[i].labels, &want->v[k].labels) ||
			!same_value(found->v[i].v, want->v[k].v)))
			k++;
		ret = k < want->n;
		if (ret)
			used[k] = true;
	}
	free(used);
	return ret;
}

/* The values of a sorted answer are in order, whatever series have equal ones. */
static bool same_ranks(const struct logql_expr *x, const struct nv_vector *want,
		       const struct nv_vector *found)
{
	if (x->kind != LOGQL_VECTOR_AGG ||
	    (x->vector_agg.op != LOGQL_SORT && x->vector_agg.op != LOGQL_SORT_DESC))
		return true;
	for (size_t i = 0; i < want->n; i++)
		if (!same_value(want->v[i].v, found->v[i].v))
			return false;
	return true;
}

bool nv_same_answer(const struct logql_query *q, const struct nv_ask *ask, enum nv_place place,
		    const struct nv_answer *want, const struct nv_answer *found)
{
	if (want->failed || found->failed)
		return want->failed == found->failed;
	if (logql_is_log(q))
		return same_lines(want, found, ask->limit) &&
		       ((place != NV_WAL && place != NV_RAW) || same_order(want, found));
	if (want->n_steps != found->n_steps || want->start_ns != found->start_ns)
		return false;
	for (size_t k = 0; k < want->n_steps; k++)
		if (!same_vector(&want->step[k], &found->step[k]))
			return false;
	return ask->is_range || same_ranks(q->root, &want->step[0], &found->step[0]);
}
