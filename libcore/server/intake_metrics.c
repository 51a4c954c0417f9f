/* What is counted of pushes. Series that every push needs are kept with their tenant. */
#include "server/intake_run.h"
#include "time/time.h"

static const char *const reasons[REASON_COUNT] = {
	[REASON_RATE] = "rate_limited",
	[REASON_STREAM_RATE] = "per_stream_rate_limit",
	[REASON_STREAMS] = "stream_limit",
	[REASON_LINE] = "line_too_long",
	[REASON_OLD] = "greater_than_max_sample_age",
	[REASON_NEW] = "too_far_in_future",
	[REASON_NAMES] = "max_label_names_per_series",
	[REASON_NAME_LONG] = "label_name_too_long",
	[REASON_VALUE_LONG] = "label_value_too_long",
	[REASON_NO_LABELS] = "missing_labels",
	[REASON_BAD_LABELS] = "invalid_labels",
	[REASON_NAME_TWICE] = "duplicate_label_names",
	[REASON_NOT_ENFORCED] = "missing_enforced_labels",
	[REASON_META_NOT_ALLOWED] = "disallowed_structured_metadata",
	[REASON_META_LARGE] = "structured_metadata_too_large",
	[REASON_META_MANY] = "structured_metadata_too_many",
	[REASON_BLOCKED] = "blocked_ingestion",
	[REASON_QUOTA] = "storage_quota",
};

void intake_metrics_swept(struct intake *in, struct intake_tenant *t, uint32_t n_gone)
{
	metrics_add(metric_of1(in->opts.metrics, METRIC_STREAMS_REMOVED, t->name), n_gone);
}

void intake_metrics_active(struct intake_tenant *t, uint32_t n)
{
	metrics_add(t->active, (double)n - t->n_told);
	t->n_told = n;
}

/* What is looked at only when somebody asks; in the lane. */
static void collect_lane(struct intake *in)
{
	struct lane *lane = &in->lane;
	int64_t now_ns = time_mono_ns();

	/* All streams are gone through: not as often as anybody likes to ask. */
	if (now_ns - lane->active.swept_ns > NS_PER_S)
		lane_sweep(in, now_ns);
	for (size_t i = 0; i < lane->n_slots; i++)
		if (lane->tenant[i])
			intake_metrics_active(lane->tenant[i], lane->n_active[i]);
}

void intake_metrics_leave(struct intake *in)
{
	if (atomic_exchange(&in->lane.asked, false))
		collect_lane(in);
}

/* Who asks does not wait for a large push: its thread looks when it is done, and this time what was
 * there before stands. */
static void collect(struct metrics *m, void *data)
{
	struct intake *in = data;
	struct lane *lane = &in->lane;
	double weight;

	(void)m;
	atomic_store(&lane->asked, true);
	if (pthread_mutex_trylock(&lane->lock) == 0) {
		intake_metrics_leave(in);
		pthread_mutex_unlock(&lane->lock);
	}
	pthread_mutex_lock(&in->outlet.lock);
	weight = (double)in->outlet.weight;
	pthread_mutex_unlock(&in->outlet.lock);
	metrics_set(in->count.weight, weight);
}

void intake_metrics_open(struct intake *in)
{
	struct metrics *m = in->opts.metrics;

	in->count.weight = metric_of(m, METRIC_PUSH_QUEUE_BYTES);
	in->count.append_failures = metric_of(m, METRIC_APPEND_FAILURES);
	in->count.records = metric_of(m, METRIC_WAL_RECORDS);
	in->count.wal_bytes = metric_of(m, METRIC_WAL_BYTES);
	in->count.full = metric_of(m, METRIC_WAL_DISK_FULL);
	in->count.restarts = metric_of1(m, METRIC_CHILD_RESTARTS, BYTES_LIT("lokid-ingest"));
	metrics_on_collect(m, collect, in);
}

void intake_metrics_close(struct intake *in)
{
	metrics_off_collect(in->opts.metrics, collect, in);
}

void intake_metrics_tenant(struct intake *in, struct intake_tenant *t)
{
	struct metrics *m = in->opts.metrics;

	t->lines = metric_of1(m, METRIC_LINES_RECEIVED, t->name);
	t->active = metric_of1(m, METRIC_MEMORY_STREAMS, t->name);
	t->created = metric_of1(m, METRIC_STREAMS_CREATED, t->name);
}

static void set_retention(struct intake *in, struct intake_tenant *t, int64_t retention_ns)
{
	struct metrics *m = in->opts.metrics;
	char text[RETENTION_HOURS_MAX];
	struct bytes hours = metric_retention_hours(retention_ns, text);

	t->bytes = metric_of2(m, METRIC_BYTES_RECEIVED, t->name, hours);
	t->meta_bytes = metric_of2(m, METRIC_METADATA_BYTES_RECEIVED, t->name, hours);
	t->retention_ns = retention_ns;
}

static void discarded(struct intake *in, struct intake_tenant *t, size_t reason,
		      const struct intake_tally *tally)
{
	struct metrics *m = in->opts.metrics;
	struct bytes why = bytes_str(reasons[reason]);

	if (!tally->n)
		return;
	if (!t->discarded[reason]) {
		t->discarded[reason] = metric_of2(m, METRIC_DISCARDED_SAMPLES, why, t->name);
		t->discarded_bytes[reason] = metric_of2(m, METRIC_DISCARDED_BYTES, why, t->name);
	}
	metrics_add(t->discarded[reason], (double)tally->n);
	metrics_add(t->discarded_bytes[reason], (double)tally->n_bytes);
}

void intake_metrics_decoded(struct intake *in, const struct push_run *r)
{
	struct metrics *m = in->opts.metrics;
	struct intake_tenant *t = r->tenant;
	struct bytes cut = bytes_str(reasons[REASON_LINE]);

	if (!t->bytes || t->retention_ns != r->limits->retention_period_ns)
		set_retention(in, t, r->limits->retention_period_ns);
	metrics_add(t->lines, (double)r->received.n);
	metrics_add(t->bytes, (double)r->received.n_bytes);
	metrics_add(t->meta_bytes, (double)r->received_meta_bytes);
	for (size_t i = 0; i < REASON_COUNT; i++)
		discarded(in, t, i, &r->discarded[i]);
	if (r->cut.n) {
		metrics_add(metric_of2(m, METRIC_MUTATED_SAMPLES, cut, t->name), (double)r->cut.n);
		metrics_add(metric_of2(m, METRIC_MUTATED_BYTES, cut, t->name),
			    (double)r->cut.n_bytes);
	}
}

void intake_metrics_acknowledged(struct intake *in, const struct waiter *w)
{
	server_metrics_queryable(in->opts.metrics, w->tenant->name, &w->ages,
				 (double)(time_mono_ns() - w->decoded_ns) / NS_PER_S);
}
