#include "cost/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

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

/* As gzip and zstd begin: no text does. */
static bool is_compressed(struct bytes b)
{
	return bytes_starts(b, BYTES_LIT("\x1f\x8b")) ||
	       bytes_starts(b, BYTES_LIT("\x28\xb5\x2f\xfd"));
}

int cost_read_text(const char *path, struct arena *a, struct bytes *ret, struct err *e)
{
	struct buf b = { 0 };
	int rc = strcmp(path, "-") == 0 ? read_stdin(&b, e)
					: io_read_file(path, COST_TEXT_MAX, &b, e);

	if (rc == 0 && is_compressed(buf_bytes(&b)))
		rc = err_set(e, ERR_VERSION,
			     "'%s': it is compressed: read it by way of zcat or zstdcat", path);
	if (rc == 0)
		*ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return rc;
}

struct seen {
	dev_t dev;
	ino_t ino;
	size_t i; /* of the operand */
};

static int by_file(const void *pa, const void *pb)
{
	const struct seen *a = pa, *b = pb;

	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return (a->i > b->i) - (a->i < b->i);
}

int cost_check_once(char **operand, size_t n, struct err *e)
{
	struct seen *v = mem_alloc((n + 1) * sizeof(*v));
	struct stat st;
	size_t n_seen = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		if (stat(operand[i], &st) == 0 && S_ISREG(st.st_mode))
			v[n_seen++] = (struct seen){ st.st_dev, st.st_ino, i };
	qsort(v, n_seen, sizeof(*v), by_file);
	for (size_t k = 1; k < n_seen && rc == 0; k++)
		if (v[k].dev == v[k - 1].dev && v[k].ino == v[k - 1].ino)
			rc = err_set(e, ERR_USAGE, "'%s' is given twice, as '%s' too",
				     operand[v[k].i], operand[v[k - 1].i]);
	free(v);
	return rc;
}

int cost_each_text(char **operand, size_t n, struct arena *a, cost_text_fn *each, void *data,
		   struct err *e)
{
	static char from_stdin[] = "-", *only_stdin = from_stdin;
	int rc = cost_check_once(operand, n, e);

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
