/* Any text as comma separated values: in one piece or in two it has the same rows, and what is
 * written of them reads back. */
#include "fuzz.h"

#include <stdlib.h>

#include "csv/csv.h"

static void must(bool fits)
{
	if (!fits)
		abort();
}

/* What a row is, written again, with its line in front. */
static void add_row(struct buf *b, const struct csv_row *row)
{
	buf_addf(b, "%llu", (unsigned long long)row->line);
	for (size_t i = 0; i < row->n; i++) {
		buf_add_char(b, ',');
		csv_add(b, row->field[i]);
	}
	buf_add_char(b, '\n');
}

/* All rows of text that comes in two pieces, and whether there is an error. */
static bool read_rows(struct bytes text, size_t cut, struct buf *b)
{
	struct csv_row row = { 0 };
	struct bytes rest = bytes_sub(text, 0, cut);
	struct err e;
	int rc;

	while ((rc = csv_next(&rest, cut < text.n ? CSV_MORE : CSV_ALL, &row, &e)) > 0)
		add_row(b, &row);
	if (rc == 0 && cut < text.n) {
		rest = bytes_sub(text, cut - rest.n, text.n);
		while ((rc = csv_next(&rest, CSV_ALL, &row, &e)) > 0)
			add_row(b, &row);
	}
	must(rc < 0 || rest.n == 0);
	csv_row_release(&row);
	return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct buf whole = { 0 }, pieces = { 0 }, again = { 0 };
	bool good = read_rows(text, size, &whole);

	if (size > 0)
		must(read_rows(text, data[0] % size, &pieces) == good);
	must(!good || size == 0 || bytes_eq(buf_bytes(&whole), buf_bytes(&pieces)));
	if (good)
		must(read_rows(buf_bytes(&whole), whole.n, &again));
	buf_release(&whole);
	buf_release(&pieces);
	buf_release(&again);
	return 0;
}
