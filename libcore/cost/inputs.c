#include "cost/inputs.h"

#include <stdio.h>
#include <unistd.h>

#include "base/io.h"

static int read_stdin(struct buf *b, struct err *e)
{
	for (;;) {
		int64_t n = io_read(STDIN_FILENO, buf_reserve(b, 64 << 10), 64 << 10, e);

		if (n < 0)
			return err_wrap(e, "stdin");
		if (n == 0)
			return 0;
		b->n += (size_t)n;
		if (b->n > COST_TEXT_MAX)
			return err_set(e, ERR_LIMIT, "stdin: more than %d bytes", COST_TEXT_MAX);
	}
}

int cost_read_text(const char *path, struct arena *a, struct bytes *ret, struct err *e)
{
	struct buf b = { 0 };
	int rc = strcmp(path, "-") == 0 ? read_stdin(&b, e)
					: io_read_file(path, COST_TEXT_MAX, &b, e);

	if (rc == 0)
		*ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return rc;
}

int cost_each_text(char **operand, size_t n, struct arena *a, cost_text_fn *each, void *data,
		   struct err *e)
{
	static char from_stdin[] = "-", *only_stdin = from_stdin;
	int rc = 0;

	if (n == 0) {
		operand = &only_stdin;
		n = 1;
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct bytes text;

		rc = cost_read_text(operand[i], a, &text, e);
		if (rc == 0)
			rc = each(text, strcmp(operand[i], "-") == 0 ? "stdin" : operand[i], data,
				  e);
	}
	return rc;
}
