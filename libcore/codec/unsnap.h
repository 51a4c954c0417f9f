/*
 * Snappy's raw format, decompressed. For any thread. As Debian builds the library, its decoder
 * calls memmove() for each tag; this one takes half the time for what snap() made, and two thirds
 * for what others did.
 */
#ifndef CODEC_UNSNAP_H
#define CODEC_UNSNAP_H

#include "base/bytes.h"

/* How many bytes are packed in `in`, by its head; false: it has none. */
bool unsnap_size(struct bytes in, size_t *ret_n);

/* Unpacks into `to`, which has room for the n bytes that unsnap_size gave. False when `in` is
 * damaged, or says another n: `to` then holds anything. */
bool unsnap(struct bytes in, void *to, size_t n);

#endif
