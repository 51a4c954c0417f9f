#include "cost/ask_report.h"

#include <unistd.h>

#include "base/io.h"
#include "base/work.h"
#include "cost/money.h"
#include "cost/period.h"
#include "cost/read.h"
#include "cost/sums.h"

const struct cli_taken cost_report_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	{ { 0 }, NULL, 0 },
};

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	return cost_sums_add(data, r, e);
}

static int read_one(struct cost_reading *r, const char *path, struct err *e)
{
	struct buf name = { 0 };
	int fd, rc;

	if (strcmp(path, "-") == 0)
		return cost_read(r, STDIN_FILENO, "stdin", e);
	fd = io_open(path, e);
	if (fd < 0)
		return -1;
	buf_addf(&name, "'%s'", path);
	rc = cost_read(r, fd, buf_str(&name), e);
	buf_release(&name);
	close(fd);
	return rc;
}

static void on_fault(void *data, const struct err *e)
{
	(void)data;
	fprintf(stderr, "%s\n", e->msg);
}

int cost_ask_report(void *opts, char **operand, size_t n, struct err *e)
{
	const struct cost_report_opts *o = opts;
	const struct cost_by by = { .n = 0 };
	const struct cost_dims dims = { { BYTES_LIT("resource"), BYTES_LIT("cluster"), BYTES_LIT("tenant") }, 3 };
	struct cost_sums *s = cost_sums_new(&by, 1);
	struct cost_reading r = { &dims, 2, on_record, on_fault, s, 0 };
	const struct cost_cell *c;
	size_t n_cells;
	struct buf b = {0};

	(void)o;
	for (size_t i = 0; i < n; i++)
		if (read_one(&r, operand[i], e) < 0) return -1;
	c = cost_sums_cells(s, &n_cells);
	for (size_t i = 0; i < n_cells; i++) { char t[PERIOD_TEXT]; period_text(PERIOD_DAY, c[i].day, t); buf_addf(&b, "%s ", t); money_text(&b, c[i].nano); buf_add_char(&b, '\n'); }
	fputs(buf_str(&b), stdout);
	return 0;
}
