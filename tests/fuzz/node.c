/* What a node says of itself: any text is metrics, with numbers that are some, or an error. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

#include "ring/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ring_node_counts c;
	struct err e;

	if (ring_node_read(bytes_of(data, size), &c, &e) < 0)
		return 0;
	if (!(c.in_flight >= 0) || !(c.batches >= 0) || !(c.waiting >= 0) || !(c.flushing >= 0) ||
	    !(c.pushes >= 0) || !(c.lines >= 0) ||
	    isnan(c.in_flight + c.batches + c.waiting + c.flushing + c.pushes + c.lines))
		abort();
	return 0;
}
