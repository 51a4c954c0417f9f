#include "server/upkeep_counts.h"

#include <stdio.h>

#include "base/num.h"
#include "index/fault.h"
#include "json/json.h"
#include "labels/labels.h"
#include "server/server_metrics.h"
#include "time/time.h"

/* 0 when it is not there. */
static double number_of(struct bytes line, const char *name)
{
	struct bytes raw;
	uint64_t n;

	return json_member(line, name, &raw) && num_u64(raw, &n) ? (double)n : 0;
}

/* Without its quotes; those of tenants, days, faults and names have no escapes. */
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

/* Compaction deletes these. */
static bool is_leftover(struct bytes fault)
{
	return bytes_is(fault, fault_word(FAULT_LEFTOVER)) ||
	       bytes_is(fault, fault_word(FAULT_SUPERFLUOUS));
}

struct upkeep_found upkeep_found(struct bytes said)
{
	struct upkeep_found ret = { 0 };
	struct bytes line;

	while (next_line(&said, &line)) {
		struct bytes fault = text_of(line, "fault");

		ret.n += fault.n > 0;
		if (bytes_is(fault, fault_word(FAULT_ORPHAN))) {
			ret.n_unnamed++;
		} else if (fault.n && !is_leftover(fault) && !ret.n_bad++) {
			ret.bad = text_of(line, "name");
			ret.what = text_of(line, "what");
		}
	}
	return ret;
}

/* ---- the log ---- */

enum { LOGGED_MAX = 100, NUMBER_MAX = 24 };
enum member { OF_PACKS, OF_CHUNKS, OF_ENTRIES, OF_BYTES, MEMBERS };
static const char *const member_name[MEMBERS] = { "packs", "chunks", "entries", "bytes" };

/* Of one tenant: lines of a tenant follow one another. */
struct sum {
	struct bytes tenant; /* empty: none yet */
	double n[MEMBERS];
};

static void log_sum(struct log *log, const char *msg, const struct sum *s, const char *took)
{
	char tenant[TENANT_MAX + 1], n[MEMBERS][NUMBER_MAX];
	/* The same chunks lie in packs: compaction tells of these, retention of those alone. */
	enum member what = s->n[OF_PACKS] > 0 ? OF_PACKS : OF_CHUNKS;

	snprintf(tenant, sizeof(tenant), "%.*s", BYTES_ARG(s->tenant));
	for (int i = 0; i < MEMBERS; i++)
		snprintf(n[i], sizeof(n[i]), "%.0f", s->n[i]);
	log_event(log, LOG_INFO, msg, "tenant", tenant, member_name[what], n[what], "entries",
		  n[OF_ENTRIES], "bytes", n[OF_BYTES], "duration", took, NULL);
}

/* Where it is not too much. */
static void end_sum(struct log *log, const char *msg, struct sum *s, uint64_t *n, const char *took)
{
	if (s->n[OF_ENTRIES] > 0 && (*n)++ < LOGGED_MAX)
		log_sum(log, msg, s, took);
	*s = (struct sum){ 0 };
}

void upkeep_log(struct log *log, const char *msg, struct bytes said, int64_t took_ns)
{
	char took[NUMBER_MAX], more[NUMBER_MAX];
	struct sum sum = { 0 };
	struct bytes line;
	uint64_t n = 0;

	snprintf(took, sizeof(took), "%.3fs", (double)took_ns / NS_PER_S);
	while (next_line(&said, &line)) {
		struct bytes tenant = text_of(line, "tenant");

		if (!bytes_eq(tenant, sum.tenant))
			end_sum(log, msg, &sum, &n, took);
		sum.tenant = tenant;
		for (int i = 0; i < MEMBERS && tenant.n; i++)
			sum.n[i] += number_of(line, member_name[i]);
	}
	end_sum(log, msg, &sum, &n, took);
	if (n <= LOGGED_MAX)
		return;
	snprintf(more, sizeof(more), "%llu", (unsigned long long)n - LOGGED_MAX);
	log_event(log, LOG_INFO, msg, "more_tenants", more, "duration", took, NULL);
}
