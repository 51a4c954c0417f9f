/*
 * Can a writer that died have left an unsound fragment, or was it whole once, and perhaps
 * acknowledged? Pure: bytes in. Private to wal/. The rules: lokid-wal(5), "READING PAST DAMAGE".
 */
#ifndef WAL_TORN_H
#define WAL_TORN_H

#include "wal/format.h"

/* rest is what stands from offset off of the segment to the page's end, as far as the segment goes;
 * at off stands no sound fragment. */
bool wal_may_be_torn(struct bytes rest, uint64_t off);

bool wal_is_nuls(struct bytes b);

#endif
