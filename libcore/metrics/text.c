/* The text form, version 0.0.4: of each family a line of help and one of its type, then a line for
 * each value. */
#include <stdlib.h>

#include "base/num.h"
#include "base/utf8.h"
#include "metrics/registry.h"

static const char *const type_name[] = {
	[METRICS_COUNTER] = "counter",
	[METRICS_GAUGE] = "gauge",
	[METRICS_HISTOGRAM] = "histogram",
	[METRICS_UNTYPED] = "untyped",
};

void metrics_add_label(struct buf *key, const char *name, struct bytes value)
{
	if (key->n)
		buf_add_char(key, ',');
	buf_add_str(key, name);
	buf_add_str(key, "=\"");
	while (value.n) {
		size_t n;
		uint32_t c = utf8_next(value, &n);

		if (c == '\\' || c == '"')
			buf_add_char(key, '\\');
		if (c == '\n')
			buf_add_str(key, "\\n");
		else
			utf8_add(key, c ? c : UTF8_REPLACEMENT);
		value = bytes_sub(value, n, SIZE_MAX);
	}
	buf_add_char(key, '"');
}

static void add_help(struct buf *out, const char *help)
{
	for (; *help; help++)
		if (*help == '\\' || *help == '\n')
			buf_add_str(out, *help == '\n' ? "\\n" : "\\\\");
		else
			buf_add_char(out, *help);
}

/* name + suffix and its labels, of which `le` is the last unless NULL. */
static void add_name(struct buf *out, const struct metrics_series *s, const char *suffix,
		     const char *le)
{
	buf_add_str(out, s->family->name);
	buf_add_str(out, suffix);
	if (!s->labels.n && !le) {
		buf_add_char(out, ' ');
		return;
	}
	buf_add_char(out, '{');
	buf_add_bytes(out, s->labels);
	if (le)
		buf_addf(out, "%sle=\"%s\"", s->labels.n ? "," : "", le);
	buf_add_str(out, "} ");
}

static void add_count(struct buf *out, uint64_t n)
{
	buf_addf(out, "%llu\n", (unsigned long long)n);
}

static void add_value(struct buf *out, const struct metrics_series *s)
{
	num_add_double(out, atomic_load_explicit(&s->value, memory_order_relaxed));
	buf_add_char(out, '\n');
}

static void add_histogram(struct buf *out, const struct metrics_series *s, struct buf *le)
{
	const struct metrics_family *f = s->family;
	uint64_t n = 0;

	for (size_t i = 0; i <= f->n_buckets; i++) {
		buf_reset(le);
		if (i == f->n_buckets)
			buf_add_str(le, "+Inf");
		else
			num_add_double(le, f->bucket[i]);
		n += atomic_load_explicit(&s->bucket[i], memory_order_relaxed);
		add_name(out, s, "_bucket", buf_str(le));
		add_count(out, n);
	}
	add_name(out, s, "_sum", NULL);
	add_value(out, s);
	add_name(out, s, "_count", NULL);
	add_count(out, n);
}

static int by_labels(const void *a, const void *b)
{
	return bytes_cmp((*(struct metrics_series *const *)a)->labels,
			 (*(struct metrics_series *const *)b)->labels);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct metrics_group *)a)->family->name,
		      ((const struct metrics_group *)b)->family->name);
}

void metrics_write_groups(struct metrics_group *v, size_t n, struct buf *out)
{
	struct buf le = { 0 };

	if (n)
		qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct metrics_family *f = v[i].family;

		buf_addf(out, "# HELP %s ", f->name);
		add_help(out, f->help);
		buf_addf(out, "\n# TYPE %s %s\n", f->name, type_name[f->type]);
		if (v[i].n)
			qsort(v[i].series, v[i].n, sizeof(struct metrics_series *), by_labels);
		for (size_t j = 0; j < v[i].n; j++) {
			if (f->type == METRICS_HISTOGRAM) {
				add_histogram(out, v[i].series[j], &le);
				continue;
			}
			add_name(out, v[i].series[j], "", NULL);
			add_value(out, v[i].series[j]);
		}
	}
	buf_release(&le);
}
