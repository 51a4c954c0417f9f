/* JSON as a value. */
#ifndef TEMPLATE_JSON_VALUE_H
#define TEMPLATE_JSON_VALUE_H

#include "template/run.h"

/* Nil when the text is not JSON. Numbers become float64; of equal keys the last one stays. */
struct value json_value_read(struct template_run *r, struct bytes text);

#endif
