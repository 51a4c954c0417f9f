#include "retention/keep.h"

#include <stdlib.h>

static int cmp_packs(const void *pa, const void *pb)
{
	const struct keep_pack *a = pa, *b = pb;
	int d;

	if (a->max_ts != b->max_ts)
		return a->max_ts < b->max_ts ? -1 : 1;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	d = bytes_cmp(a->tenant, b->tenant);
	return d ? d : hash128_cmp(&a->name, &b->name);
}

void keep_mark_newest(struct keep_pack *v, size_t n, int32_t today)
{
	int32_t last = INT32_MIN;

	for (size_t i = 0; i < n; i++)
		if (v[i].day <= today && v[i].day > last)
			last = v[i].day;
	for (size_t i = 0; i < n; i++)
		v[i].newest = v[i].day >= last;
}

void keep_sort(struct keep_pack *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), cmp_packs);
}

uint64_t keep_drop(struct keep_pack *v, size_t n, struct bytes tenant, uint64_t excess,
		   const char *rule)
{
	uint64_t dropped = 0;

	for (size_t i = 0; i < n && dropped < excess; i++) {
		if (v[i].stays || v[i].rule || (tenant.n && !bytes_eq(v[i].tenant, tenant)))
			continue;
		v[i].rule = rule;
		dropped += v[i].size;
		if (--v[i].index->n_packs == 0)
			dropped += v[i].index->size;
	}
	return dropped;
}
