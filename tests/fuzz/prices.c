/* Files that plan costs: prices, models, fields of a capacity. Any text is one or an error; no
 * price of a day is that of another; a model costs what its items do; a capacity that is read
 * projects, or says why not, and no month's cost is other than its parts. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "cost/capacity.h"
#include "cost/model.h"
#include "cost/prices.h"

static void check_prices(const struct prices *p)
{
	struct err e;

	for (size_t i = 0; i < p->n; i++) {
		const struct price *v = &p->v[i];
		int64_t nano;

		if (v->nano < 0 || v->from >= v->to)
			abort();
		if (v->from != INT32_MIN && prices_need(p, v->name, v->from, &e) != v)
			abort();
		if (v->to != INT32_MAX && prices_need(p, v->name, v->to - 1, &e) != v)
			abort();
		if (price_of_day(v, price_count(1), 20000, &nano, &e) < 0 || nano < 0)
			abort();
	}
}

static void check_models(const struct models *ms)
{
	for (size_t i = 0; i < ms->n; i++) {
		num_wide sum = 0;

		for (size_t k = 0; k < ms->v[i].n; k++)
			sum += ms->v[i].item[k].cost;
		if (sum != ms->v[i].total ||
		    model_saving(&ms->v[0], &ms->v[i]).month != ms->v[0].total - ms->v[i].total)
			abort();
	}
}

static void check_capacity(struct capacity *c)
{
	static const enum capacity_model models[] = { CAPACITY_FULL, CAPACITY_PLAIN };
	struct capacity_month m;
	struct err e;

	if (capacity_complete(c, &e) < 0)
		return;
	for (unsigned i = 0; i < 4; i++)
		if (capacity_project(c, models[i % 2], i * 6, &m, &e) == 0 &&
		    (m.cost != m.storage_cost + m.node_cost || m.cost < 0))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct arena mem = { 0 };
	struct prices p = { 0 };
	struct models ms = { 0 };
	struct capacity c = { 0 };
	struct err e;

	if (size > 1 << 12)
		return 0;
	if (prices_read(text, "f", &mem, &p, &e) == 0)
		check_prices(&p);
	if (models_add(&ms, text, "f", NULL, 20000, &mem, &e) == 0)
		check_models(&ms);
	if (capacity_read(&c, text, "f", &e) == 0)
		check_capacity(&c);
	models_release(&ms);
	arena_release(&mem);
	return 0;
}
