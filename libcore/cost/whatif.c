#include "cost/whatif.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cost/money.h"
#include "time/time.h"

enum { MEAN_DAYS = 7, OBJECTS_OF_FLUSH = 2, HOURS_OF_MONTH = 730 };

/* Of plain logs of services; who knows better gives --ratio. */
static const double assumed_ratio[CODEC_COUNT] = {
	[CODEC_NONE] = 1, [CODEC_SNAPPY] = 4, [CODEC_ZSTD] = 10
};

static int32_t first_day(const struct usage *u, int32_t today)
{
	int32_t first = today;

	for (size_t i = 0; i < u->n; i++)
		if (u->v[i].day != USAGE_NO_DAY && u->v[i].day < first)
			first = u->v[i].day;
	return first;
}

static int by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t count_days(const struct usage *u)
{
	int32_t *v = mem_alloc((u->n + 1) * sizeof(*v));
	uint32_t days = 0;
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		if (u->v[i].day != USAGE_NO_DAY)
			v[n++] = u->v[i].day;
	qsort(v, n, sizeof(*v), by_number);
	for (size_t i = 0; i < n; i++)
		days += i == 0 || v[i] != v[i - 1];
	free(v);
	return days;
}

static uint64_t count_tenants(const struct usage *u)
{
	uint64_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		n += i == 0 || !bytes_eq(u->v[i].tenant, u->v[i - 1].tenant);
	return n;
}

/* The bytes that a row would have in the encoding. */
static uint64_t packed(const struct usage_row *r, const struct whatif_ask *ask, double ratio)
{
	double bytes = (double)r->bytes;

	if (ratio == 0)
		return r->bytes;
	for (int k = 0; k < CODEC_COUNT; k++) {
		/* Chunks that the store has twice, as compaction leaves them for a time, are as
		 * many bytes as they were. */
		if (k != ask->encoding)
			bytes += (double)r->lines[k] / ratio - (double)r->chunks[k];
	}
	return bytes > 0 ? (uint64_t)bytes : 0;
}

static bool is_kept(const struct usage_row *r, const struct whatif_ask *ask)
{
	return ask->retention == 0 || r->day == USAGE_NO_DAY ||
	       (int64_t)ask->today - r->day < ask->retention;
}

/* ---- what lies there, to be priced as usage prices it: each tenant's bytes of a class at once
 * ---- */

struct held {
	struct bytes tenant, class;
	uint64_t bytes;
};

struct holding {
	struct held *v;
	size_t n, cap;
};

/* Rows come by tenant: those of one stand at the end. */
static void hold(struct holding *h, struct bytes tenant, struct bytes class, uint64_t bytes)
{
	for (size_t i = h->n; i > 0 && bytes_eq(h->v[i - 1].tenant, tenant); i--) {
		if (bytes_eq(h->v[i - 1].class, class)) {
			h->v[i - 1].bytes += bytes;
			return;
		}
	}
	mem_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v));
	h->v[h->n++] = (struct held){ tenant, class, bytes };
}

static int price_one(const struct whatif_ask *ask, const struct held *h, int64_t *sum,
		     struct err *e)
{
	struct buf name = { 0 };
	const struct price *price;
	int64_t nano;
	int rc = -1;

	buf_addf(&name, "storage.%.*s", BYTES_ARG(h->class));
	price = prices_need(ask->prices, buf_str(&name), ask->today, e);
	buf_release(&name);
	if (price)
		rc = price_of_month(price, price_count(h->bytes), &nano, e);
	if (rc == 0 && !money_add(sum, nano))
		rc = err_set(e, ERR_LIMIT, "the sum is too large");
	return rc;
}

static int price_all(const struct whatif_ask *ask, const struct holding *h, int64_t *sum,
		     struct err *e)
{
	for (size_t i = 0; ask->prices && i < h->n; i++)
		if (price_one(ask, &h->v[i], sum, e) < 0)
			return -1;
	return 0;
}

/* ---- then, and now ---- */

