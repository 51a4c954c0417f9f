/* Where the values of a line stand; for the files of shape/ alone. */
#ifndef SHAPE_CUT_H
#define SHAPE_CUT_H

#include "base/near.h"
#include "shape/shape.h"

struct cut_value {
	struct bytes v;
	enum shape_class class;
	uint64_t field; /* a hash of what the value is called: those of one field are one column */
};

struct cut {
	struct cut_value value[SHAPE_SLOTS_MAX];
	size_t n;
};

/* Takes apart a line of any kind, without newlines, with NEAR_PAD readable bytes behind it. False:
 * it is of none, or has more values than a shape may. */
bool cut_line(struct bytes line, struct cut *ret);

/* For cut_line, of c that is empty: the line as one of that kind. False: it is not, or has too many
 * values; c is as it may be then. */
bool cut_json(struct bytes line, struct cut *c);
bool cut_logfmt(struct bytes line, struct cut *c);
bool cut_access(struct bytes line, struct cut *c);

/* The end of a value of the class that stands at p, or NULL. */
const char *cut_value_end(enum shape_class class, const char *p, const char *end);

/* False: there are SHAPE_SLOTS_MAX already. */
static inline bool cut_add(struct cut *c, struct bytes v, enum shape_class class, uint64_t field)
{
	if (c->n == SHAPE_SLOTS_MAX)
		return false;
	/* A field whose values are of several classes is several columns. */
	c->value[c->n++] = (struct cut_value){ v, class, field * SHAPE_CLASSES + class };
	return true;
}

#endif
