#include "cost/capacity.h"

#include <math.h>

#include "cost/money.h"

static const double GB = 1e9, TB = 1e12, DAYS_OF_MONTH = 365.0 / 12;

static uint64_t tb_bytes(enum capacity_model model)
{
	return model == CAPACITY_PLAIN ? UINT64_C(1024000000000) : UINT64_C(1000000000000);
}

/* ---- what was given ---- */

static int need(const struct capacity *c, enum capacity_field f, const char *why, struct err *e)
{
	if (c->field[f].given)
		return 0;
	return err_set(e, ERR_USAGE, "'%s' (--%s) is missing%s%s", capacity_names[f].name,
		       capacity_names[f].option, *why ? ": " : "", why);
}

static bool is_set(const struct capacity *c, enum capacity_field f)
{
	return c->field[f].given && c->field[f].v.units != 0;
}

/* What makes no sense alone. */
static int check_pairs(const struct capacity *c, struct err *e)
{
	static const struct {
		enum capacity_field f, needs;
		const char *why;
	} pairs[] = {
		{ CAPACITY_POD_MEMORY, CAPACITY_POD_CPU, "a pod has memory and cores" },
		{ CAPACITY_POD_CPU, CAPACITY_POD_MEMORY, "a pod has memory and cores" },
		{ CAPACITY_NODE_MEMORY, CAPACITY_NODE_CPU, "a node has memory and cores" },
		{ CAPACITY_NODE_CPU, CAPACITY_NODE_MEMORY, "a node has memory and cores" },
		{ CAPACITY_NODE_CPU, CAPACITY_POD_CPU, "what runs on a node are pods" },
		{ CAPACITY_NODE_COST, CAPACITY_NODE_CPU, "how many nodes depends on their size" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (is_set(c, pairs[i].f) && need(c, pairs[i].needs, pairs[i].why, e) < 0)
			return -1;
	return 0;
}

int capacity_complete(struct capacity *c, struct err *e)
{
	if (need(c, CAPACITY_INGESTION, "", e) < 0 || check_pairs(c, e) < 0)
		return -1;
	for (int f = 0; f < CAPACITY_FIELDS; f++) {
		const char *fallback = capacity_names[f].fallback;

		if (!c->field[f].given && fallback &&
		    capacity_set(c, (enum capacity_field)f, bytes_str(fallback), e) < 0)
			return -1;
		if (fallback)
			c->field[f].given = true;
	}
	if (!c->field[CAPACITY_COPIES].given)
		c->field[CAPACITY_COPIES] = c->field[CAPACITY_REPLICATION];
	return 0;
}

/* ---- the model ---- */

static double grown(double now, double percent, double months)
{
	return now * pow(1 + percent / 100, months);
}

/* GB of lines that came in the days of the retention, the last of which is so many months away. */
static double retained(const struct capacity *c, double month)
{
	double sum = 0;
	int days = (int)ceil(capacity_double(c, CAPACITY_RETENTION));

	for (int d = 0; d < days; d++)
		sum += grown(capacity_double(c, CAPACITY_INGESTION),
			     capacity_double(c, CAPACITY_INGESTION_GROWTH),
			     month - d / DAYS_OF_MONTH);
	return sum;
}

double capacity_implied(const struct capacity *c)
{
	if (!is_set(c, CAPACITY_STORED))
		return 0;
	return retained(c, 0) * GB * capacity_double(c, CAPACITY_COPIES) /
	       (capacity_double(c, CAPACITY_STORED) * TB);
}

static double compression(const struct capacity *c)
{
	double implied = capacity_implied(c);

	if (is_set(c, CAPACITY_COMPRESSION))
		return capacity_double(c, CAPACITY_COMPRESSION);
	return implied > 0 ? implied : 1;
}

static double stored_bytes(const struct capacity *c, enum capacity_model model,
			   const struct capacity_month *m)
{
	if (model == CAPACITY_PLAIN)
		return m->ingestion * 30 * GB;
	return retained(c, m->month) * GB * capacity_double(c, CAPACITY_COPIES) / compression(c);
}

/* Rounded up, but for what floating point adds: 3.0000000000000004 pods are 3. */
static double up(double v)
{
	return ceil(v - v * 1e-12);
}

static int pods(const struct capacity *c, double memory, double cpu, uint64_t *ret, struct err *e)
{
	double n;

	if (!c->field[CAPACITY_POD_CPU].given)
		return 0;
	n = up(fmax(memory / capacity_double(c, CAPACITY_POD_MEMORY),
		    cpu / capacity_double(c, CAPACITY_POD_CPU)));
	if (!(n < 1e15))
		return err_set(e, ERR_LIMIT, "more than 10^15 pods");
	*ret = (uint64_t)n;
	return 0;
}

static int nodes(const struct capacity *c, struct capacity_month *m, struct err *e)
{
	double fit;

	if (!c->field[CAPACITY_NODE_CPU].given)
		return 0;
	fit = floor(
		fmin(capacity_double(c, CAPACITY_NODE_MEMORY) /
			     capacity_double(c, CAPACITY_POD_MEMORY),
		     capacity_double(c, CAPACITY_NODE_CPU) / capacity_double(c, CAPACITY_POD_CPU)) *
		(1 + 1e-12));
	if (fit < 1)
		return err_set(e, ERR_USAGE,
			       "a pod ('podMemory', 'podCPU') does not fit on a node "
			       "('NodeMemory', 'NodeCPU')");
	m->nodes = (uint64_t)up((double)(m->ingesters + m->queriers) / fit);
	return 0;
}

static int cost(const struct capacity *c, enum capacity_model model, struct capacity_month *m,
		struct err *e)
{
	const struct exact bytes = { .units = m->stored }, n = { .units = m->nodes };
	int64_t per_tb, per_node;
	struct exact tb = c->field[CAPACITY_STORAGE_COST].v, node = c->field[CAPACITY_NODE_COST].v;

	/* Amounts of nine digits behind the point at most, which capacity_set saw to. */
	if (!money_times(MONEY_ONE, tb, 1, &per_tb) ||
	    !money_times(per_tb, bytes, tb_bytes(model), &m->storage_cost) ||
	    !money_times(MONEY_ONE, node, 1, &per_node) ||
	    !money_times(per_node, n, 1, &m->node_cost))
		return err_set(e, ERR_LIMIT, "month %u: its cost is too large", m->month);
	m->cost = m->storage_cost;
	if (!money_add(&m->cost, m->node_cost))
		return err_set(e, ERR_LIMIT, "month %u: its cost is too large", m->month);
	return 0;
}

int capacity_project(const struct capacity *c, enum capacity_model model, unsigned month,
		     struct capacity_month *ret, struct err *e)
{
	struct capacity_month m = { .month = month };
	double copies = model == CAPACITY_PLAIN ? 1 : capacity_double(c, CAPACITY_REPLICATION);
	double bytes;

	m.ingestion = grown(capacity_double(c, CAPACITY_INGESTION),
			    capacity_double(c, CAPACITY_INGESTION_GROWTH), month);
	m.queries = grown(capacity_double(c, CAPACITY_QUERIES),
			  capacity_double(c, CAPACITY_QUERY_GROWTH), month);
	m.ingester_memory = m.ingestion * copies * capacity_double(c, CAPACITY_INGESTER_MEMORY);
	m.ingester_cpu = m.ingestion * copies * capacity_double(c, CAPACITY_INGESTER_CPU);
	m.querier_memory = m.queries * capacity_double(c, CAPACITY_QUERIER_MEMORY);
	m.querier_cpu = m.queries * capacity_double(c, CAPACITY_QUERIER_CPU);
	bytes = stored_bytes(c, model, &m);
	if (!(bytes < 0x1p63))
		return err_set(e, ERR_LIMIT, "month %u: more than 8 EiB are stored", month);
	m.stored = (uint64_t)(bytes + 0.5);
	m.stored_tb = (double)m.stored / (double)tb_bytes(model);
	if (pods(c, m.ingester_memory, m.ingester_cpu, &m.ingesters, e) < 0 ||
	    pods(c, m.querier_memory, m.querier_cpu, &m.queriers, e) < 0)
		return -1;
	/* Each replica is a pod of its own. */
	if (m.ingesters && (double)m.ingesters < copies)
		m.ingesters = (uint64_t)up(copies);
	if (c->field[CAPACITY_DISK_SIZE].given)
		m.disks = (uint64_t)up(bytes / (capacity_double(c, CAPACITY_DISK_SIZE) * GB));
	if (nodes(c, &m, e) < 0 || cost(c, model, &m, e) < 0)
		return -1;
	*ret = m;
	return 0;
}
