/*
 * Room that is set aside on the disk of a store in a folder, as the file "~lokid/reserve": on a
 * full disk nothing can be deleted either, since what makes it obsolete has to be written first.
 * So who makes room keeps some for that. Object stores do not fill up, and have none.
 */
#ifndef STORE_RESERVE_H
#define STORE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct store;

/* At least so many bytes are set aside from now on, unless the disk has hardly more than that left:
 * then it stays as it is. Errors: ERR_IO. */
MUST_CHECK int store_reserve_keep(struct store *s, uint64_t bytes, struct err *e);

/* Gives them up. False: there are none. */
bool store_reserve_spend(struct store *s);

#endif
