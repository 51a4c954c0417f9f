/* The name of a dimension as that of a label, as Prometheus and Alertmanager take them. */
#ifndef COST_LABEL_NAME_H
#define COST_LABEL_NAME_H

#include "base/buf.h"

/* What is no letter, digit or '_' becomes '_'. "cost_" stands before one that begins with a digit
 * or "__", or is among taken, a list that NULL ends. */
void cost_add_label_name(struct buf *out, struct bytes name, const char *const *taken);

#endif
