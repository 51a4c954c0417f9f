/* Entries as a request of Loki's push API, for who sends them. */
#ifndef PUSH_ENCODE_H
#define PUSH_ENCODE_H

#include "entry/entries.h"
#include "entry/streams.h"

/* Scratch that is kept between calls. {0} is a valid empty one; for one thread. */
struct push_encoder {
	struct buf stream, entry;
	struct arena labels;
};

void push_encoder_release(struct push_encoder *p);

/* Appends the protobuf message, not compressed, of the n entries es->v[order[0..n)]: those of one
 * stream lie together, and stay in their order. */
void push_encode(struct push_encoder *p, const struct entries *es, const uint32_t *order, size_t n,
		 const struct streams *streams, struct buf *out);

#endif
