/* Lines as web servers write them of each request: words, what stands in quotes and what stands in
 * brackets, with one blank between; a request in quotes is three words. */
#include "json/members.h"
#include "shape/cut.h"

enum { VALUES_MIN = 6 };

/* The end of what stands in quotes is a request's if it is two blanks and a protocol away. */
static bool is_request(const char *p, const char *end)
{
	static const char protocol[] = "HTTP/";
	const char *one = near_either(p, end, ' ', ' '), *two;

	if (one >= end || one == p)
		return false;
	two = near_either(one + 1, end, ' ', ' ');
	return two < end && two > one + 1 && (size_t)(end - two - 1) > sizeof(protocol) - 1 &&
	       memcmp(two + 1, protocol, sizeof(protocol) - 1) == 0 &&
	       near_either(two + 1, end, ' ', '\\') >= end;
}

/* The value of the class at *p, which is moved behind it. */
static bool add(struct cut *c, enum shape_class class, const char **p, const char *end)
{
	const char *q = cut_value_end(class, *p, end);

	/* Fields have no names, but places. */
	if (!q || !cut_add(c, bytes_of(*p, (size_t)(q - *p)), class, c->n))
		return false;
	*p = q;
	return true;
}

static bool add_request(struct cut *c, const char **p, const char *end)
{
	return add(c, SHAPE_PLAIN, p, end) && ++*p < end && add(c, SHAPE_PLAIN, p, end) &&
	       ++*p < end && add(c, SHAPE_PLAIN, p, end);
}

bool cut_access(struct bytes line, struct cut *c)
{
	const char *p = line.p, *end = line.p + line.n;
	bool requested = false;

	while (p < end) {
		bool fits;

		if (*p == '"') {
			bool escaped;
			const char *close = json_string_close(++p, end, &escaped);

			if (!close)
				return false;
			if (is_request(p, close)) {
				requested = true;
				fits = add_request(c, &p, end);
			} else {
				fits = add(c, SHAPE_QUOTED, &p, end);
			}
			p++;
		} else if (*p == '[') {
			p++;
			fits = add(c, SHAPE_BRACKETED, &p, end);
			p++;
		} else {
			fits = add(c, SHAPE_PLAIN, &p, end);
		}
		if (!fits || (p < end && *p++ != ' '))
			return false;
	}
	return requested && c->n >= VALUES_MIN;
}
