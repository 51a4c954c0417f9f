/* Reading the numbers of a template. */
#ifndef TEMPLATE_NUMBER_H
#define TEMPLATE_NUMBER_H

#include "template/tree.h"

/* A number or a character constant. NULL when it is read, else what is wrong; what ends in ": " is
 * to be followed by the text. */
const char *number_read(struct bytes text, struct number *ret);

/* Written without a point or an exponent: an int where no type is asked for. */
bool number_looks_whole(struct bytes text);

#endif
