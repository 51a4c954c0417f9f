/* The fields of a model of capacity: names, ranges, values from files. */
#include "cost/capacity.h"

#include "base/arena.h"
#include "cost/fields.h"

/* More than this is a slip, and products of it still fit. */
#define MOST 1e9

const struct capacity_name capacity_names[CAPACITY_FIELDS] = {
	[CAPACITY_INGESTION] = { "CurrentIngestionRate", "current-ingestion-rate", 0, MOST, NULL },
	[CAPACITY_QUERIES] = { "CurrentQueryRate", "current-query-rate", 0, MOST, "0" },
	[CAPACITY_STORED] = { "CurrentStorageSize", "current-storage-size", 0, MOST, NULL },
	[CAPACITY_INGESTION_GROWTH] = { "IngestionGrowthRate", "ingestion-growth-rate", -99, 1000,
					"0" },
	[CAPACITY_QUERY_GROWTH] = { "QueryGrowthRate", "query-growth-rate", -99, 1000, "0" },
	[CAPACITY_INGESTER_MEMORY] = { "IngesterMemoryPerGBDay", "ingester-memory-per-gb-day", 0,
				       MOST, "0" },
	[CAPACITY_INGESTER_CPU] = { "IngesterCPUPerGBDay", "ingester-cpu-per-gb-day", 0, MOST,
				    "0" },
	[CAPACITY_QUERIER_MEMORY] = { "QuerierMemoryPerQPS", "querier-memory-per-qps", 0, MOST,
				      "0" },
	[CAPACITY_QUERIER_CPU] = { "QuerierCPUPerQPS", "querier-cpu-per-qps", 0, MOST, "0" },
	[CAPACITY_STORAGE_COST] = { "StorageCostPerTB", "storage-cost-per-tb", 0, MOST, "0" },
	[CAPACITY_POD_MEMORY] = { "podMemory", "pod-memory", 1e-6, MOST, NULL },
	[CAPACITY_POD_CPU] = { "podCPU", "pod-cpu", 1e-6, MOST, NULL },
	[CAPACITY_MONTHS] = { "months", "months", 0, 120, "12" },
	[CAPACITY_RETENTION] = { "RetentionDays", "retention-days", 1, 36500, "30" },
	[CAPACITY_REPLICATION] = { "ReplicationFactor", "replication-factor", 1, 100, "3" },
	[CAPACITY_COPIES] = { "StorageCopies", "storage-copies", 1, 100, NULL },
	[CAPACITY_COMPRESSION] = { "CompressionRatio", "compression-ratio", 1e-3, MOST, NULL },
	[CAPACITY_NODE_MEMORY] = { "NodeMemory", "node-memory", 1e-6, MOST, NULL },
	[CAPACITY_NODE_CPU] = { "NodeCPU", "node-cpu", 1e-6, MOST, NULL },
	[CAPACITY_NODE_COST] = { "NodeCost", "node-cost", 0, MOST, "0" },
	[CAPACITY_DISK_SIZE] = { "DiskSize", "disk-size", 1e-6, MOST, NULL },
};

/* "podCPU", "pod-cpu" and "PodCpu" are one. */
static bool is_called(struct bytes name, const char *option)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '-' || c == '_')
			continue;
		option += *option == '-';
		if (*option != (c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c))
			return false;
		option++;
	}
	return *option == '\0';
}

/* Names are told apart without the hyphens, which fall elsewhere in "IngesterMemoryPerGBDay". */
static enum capacity_field capacity_find(struct bytes name)
{
	for (int f = 0; f < CAPACITY_FIELDS; f++)
		if (is_called(name, capacity_names[f].option))
			return (enum capacity_field)f;
	return CAPACITY_FIELDS;
}

static double to_double(struct exact x)
{
	double v = (double)x.units;

	for (int i = 0; i < x.scale; i++)
		v /= 10;
	return v;
}

double capacity_double(const struct capacity *c, enum capacity_field f)
{
	return to_double(c->field[f].v);
}

static bool is_whole(enum capacity_field f)
{
	return f == CAPACITY_MONTHS || f == CAPACITY_RETENTION || f == CAPACITY_REPLICATION ||
	       f == CAPACITY_COPIES;
}

int capacity_set(struct capacity *c, enum capacity_field f, struct bytes text, struct err *e)
{
	const struct capacity_name *n = &capacity_names[f];
	struct exact x;

	if (!exact_read(text, &x) || x.scale > 9 || (is_whole(f) && x.scale))
		return err_set(e, ERR_USAGE, "expected %s, found '%.*s'",
			       is_whole(f) ? "a whole number"
					   : "a number of at most 9 digits behind "
					     "the point",
			       BYTES_ARG(bytes_sub(text, 0, 100)));
	if (to_double(x) < n->least || to_double(x) > n->most)
		return err_set(e, ERR_USAGE, "expected %.10g to %.10g, found '%.*s'", n->least,
			       n->most, BYTES_ARG(text));
	c->field[f] = (struct capacity_value){ true, x };
	return 0;
}

static int read_pair(struct capacity *c, const struct yaml_pair *p, bool *seen, struct err *e)
{
	enum capacity_field f = capacity_find(p->key->text);
	struct err why;

	if (f == CAPACITY_FIELDS)
		return yaml_fail(p->key, e, ERR_USAGE, "unknown field '%.*s'",
				 BYTES_ARG(p->key->text));
	if (seen[f])
		return yaml_fail(p->key, e, ERR_USAGE, "'%s' was given before",
				 capacity_names[f].name);
	seen[f] = true;
	if (p->value->kind != YAML_SCALAR)
		return yaml_fail(p->value, e, ERR_USAGE, "'%s': expected a number",
				 capacity_names[f].name);
	if (c->field[f].given) /* as an option */
		return 0;
	if (capacity_set(c, f, p->value->text, &why) < 0)
		return yaml_fail(p->value, e, why.code, "'%s': %s", capacity_names[f].name,
				 why.msg);
	return 0;
}

int capacity_read(struct capacity *c, struct bytes text, const char *file, struct err *e)
{
	struct arena mem = { 0 };
	const struct yaml_node *root = fields_root(text, file, &mem, e);
	bool seen[CAPACITY_FIELDS] = { false };
	struct capacity got = *c;
	int rc = root ? 0 : -1;

	for (uint32_t i = 0; rc == 0 && i < root->n; i++)
		rc = read_pair(&got, &root->pair[i], seen, e);
	if (rc == 0)
		*c = got;
	arena_release(&mem);
	return rc;
}
