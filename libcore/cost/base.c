#include "cost/base.h"

#include "base/num.h"
#include "time/time.h"

/* In the order of enum cost_format. */
static const char *const words[] = { "text", "jsonl", "csv", "html", "svg", "prom" };

/* One of the first n. */
static int take_first(void *at, const char *value, size_t n, struct err *e)
{
	const char *list[sizeof(words) / sizeof(*words) + 1] = { 0 };
	int i;

	memcpy(list, words, n * sizeof(*words));
	if (cli_read_word(value, list, &i, e) < 0)
		return -1;
	*(enum cost_format *)at = (enum cost_format)i;
	return 0;
}

int cost_take_table_format(void *at, const char *value, struct err *e)
{
	return take_first(at, value, COST_CSV + 1, e);
}

int cost_take_picture_format(void *at, const char *value, struct err *e)
{
	return take_first(at, value, COST_SVG + 1, e);
}

int cost_take_format(void *at, const char *value, struct err *e)
{
	return take_first(at, value, COST_PROM + 1, e);
}

int cost_take_ratio(void *at, const char *value, struct err *e)
{
	double *to = at;

	if (!num_plain_double(bytes_str(value), to) || *to < 0.001 || *to > 1e6)
		return err_set(e, ERR_USAGE, "expected 0.001 to 1000000, found '%s'", value);
	return 0;
}

int cost_take_age(void *at, const char *value, struct err *e)
{
	int64_t *to = at;

	if (time_parse_age(bytes_str(value), to, e) < 0)
		return -1;
	if (*to < NS_PER_S)
		return err_set(e, ERR_USAGE, "expected 1s or more, found '%s'", value);
	return 0;
}
