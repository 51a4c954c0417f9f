/*
 * When a metric query is evaluated: its moment, its steps or its windows, from what is asked for or
 * else from what data there is.
 */
#include "base/num.h"
#include "query/query_run.h"
#include "time/time.h"

/* First and last timestamp of what the sources hold, for queries that do not say when. */
static int data_bounds(struct query *q, int64_t *ret_min, int64_t *ret_max, struct err *e)
{
	struct plan p = { .from = INT64_MIN, .to = INT64_MAX };

	*ret_min = *ret_max = q->o->source.now_ns;
	sources_keep(q->sources);
	if (sources_plan(q->sources, &p, e) < 0) {
		plan_release(&p);
		return -1;
	}
	for (size_t i = 0; i < p.n_pieces; i++) {
		int64_t from = plan_from(&p, p.piece[i].stream);
		int64_t min = p.piece[i].min_ts > from ? p.piece[i].min_ts : from;

		*ret_min = i == 0 || min < *ret_min ? min : *ret_min;
		*ret_max = i == 0 || p.piece[i].max_ts > *ret_max ? p.piece[i].max_ts : *ret_max;
	}
	plan_release(&p);
	return 0;
}

static num_wide round_down(num_wide v, int64_t step)
{
	num_wide rest = v % step;

	return v - (rest < 0 ? rest + step : rest);
}

/* As Loki does: the range grows to multiples of the step, as far as there are times. */
static int make_steps(const struct query_opts *o, int64_t from, int64_t to, struct steps *ret,
		      struct err *e)
{
	num_wide length = (num_wide)to - from, begin, end;
	int64_t step = o->step_ns, seconds = (int64_t)(length / NS_PER_S / 250);

	if (to < from)
		return err_set(e, ERR_QUERY, "the range ends before it begins");
	if (step <= 0)
		step = (seconds < 1 ? 1 : seconds) * NS_PER_S;
	/* Loki counts before it widens the range, and counts distances. */
	if (length / step > STEPS_MAX)
		return err_set(e, ERR_QUERY,
			       "exceeded maximum resolution of 11,000 points per time series: try "
			       "increasing the value of the step");
	begin = round_down(from, step);
	end = round_down((num_wide)to + step - 1, step);
	if (begin < INT64_MIN)
		begin += step;
	if (end > INT64_MAX)
		end -= step;
	if (begin > end)
		return err_set(e, ERR_QUERY, "no multiple of the step is near the range");
	*ret = (struct steps){ (int64_t)begin, step, (size_t)((end - begin) / step) + 1 };
	return 0;
}

static int find_windows(struct query *q, struct err *e)
{
	const struct query_opts *o = q->o;
	num_wide begin, end, step = o->step_ns;

	q->from = o->from;
	q->to = o->to;
	if (!o->has_from || !o->has_to) {
		int64_t min, max;

		if (data_bounds(q, &min, &max, e) < 0)
			return -1;
		q->from = o->has_from ? o->from : min;
		q->to = o->has_to ? o->to : num_clip((num_wide)max + 1);
	}
	if (o->has_from && o->has_to && o->from > o->to)
		return err_set(e, ERR_USAGE, "--from is after --to");
	if (q->to <= q->from)
		q->to = num_clip((num_wide)q->from + 1);
	begin = step ? round_down(q->from, o->step_ns) : q->from;
	end = step ? round_down((num_wide)q->to + step - 1, o->step_ns) : q->to;
	/* At the last moment there is, nothing is behind the entries. */
	if (end <= begin)
		end = begin + (step ? step : 1);
	if (!step)
		step = num_clip(end - begin);
	if ((end - begin) / step > STEPS_MAX)
		return err_set(e, ERR_QUERY,
			       "exceeded maximum resolution of 11,000 points per time series: try "
			       "increasing the value of the step");
	q->steps = (struct steps){ num_clip(begin + step - 1), (int64_t)step,
				   (size_t)((end - begin + step - 1) / step) };
	return 0;
}

int query_find_steps(struct query *q, struct err *e)
{
	const struct query_opts *o = q->o;
	bool files = o->source.n_files && !o->source.store && !o->source.wal;
	int64_t from = o->from, to = o->to, min, max;

	if (o->kind == METRIC_WINDOWS)
		return find_windows(q, e);
	q->steps = (struct steps){ o->source.now_ns, 1, 1 };
	if (o->kind == METRIC_INSTANT && o->has_at) {
		q->steps.start_ns = o->at;
		return 0;
	}
	if (o->kind == METRIC_INSTANT && o->has_to) {
		q->steps.start_ns = o->to;
		return 0;
	}
	/* Lines of this moment need not be kept to find that out. */
	if (o->kind == METRIC_INSTANT &&
	    (!files || (o->source.raw_time == RAW_TIME_NOW && sources_raw_only(q->sources))))
		return 0;
	if (o->kind == METRIC_INSTANT || !o->has_from || !o->has_to) {
		if (data_bounds(q, &min, &max, e) < 0)
			return -1;
		if (o->kind == METRIC_INSTANT) {
			q->steps.start_ns = max;
			return 0;
		}
		from = o->has_from ? from : min;
		to = o->has_to ? to : max;
	}
	return make_steps(o, from, to, &q->steps, e);
}
