#ifndef SERVER_CONFIG_EXPAND_H
#define SERVER_CONFIG_EXPAND_H

#include "base/buf.h"
#include "yaml/report.h"

/*
 * Appends text with ${NAME} replaced by the variable's value; ${NAME:DEFAULT} and ${NAME:-DEFAULT}
 * by DEFAULT when it is not set or empty; $${ stands for ${. One that is not set and has no default
 * becomes nothing, which is told to r. file: for messages.
 * Errors: ERR_USAGE, a ${ without an end or a name; ERR_LIMIT, more than YAML_SIZE_MAX.
 */
MUST_CHECK int config_expand(struct bytes text, const char *file, struct buf *out, struct report *r,
			     struct err *e);

/* Of a file that is taken as it is: warns of each value below n that holds a ${NAME}. */
void config_warn_variables(const struct yaml_node *n, struct report *r);

#endif
