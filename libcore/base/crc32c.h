/* CRC-32C (Castagnoli, as iSCSI and ext4 have it). For any thread. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The checksum of what gave `crc` (0 at the start) followed by these bytes. */
uint32_t crc32c_add(uint32_t crc, const void *p, size_t n);

static inline uint32_t crc32c(const void *p, size_t n)
{
	return crc32c_add(0, p, n);
}

/* True when two checksums that differ by diff (their XOR) may be of n bytes each that differ in one
 * bit. */
bool crc32c_is_one_bit(uint32_t diff, size_t n);

/* For each of n differences of checksums: what it is when a byte, the same for both, follows. */
void crc32c_diff_add(uint32_t *diff, size_t n);

#endif
