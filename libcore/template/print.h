/* Values as text, as Go's package fmt has it. */
#ifndef TEMPLATE_PRINT_H
#define TEMPLATE_PRINT_H

#include "template/run.h"

/* As %v. out may be any buffer but r->scratch. */
void print_plain(struct template_run *r, struct buf *out, const struct value *v);

/* fmt.Sprintf. Fails when the output grows too long. */
MUST_CHECK int print_format(struct template_run *r, struct buf *out, struct bytes format,
			    const struct value *v, size_t n);

/* fmt.Sprint: blanks only between neighbours that are both no strings. */
void print_all(struct template_run *r, struct buf *out, const struct value *v, size_t n);

#endif
