/* The methods that values of Go's time package bring along, so that {{ __timestamp__.Year }} works.
 */
#ifndef TEMPLATE_METHODS_H
#define TEMPLATE_METHODS_H

#include "template/func.h"

/* NULL when v has no such method. The receiver is the method's first parameter. */
const struct func *method_find(const struct value *v, struct bytes name);

#endif
