/* What is in the lines of `gen-logs bodies`: counted from their text where a query looks at the
 * text. */
#include <stdlib.h>

#include "bodies.h"

enum { HOURS = 24, HOUR_S = 3600, STATUSES = 600, TOP = 10 };

struct durations {
	uint32_t *us;
	size_t n, cap;
};

struct bodies_truth {
	int64_t start_s;
	struct {
		uint64_t lines, bytes, errors, errors_by_hour[HOURS];
	} apps[BODIES_APPS_MAX];
	uint64_t needles, words;
	uint64_t status[STATUSES][BODIES_WINDOWS]; /* of checkout-api */
	struct durations durations[BODIES_PATHS][BODIES_WINDOWS];
	uint64_t pages[BODIES_PAGES][BODIES_WINDOWS]; /* of edge-nginx */
};

struct bodies_truth *bodies_truth_new(int64_t start_s)
{
	struct bodies_truth *t = need(sizeof(*t));

	t->start_s = start_s;
	return t;
}

static bool has(const struct out *text, const char *what)
{
	return memmem(text->p, text->n, what, strlen(what)) != NULL;
}

static void add_duration(struct durations *d, uint64_t us)
{
	if (d->n == d->cap) {
		d->cap = d->cap * 2 + 16;
		d->us = realloc(d->us, d->cap * sizeof(*d->us));
		if (!d->us)
			die("memory");
	}
	d->us[d->n++] = (uint32_t)us;
}

void bodies_truth_add(struct bodies_truth *t, const struct bodies_line *l, int64_t ts_ns,
		      const char *needle)
{
	int64_t since_s = ts_ns / NS_PER_S - t->start_s;
	size_t app = (size_t)(l->app - bodies_apps), window = (size_t)(since_s / BODIES_WINDOW_S);

	t->apps[app].lines++;
	t->apps[app].bytes += l->text.n;
	if (has(&l->text, "error")) {
		t->apps[app].errors++;
		t->apps[app].errors_by_hour[since_s / HOUR_S]++;
	}
	t->needles += has(&l->text, needle);
	t->words += has(&l->text, bodies_word);
	if (strcmp(l->app->name, "checkout-api") == 0 && l->status) {
		t->status[l->status][window] += l->status >= 500;
		add_duration(&t->durations[l->path][window], l->duration_us);
	}
	if (strcmp(l->app->name, "edge-nginx") == 0)
		t->pages[l->page][window]++;
}

static void put_number(struct out *o, const char *name, uint64_t v)
{
	out_strs(o, "\"", name, "\":", NULL);
	out_uint(o, v);
	out_str(o, ",");
}

static void put_numbers(struct out *o, const uint64_t *v, size_t n)
{
	out_str(o, "[");
	for (size_t i = 0; i < n; i++) {
		out_str(o, i ? "," : "");
		out_uint(o, v[i]);
	}
	out_str(o, "]");
}

static void put_apps(const struct bodies_truth *t, struct out *o)
{
	out_str(o, "\"apps\":{");
	for (unsigned i = 0; i < bodies_n_apps; i++) {
		out_strs(o, i ? ",\n\"" : "\n\"", bodies_apps[i].name, "\":{\"namespace\":\"",
			 bodies_apps[i].namespace, "\",", NULL);
		put_number(o, "lines", t->apps[i].lines);
		put_number(o, "bytes", t->apps[i].bytes);
		put_number(o, "error_lines", t->apps[i].errors);
		out_str(o, "\"error_by_hour\":");
		put_numbers(o, t->apps[i].errors_by_hour, HOURS);
		out_str(o, "}");
	}
	out_str(o, "},\n");
}

static void put_statuses(const struct bodies_truth *t, struct out *o)
{
	const char *between = "";

	out_str(o, "\"q6\":{");
	for (unsigned s = 500; s < STATUSES; s++) {
		uint64_t all = 0;

		for (unsigned i = 0; i < BODIES_WINDOWS; i++)
			all += t->status[s][i];
		if (all == 0)
			continue;
		out_strs(o, between, "\"", NULL);
		out_uint(o, s);
		out_str(o, "\":");
		put_numbers(o, t->status[s], BODIES_WINDOWS);
		between = ",";
	}
	out_str(o, "},\n");
}

static int cmp_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* [p99 in ms, by a straight line between its neighbours; the value below; the value above] */
static void put_p99(struct durations *d, struct out *o)
{
	size_t at, low, high;
	uint64_t ten_ns;

	if (d->n == 0) {
		out_str(o, "null");
		return;
	}
	qsort(d->us, d->n, sizeof(*d->us), cmp_u32);
	at = 99 * (d->n - 1);
	low = at / 100;
	high = low + 1 < d->n ? low + 1 : low;
	ten_ns = d->us[low] * 100ULL + (d->us[high] - d->us[low]) * (uint64_t)(at % 100);
	out_str(o, "[");
	out_uint(o, ten_ns / 100000);
	out_str(o, ".");
	out_pad(o, ten_ns % 100000, 5);
	out_str(o, ",");
	out_frac(o, d->us[low]);
	out_str(o, ",");
	out_frac(o, d->us[high]);
	out_str(o, "]");
}

static void put_durations(struct bodies_truth *t, struct out *o)
{
	out_str(o, "\"q7\":{");
	for (unsigned p = 0; p < BODIES_PATHS; p++) {
		out_strs(o, p ? ",\n\"" : "\n\"", bodies_paths[p], "\":[", NULL);
		for (unsigned i = 0; i < BODIES_WINDOWS; i++) {
			out_str(o, i ? "," : "");
			put_p99(&t->durations[p][i], o);
		}
		out_str(o, "]");
	}
	out_str(o, "},\n");
}

static int cmp_u64_down(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

static void put_top_pages(const struct bodies_truth *t, struct out *o)
{
	out_str(o, "\"q8\":[");
	for (unsigned i = 0; i < BODIES_WINDOWS; i++) {
		uint64_t n[BODIES_PAGES];
		size_t shown = 0;

		for (unsigned p = 0; p < BODIES_PAGES; p++)
			n[p] = t->pages[p][i];
		qsort(n, BODIES_PAGES, sizeof(n[0]), cmp_u64_down);
		while (shown < TOP && n[shown])
			shown++;
		out_str(o, i ? "," : "");
		put_numbers(o, n, shown);
	}
	out_str(o, "]");
}

void bodies_truth_write(struct bodies_truth *t, struct out *o, const char *needle,
			const struct out *labels, size_t n_labels)
{
	out_strs(o, "\"needle\":\"", needle, "\",", NULL);
	put_number(o, "needle_lines", t->needles);
	out_strs(o, "\"word\":\"", bodies_word, "\",", NULL);
	put_number(o, "word_lines", t->words);
	out_str(o, "\n");
	put_apps(t, o);
	out_str(o, "\"stream_labels\":[");
	for (size_t i = 0; i < n_labels; i++) {
		out_str(o, i ? ",\n" : "\n");
		out_mem(o, labels[i].p, labels[i].n);
	}
	out_str(o, "],\n");
	put_statuses(t, o);
	put_durations(t, o);
	put_top_pages(t, o);
}
