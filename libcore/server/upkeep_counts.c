#include "server/upkeep_counts.h"

#include "base/num.h"
#include "json/json.h"
#include "server/server_metrics.h"

/* 0 when it is not there. */
static double number_of(struct bytes line, const char *name)
{
	struct bytes raw;
	uint64_t n;

	return json_member(line, name, &raw) && num_u64(raw, &n) ? (double)n : 0;
}

/* Of a tenant or day, which have no escapes. */
static struct bytes text_of(struct bytes line, const char *name)
{
	struct bytes raw;

	return json_member(line, name, &raw) && raw.n >= 2 ? bytes_sub(raw, 1, raw.n - 2)
							   : (struct bytes){ 0 };
}

/* The next line that is a whole object. */
static bool next_line(struct bytes *rest, struct bytes *ret)
{
	while (bytes_split(rest, '\n', ret)) {
		struct json_at j = json_start(*ret);
		struct bytes whole;

		if (ret->n && *ret->p == '{' && json_value(&j, &whole))
			return true;
	}
	return false;
}

static void add(struct metrics *m, enum server_metric which, struct bytes label, double by)
{
	metrics_add(metric_of1(m, which, label), by);
}

void upkeep_count_retained(struct metrics *m, struct bytes said)
{
	struct bytes line;

	while (next_line(&said, &line)) {
		struct bytes tenant = text_of(line, "tenant");

		add(m, METRIC_RETENTION_MARKS, text_of(line, "day"), number_of(line, "chunks"));
		add(m, METRIC_RETENTION_CHUNKS, tenant, number_of(line, "chunks"));
		add(m, METRIC_RETENTION_ENTRIES, tenant, number_of(line, "entries"));
		add(m, METRIC_RETENTION_BYTES, tenant, number_of(line, "bytes"));
	}
}

void upkeep_count_deleted(struct metrics *m, struct bytes said)
{
	struct bytes line;

	while (next_line(&said, &line)) {
		struct bytes tenant = text_of(line, "tenant");

		if (tenant.n == 0) /* of what was set aside */
			continue;
		add(m, METRIC_DELETE_CHUNKS, tenant, number_of(line, "chunks"));
		add(m, METRIC_DELETED_LINES, tenant, number_of(line, "entries"));
	}
}
