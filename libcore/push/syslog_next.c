/* Where a message ends on a connection. */
#include "push/syslog.h"

enum { COUNT_DIGITS_MAX = 9 };

static int too_long(size_t n, size_t max, struct err *e)
{
	return err_set(e, ERR_LIMIT, "a syslog message of %zu bytes or more, at most %zu are taken",
		       n, max);
}

enum count { IS_COUNTED, IS_NOT_COUNTED, IS_NOT_KNOWN };

/* "27 <": a line may begin with a number too. */
static enum count counted(struct bytes in, size_t *ret_n, size_t *ret_off)
{
	size_t n = 0, i = 0;

	while (i < in.n && i < COUNT_DIGITS_MAX && in.p[i] >= '0' && in.p[i] <= '9')
		n = n * 10 + (size_t)(in.p[i++] - '0');
	if (i == 0 || in.p[0] == '0')
		return IS_NOT_COUNTED;
	if (i < in.n && in.p[i] != ' ')
		return IS_NOT_COUNTED;
	if (i + 1 >= in.n)
		return IS_NOT_KNOWN;
	if (in.p[i + 1] != '<')
		return IS_NOT_COUNTED;
	*ret_n = n;
	*ret_off = i + 1;
	return IS_COUNTED;
}

enum { LOOK = 512 };

/* A line that comes a byte at a time is looked at from its begin each time: that is to be fast. In
 * pieces, since a newline may be far behind many lines that end in NUL. */
static size_t line_end(struct bytes in)
{
	size_t n = 0;

	while (n < in.n) {
		struct bytes piece = bytes_sub(in, n, LOOK);
		const char *newline = memchr(piece.p, '\n', piece.n), *nul;

		if (newline)
			piece.n = (size_t)(newline - piece.p);
		nul = memchr(piece.p, '\0', piece.n);
		if (nul || newline)
			return (size_t)((nul ? nul : newline) - in.p);
		n += piece.n;
	}
	return n;
}

static struct bytes without_cr(struct bytes line)
{
	return line.n && line.p[line.n - 1] == '\r' ? bytes_sub(line, 0, line.n - 1) : line;
}

int syslog_next(struct bytes *rest, size_t max, enum syslog_more more, struct bytes *ret,
		struct err *e)
{
	struct bytes in = *rest;
	size_t n = 0, off = 0;
	enum count count;

	while (in.n && (in.p[0] == '\n' || in.p[0] == '\r' || in.p[0] == '\0'))
		in = bytes_sub(in, 1, in.n); /* between messages, and behind counted ones */
	*rest = in;
	if (in.n == 0)
		return 0;
	count = counted(in, &n, &off);
	if (count == IS_COUNTED && n > max)
		return too_long(n, max, e);
	if (count == IS_COUNTED && (in.n - off >= n || more == SYSLOG_END)) {
		*ret = bytes_sub(in, off, n);
		*rest = bytes_sub(in, off + ret->n, in.n);
		return 1;
	}
	if (count == IS_COUNTED || (count == IS_NOT_KNOWN && more == SYSLOG_MORE))
		return 0;
	n = line_end(in);
	if (n > max)
		return too_long(n, max, e);
	if (n == in.n && more == SYSLOG_MORE)
		return 0;
	*ret = without_cr(bytes_sub(in, 0, n));
	*rest = bytes_sub(in, n + 1, in.n);
	return 1;
}
