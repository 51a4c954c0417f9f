#include "cli/values.h"

#include <string.h>

#include "base/num.h"

static int check_range(const char *text, uint64_t v, uint64_t min, uint64_t max, struct err *e)
{
	if (v < min)
		return err_set(e, ERR_USAGE, "expected at least %llu, found '%s'",
			       (unsigned long long)min, text);
	if (v > max)
		return err_set(e, ERR_USAGE, "expected at most %llu, found '%s'",
			       (unsigned long long)max, text);
	return 0;
}

/* "at least 1KiB": as sizes are typed. */
static int check_size(const char *text, uint64_t v, uint64_t min, uint64_t max, struct err *e)
{
	uint64_t limit = v < min ? min : max;
	struct buf b = { 0 };

	if ((v >= min && v <= max) || limit < 1024)
		return check_range(text, v, min, max, e);
	num_add_whole_size(&b, limit, "i");
	err_set(e, ERR_USAGE, "expected at %s %s, found '%s'", v < min ? "least" : "most",
		buf_str(&b), text);
	buf_release(&b);
	return -1;
}

static int refuse_size(const char *text, uint64_t min, struct err *e)
{
	struct buf b = { 0 };

	if (min > 1) {
		buf_add_str(&b, ", at least ");
		num_add_whole_size(&b, min, "i");
	}
	err_set(e, ERR_USAGE, "expected a size as 64MiB%s, found '%s'", buf_str(&b), text);
	buf_release(&b);
	return -1;
}

int cli_read_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct err *e)
{
	uint64_t v;

	if (!num_u64(bytes_str(text), &v))
		return err_set(e, ERR_USAGE, "expected a whole number, found '%s'", text);
	if (check_range(text, v, min, max, e) < 0)
		return -1;
	*ret = v;
	return 0;
}

int cli_read_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct err *e)
{
	uint64_t v;

	if (!num_size(bytes_str(text), &v))
		return refuse_size(text, min, e);
	if (check_size(text, v, min, max, e) < 0)
		return -1;
	*ret = v;
	return 0;
}

int cli_read_word(const char *text, const char *const *words, int *ret, struct err *e)
{
	struct buf all = { 0 };

	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0) {
			buf_release(&all);
			*ret = i;
			return 0;
		}
		buf_addf(&all, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	err_set(e, ERR_USAGE, "expected %s, found '%s'", buf_str(&all), text);
	buf_release(&all);
	return -1;
}

int cli_take_flag(void *at, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	*(bool *)at = true;
	return 0;
}

int cli_take_text(void *at, const char *value, struct err *e)
{
	(void)e;
	*(const char **)at = value;
	return 0;
}

int cli_take_count(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, UINT64_MAX, at, e);
}

int cli_take_size(void *at, const char *value, struct err *e)
{
	return cli_read_size(value, 1, UINT64_MAX, at, e);
}

int cli_take_format(void *at, const char *value, struct err *e)
{
	static const char *const formats[] = { "text", "jsonl", NULL };
	int i;

	if (cli_read_word(value, formats, &i, e) < 0)
		return -1;
	*(enum cli_format *)at = i ? CLI_JSONL : CLI_TEXT;
	return 0;
}
