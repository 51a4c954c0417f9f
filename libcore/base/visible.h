/* Text made visible, for terminals: its control characters but tab and newline as \x1b. */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include "base/buf.h"

void visible_add(struct buf *b, struct bytes text);

#endif
