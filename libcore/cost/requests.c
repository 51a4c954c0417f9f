#include "cost/requests.h"

#include "base/num.h"

enum { WORDS = 5 };

/* "3 PUT": takes it off the head of *rest, with the sign that follows. */
static bool take(struct bytes *rest, const char *word, uint64_t *ret)
{
	struct bytes part, number;

	if (!bytes_split(rest, strcmp(word, "DELETE") == 0 ? ';' : ',', &part))
		return false;
	part = bytes_trim(part);
	return bytes_split(&part, ' ', &number) && part.p && bytes_is(part, word) &&
	       num_u64(number, ret);
}

static bool read_counts(struct bytes rest, uint64_t ret[WORDS])
{
	static const char *const words[WORDS] = { "PUT", "GET", "LIST", "HEAD", "DELETE" };

	for (int i = 0; i < WORDS; i++)
		if (!take(&rest, words[i], &ret[i]))
			return false;
	return true;
}

/* Behind the program's name, and whatever a log puts before that. */
static bool read_line(struct bytes line, uint64_t ret[WORDS])
{
	for (size_t i = 0; i + 2 < line.n; i++)
		if (line.p[i] == ':' && line.p[i + 1] == ' ' &&
		    read_counts(bytes_sub(line, i + 2, line.n), ret))
			return true;
	return false;
}

static bool add(uint64_t *to, uint64_t a, uint64_t b)
{
	return !__builtin_add_overflow(*to, a, to) && !__builtin_add_overflow(*to, b, to);
}

int requests_add(struct requests *r, struct bytes text, const char *file, struct err *e)
{
	struct requests sum = *r;
	struct bytes line;

	for (unsigned number = 1; bytes_split(&text, '\n', &line); number++) {
		uint64_t n[WORDS];

		if (!read_line(line, n))
			continue;
		sum.lines++;
		if (!add(&sum.puts, n[0], n[2]) || !add(&sum.gets, n[1], n[3]))
			return err_set(e, ERR_LIMIT, "%s:%u: the sum is too large", file, number);
	}
	if (sum.lines == r->lines)
		return err_set(e, ERR_CORRUPT, "%s:1: no line of it is one of --store-stats", file);
	*r = sum;
	return 0;
}
