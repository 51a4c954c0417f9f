/* The verbs of numbers; what print.c shares with them. */
#ifndef TEMPLATE_PRINT_NUMBER_H
#define TEMPLATE_PRINT_NUMBER_H

#include "template/run.h"

struct printer {
	struct template_run *run;
	struct buf *out;
	bool minus, plus, sharp, space, zero;
	bool sharp_v; /* %#v */
	bool has_width, has_prec;
	size_t width, prec;
	bool is_error; /* inside %!verb(...) */
};

/* One of the run's buffers, emptied. */
static inline struct buf *print_buf(struct buf *b)
{
	buf_reset(b);
	return b;
}

/* Appends text with blanks, or zeros if that is asked for, up to the width. */
void print_pad(struct printer *p, struct bytes text);
void print_pad_blank(struct printer *p, struct bytes text);

/* False: numbers of this kind do not have the verb, and nothing is printed. */
bool print_whole(struct printer *p, const struct value *v, uint32_t verb);
bool print_float(struct printer *p, double f, uint32_t verb);
bool print_complex(struct printer *p, const struct value *v, uint32_t verb);

#endif
