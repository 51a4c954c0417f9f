/* CRC-32C (Castagnoli, as iSCSI and ext4 have it). For any thread. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what gave `crc` (0 at the start) followed by these bytes. */
uint32_t crc32c_add(uint32_t crc, const void *p, size_t n);

static inline uint32_t crc32c(const void *p, size_t n)
{
	return crc32c_add(0, p, n);
}

#endif
