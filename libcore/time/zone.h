/*
 * Time zones, read from the system's zoneinfo files. The C library can serve one zone per process
 * only, by a global variable that threads share; so the files are read here (RFC 9636).
 */
#ifndef TIME_ZONE_H
#define TIME_ZONE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct time_zone;

/*
 * The zone of that name ("Europe/Berlin"), from $ZONEINFO or /usr/share/zoneinfo. Errors: ERR_USAGE
 * no such zone, or a name that cannot be one; ERR_CORRUPT the file is none; ERR_IO.
 */
struct time_zone *time_zone_open(struct bytes name, struct err *e);
void time_zone_free(struct time_zone *z);
struct bytes time_zone_name(const struct time_zone *z);

/* The text of such a file as a zone. Errors: ERR_CORRUPT. */
struct time_zone *time_zone_parse(struct bytes name, struct bytes file, struct err *e);

enum { TIME_ZONE_ABBREV_MAX = 12 };

/* What holds at the moment: seconds east of UTC, and the abbreviation. */
int32_t time_zone_at(const struct time_zone *z, int64_t s, char ret_abbrev[TIME_ZONE_ABBREV_MAX]);

/* The offset of an abbreviation that this zone uses; false when it does not. */
bool time_zone_has(const struct time_zone *z, struct bytes abbrev, int64_t s, int32_t *ret_east);

#endif