/* The days that are still to come, each as the mean of the last. */
static int add_extra(const struct whatif_ask *ask, const struct usage *u, struct whatif *w,
		     struct holding *then, struct err *e)
{
	uint64_t bytes = 0, objects = 0;

	if (w->extra_days == 0)
		return 0;
	if (w->measured.days == 0)
		return err_set(e, ERR_CORRUPT,
			       "the store has no whole day to go by, and fewer than the retention");
	for (size_t i = 0; i < u->n; i++) {
		const struct usage_row *r = &u->v[i];

		if (r->day == USAGE_NO_DAY || r->day >= ask->today ||
		    (int64_t)ask->today - r->day > w->measured.days)
			continue;
		bytes += packed(r, ask, w->ratio);
		objects += r->objects;
	}
	for (uint32_t d = 0; d < w->extra_days; d++) {
		/* Each is one day older than the last of them. */
		struct usage_row r = { .class = bytes_str(ask->class),
				       .day = ask->today - (int32_t)(w->days + d) };
		struct bytes class =
			usage_class_of(&r, ask->tier, ask->n_tiers, ask->class, ask->today);

		w->then.bytes += bytes / w->measured.days;
		w->then.objects += objects / w->measured.days;
		hold(then, BYTES_LIT(""), class, bytes / w->measured.days);
	}
	return 0;
}

static int reckon_puts(const struct whatif_ask *ask, uint64_t tenants, int64_t every_ns,
		       struct whatif_side *side, struct err *e)
{
	const num_wide month = (num_wide)HOURS_OF_MONTH * 3600 * NS_PER_S;
	const struct price *price;

	side->puts = (uint64_t)num_clip(month / every_ns * OBJECTS_OF_FLUSH * (num_wide)tenants);
	if (!ask->prices)
		return 0;
	price = prices_need(ask->prices, "requests.put", ask->today, e);
	if (!price || price_of_month(price, price_count(side->puts), &side->puts_cost, e) < 0)
		return -1;
	side->has_puts_cost = true;
	return 0;
}

static void find_ratio(const struct whatif_ask *ask, struct whatif *w)
{
	if (ask->encoding < 0)
		return;
	w->ratio = ask->ratio > 0 ? ask->ratio : w->measured.ratio_of[ask->encoding];
	w->is_ratio_assumed = w->ratio == 0;
	if (w->is_ratio_assumed)
		w->ratio = assumed_ratio[ask->encoding];
}

int whatif_reckon(const struct usage *u, const struct whatif_ask *ask, struct whatif *ret,
		  struct err *e)
{
	struct holding now = { 0 }, then = { 0 };
	struct whatif w = { 0 };
	uint64_t tenants = count_tenants(u);
	int rc = -1;

	measure(u, ask->today, MEAN_DAYS, &w.measured);
	find_ratio(ask, &w);
	w.days_used = count_days(u);
	w.days = (uint32_t)(ask->today - first_day(u, ask->today)) + 1;
	if (ask->retention > w.days)
		w.extra_days = ask->retention - w.days;
	for (size_t i = 0; i < u->n; i++) {
		const struct usage_row *r = &u->v[i];
		uint64_t bytes = packed(r, ask, w.ratio);
		struct bytes class =
			usage_class_of(r, ask->tier, ask->n_tiers, ask->class, ask->today);

		w.now.bytes += r->bytes;
		w.now.objects += r->objects;
		hold(&now, r->tenant, r->class, r->bytes);
		if (!is_kept(r, ask))
			continue;
		w.then.bytes += bytes;
		w.then.objects += r->objects;
		hold(&then, r->tenant, class, bytes);
	}
	if (add_extra(ask, u, &w, &then, e) < 0 || price_all(ask, &now, &w.now.storage, e) < 0 ||
	    price_all(ask, &then, &w.then.storage, e) < 0 ||
	    reckon_puts(ask, tenants, ask->flush_now_ns, &w.now, e) < 0 ||
	    reckon_puts(ask, tenants, ask->flush_ns ? ask->flush_ns : ask->flush_now_ns, &w.then,
			e) < 0)
		goto out;
	*ret = w;
	rc = 0;
out:
	free(now.v);
	free(then.v);
	return rc;
}
