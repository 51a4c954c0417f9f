#include "cost/services.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "csv/csv.h"

enum { MINUTES_OF_DAY = 1440 };

void services_release(struct services *s)
{
	free(s->v);
	arena_release(&s->mem);
	*s = (struct services){ 0 };
}

enum column { COLUMN_SERVICE, COLUMN_LINES, COLUMN_BYTES, COLUMNS };

static const char *const column_names[COLUMNS] = { "service", "lines_per_minute",
						   "bytes_per_line" };

/* Which field of a row each column is; SIZE_MAX: there is none. */
static int read_heading(const struct services *s, const struct csv_row *row, const char *file,
			size_t at[COLUMNS], struct err *e)
{
	for (int c = 0; c < COLUMNS; c++)
		at[c] = SIZE_MAX;
	for (size_t i = 0; i < row->n; i++)
		for (int c = 0; c < COLUMNS; c++)
			if (bytes_is(bytes_trim(row->field[i]), column_names[c])) {
				if (at[c] != SIZE_MAX)
					return err_set(e, ERR_CORRUPT,
						       "%s:%" PRIu64 ": '%s' heads two columns",
						       file, row->line, column_names[c]);
				at[c] = i;
			}
	for (int c = 0; c < COLUMN_BYTES; c++)
		if (at[c] == SIZE_MAX)
			return err_set(e, ERR_CORRUPT, "%s:%" PRIu64 ": the heading lacks '%s'",
				       file, row->line, column_names[c]);
	if (at[COLUMN_BYTES] == SIZE_MAX && s->bytes_per_line == 0)
		return err_set(e, ERR_CORRUPT,
			       "%s:%" PRIu64
			       ": the heading lacks '%s': give the column, or --bytes-per-line",
			       file, row->line, column_names[COLUMN_BYTES]);
	return 0;
}

static int read_count(const struct csv_row *row, const char *file, enum column c, size_t at,
		      uint64_t *ret, struct err *e)
{
	struct bytes text = at < row->n ? bytes_trim(row->field[at]) : (struct bytes){ 0 };

	if (!num_u64(text, ret))
		return err_set(e, ERR_CORRUPT,
			       "%s:%" PRIu64 ": '%s': expected a whole number, found '%.*s'", file,
			       row->line, column_names[c], BYTES_ARG(bytes_sub(text, 0, 100)));
	return 0;
}

static int add_service(struct services *s, const struct csv_row *row, const char *file,
		       const size_t at[COLUMNS], struct err *e)
{
	struct service one = { 0 };
	uint64_t bytes = s->bytes_per_line;

	if (at[COLUMN_SERVICE] < row->n)
		one.name = arena_copy(&s->mem, bytes_trim(row->field[at[COLUMN_SERVICE]]));
	if (read_count(row, file, COLUMN_LINES, at[COLUMN_LINES], &one.lines, e) < 0)
		return -1;
	if (at[COLUMN_BYTES] != SIZE_MAX &&
	    read_count(row, file, COLUMN_BYTES, at[COLUMN_BYTES], &bytes, e) < 0)
		return -1;
	if (s->n == SERVICES_MAX)
		return err_set(e, ERR_LIMIT, "%s:%" PRIu64 ": more than %d services", file,
			       row->line, SERVICES_MAX);
	if (__builtin_mul_overflow(one.lines, bytes, &one.day) ||
	    __builtin_mul_overflow(one.day, MINUTES_OF_DAY, &one.day) ||
	    __builtin_add_overflow(s->sum.day, one.day, &s->sum.day) ||
	    __builtin_add_overflow(s->sum.lines, one.lines, &s->sum.lines) ||
	    s->sum.day > INT64_MAX / 366)
		return err_set(
			e, ERR_LIMIT,
			"%s:%" PRIu64 ": '%s' times '%s': more than can be counted, here or in all",
			file, row->line, column_names[COLUMN_LINES], column_names[COLUMN_BYTES]);
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = one;
	return 0;
}

int services_add(struct services *s, struct bytes text, const char *file, struct err *e)
{
	struct csv_row row = { 0 };
	size_t at[COLUMNS] = { 0 };
	bool has_heading = false;
	int rc;

	while ((rc = csv_next(&text, CSV_ALL, &row, e)) > 0) {
		if ((has_heading ? add_service(s, &row, file, at, e)
				 : read_heading(s, &row, file, at, e)) < 0) {
			csv_row_release(&row);
			return -1;
		}
		has_heading = true;
	}
	csv_row_release(&row);
	if (rc < 0)
		return err_wrap(e, "%s", file);
	return has_heading ? 0 : err_set(e, ERR_CORRUPT, "%s:1: there is no heading", file);
}
