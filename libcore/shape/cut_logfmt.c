/* Lines of logfmt: key=value, key="value", with blanks between; nothing else, and more than one. */
#include "base/hash.h"
#include "shape/cut.h"

enum { PAIRS_MIN = 2 };

bool cut_logfmt(struct bytes line, struct cut *c)
{
	const char *p = line.p, *end = line.p + line.n, *q;

	while (p < end) {
		enum shape_class class = SHAPE_WORD;
		uint64_t field;

		q = near_blank_or(p, end, '=', '"');
		if (q >= end || q == p || *q != '=')
			return false;
		field = hash64(bytes_of(p, (size_t)(q - p)));
		p = q + 1;
		if (p < end && *p == '"') {
			class = SHAPE_QUOTED;
			p++;
		}
		q = cut_value_end(class, p, end);
		if (!q || !cut_add(c, bytes_of(p, (size_t)(q - p)), class, field))
			return false;
		p = class == SHAPE_QUOTED ? q + 1 : q;
		if (p < end && (unsigned char)*p > ' ')
			return false;
		while (p < end && (unsigned char)*p <= ' ')
			p++;
	}
	return c->n >= PAIRS_MIN;
}
