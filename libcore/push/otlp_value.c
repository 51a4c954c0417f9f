#include "push/otlp_value.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "json/json.h"

/* As ES6 has numbers: an exponent below 1e-6 and from 1e21. */
static void add_double(struct buf *b, double v)
{
	char digits[NUM_DIGITS_MAX];
	int n, exponent;

	if (v == 0 || !isfinite(v) || (fabs(v) >= 1e-6 && fabs(v) < 1e21)) {
		num_add_double(b, v);
		return;
	}
	n = num_digits(fabs(v), digits, &exponent);
	buf_addf(b, "%s%c", v < 0 ? "-" : "", digits[0]);
	if (n > 1)
		buf_addf(b, ".%.*s", n - 1, digits + 1);
	buf_addf(b, "e%c%d", exponent < 0 ? '-' : '+', abs(exponent));
}

static int by_key(const void *a, const void *b)
{
	const struct otlp_value *x = *(struct otlp_value *const *)a;
	const struct otlp_value *y = *(struct otlp_value *const *)b;

	return bytes_cmp(x->key, y->key);
}

static void add_json(struct buf *b, const struct otlp_value *v, struct arena *a);

static void add_map(struct buf *b, const struct otlp_value *map, struct arena *a)
{
	const struct otlp_value **sorted;
	size_t n = 0;

	for (const struct otlp_value *v = map->first; v; v = v->next)
		n++;
	sorted = arena_alloc(a, n * sizeof(struct otlp_value *));
	n = 0;
	for (const struct otlp_value *v = map->first; v; v = v->next)
		sorted[n++] = v;
	qsort(sorted, n, sizeof(struct otlp_value *), by_key);
	buf_add_char(b, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		json_add_quoted(b, sorted[i]->key);
		buf_add_char(b, ':');
		add_json(b, sorted[i], a);
	}
	buf_add_char(b, '}');
}

static void add_json(struct buf *b, const struct otlp_value *v, struct arena *a)
{
	switch (v->kind) {
	case OTLP_EMPTY:
		buf_add_str(b, "null");
		break;
	case OTLP_STRING:
		json_add_quoted(b, v->text);
		break;
	case OTLP_BYTES:
		buf_add_char(b, '"');
		base64_add(b, v->text);
		buf_add_char(b, '"');
		break;
	case OTLP_BOOL:
		buf_add_str(b, v->truth ? "true" : "false");
		break;
	case OTLP_INT:
		num_add_i64(b, v->integer);
		break;
	case OTLP_DOUBLE:
		if (isfinite(v->number))
			add_double(b, v->number);
		else /* JSON has no word for it */
			buf_addf(b, "\"%s\"",
				 isnan(v->number) ? "NaN"
				 : v->number < 0  ? "-Inf"
						  : "+Inf");
		break;
	case OTLP_ARRAY:
		buf_add_char(b, '[');
		for (const struct otlp_value *item = v->first; item; item = item->next) {
			if (item != v->first)
				buf_add_char(b, ',');
			add_json(b, item, a);
		}
		buf_add_char(b, ']');
		break;
	case OTLP_MAP:
		add_map(b, v, a);
		break;
	}
}

struct bytes otlp_value_text(const struct otlp_value *v, struct arena *a)
{
	struct buf b = { 0 };
	struct bytes text;

	if (v->kind == OTLP_STRING)
		return v->text;
	if (v->kind == OTLP_EMPTY)
		return BYTES_LIT("");
	if (v->kind == OTLP_BYTES)
		base64_add(&b, v->text);
	else if (v->kind == OTLP_DOUBLE)
		add_double(&b, v->number);
	else
		add_json(&b, v, a);
	text = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return text;
}
