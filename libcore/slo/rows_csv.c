/* Counts as CSV: the first row names the columns, of which those that we do not know do not matter.
 */
#include "csv/csv.h"
#include "slo/row.h"

enum { COLUMNS_MAX = 64 };

struct columns {
	enum row_field field[COLUMNS_MAX];
	size_t n;
};

static int read_names(const struct csv_row *row, struct columns *c, struct err *e)
{
	bool has[ROW_FIELDS + 1] = { false };

	if (row->n > COLUMNS_MAX)
		return err_set(e, ERR_LIMIT, "line %llu: more than %d columns",
			       (unsigned long long)row->line, COLUMNS_MAX);
	for (c->n = 0; c->n < row->n; c->n++) {
		enum row_field f = row_field_of(bytes_trim(row->field[c->n]));

		if (f != ROW_FIELDS && has[f])
			return err_set(e, ERR_CORRUPT, "line %llu: column '%.*s' is there twice",
				       (unsigned long long)row->line, BYTES_ARG(row->field[c->n]));
		has[f] = true;
		c->field[c->n] = f;
	}
	if (!has[ROW_TOTAL] || !(has[ROW_BAD] || has[ROW_GOOD]))
		return err_set(
			e, ERR_CORRUPT,
			"line %llu: expected a row of names, with 'total' and 'bad' or 'good' "
			"among them: column '%s' is missing",
			(unsigned long long)row->line, has[ROW_TOTAL] ? "bad" : "total");
	return 0;
}

static int read_row(const struct csv_row *row, const struct columns *c, struct slo_rows *r,
		    struct err *e)
{
	struct row_texts t = { .line = row->line };

	if (row->n != c->n)
		return err_set(e, ERR_CORRUPT, "line %llu: %zu fields, but the first row names %zu",
			       (unsigned long long)row->line, row->n, c->n);
	for (size_t i = 0; i < row->n; i++) {
		struct bytes text = bytes_trim(row->field[i]);

		if (c->field[i] != ROW_FIELDS && text.n)
			t.text[c->field[i]] = text;
	}
	return row_add(r, &t, e);
}

int rows_read_csv(struct bytes text, struct slo_rows *r, struct err *e)
{
	struct csv_row row = { 0 };
	struct columns c = { 0 };
	bool named = false;
	int more;

	while ((more = csv_next(&text, CSV_ALL, &row, e)) > 0) {
		if ((named ? read_row(&row, &c, r, e) : read_names(&row, &c, e)) < 0) {
			more = -1;
			break;
		}
		named = true;
	}
	csv_row_release(&row);
	return more;
}
