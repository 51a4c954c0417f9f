/* Numbers of the index format that writer and reader share. Private to index/; format:
 * lokid-index(5). */
#ifndef INDEX_FORMAT_H
#define INDEX_FORMAT_H

#include <stdint.h>

static const char index_magic[4] = { 'L', 'K', 'I', 'X' };

enum {
	INDEX_FIXED_LEN = 64,
	INDEX_SECTION_LEN = 24,
	INDEX_SECTIONS_MAX = 256,
	INDEX_FLAG_MIXED = 0x01,
	INDEX_FLAG_THINNED = 0x02,
	INDEX_FLAG_COMPRESSED = 0x10,
	INDEX_FLAGS_REFUSE = 0xe0, /* unknown ones of these: not to be read */
};
#define INDEX_SECTION_REFUSE UINT32_C(0x80000000)

enum index_form { INDEX_PLAIN, INDEX_COMPRESSED };

static inline uint64_t index_head_len(enum index_form form, unsigned n_sections, uint32_t n_pages,
				      uint32_t tenant_len)
{
	uint64_t table = 4 * (uint64_t)n_pages;

	if (form == INDEX_COMPRESSED)
		table += table + 8;
	return INDEX_FIXED_LEN + (uint64_t)n_sections * INDEX_SECTION_LEN + table + tenant_len + 4;
}

enum index_section {
	SEC_SYMBOL_OFFSETS = 1,
	SEC_SYMBOL_BYTES,
	SEC_NAMES,
	SEC_PAIRS,
	SEC_POSTINGS,
	SEC_SERIES,
	SEC_BY_ID,
	SEC_LABELS,
	SEC_PACKS,
	SEC_CHUNKS,
	SEC_BLOCKS,
	SEC_SEGMENTS,
	SEC_INDEXES,
	SEC_OLD_PACKS,
	SEC_DELETES,
	SEC_BUNDLES, /* in the file with INDEX_SECTION_REFUSE; there only when it has rows */
	SEC_END,
};

/* Bytes of a row; 0: a section of bytes without rows. */
static const uint8_t index_row_len[SEC_END] = {
	[SEC_SYMBOL_OFFSETS] = 4, [SEC_NAMES] = 8,     [SEC_PAIRS] = 16,   [SEC_SERIES] = 24,
	[SEC_BY_ID] = 4,	  [SEC_LABELS] = 4,    [SEC_PACKS] = 64,   [SEC_CHUNKS] = 48,
	[SEC_BLOCKS] = 40,	  [SEC_SEGMENTS] = 16, [SEC_INDEXES] = 16, [SEC_OLD_PACKS] = 16,
	[SEC_DELETES] = 4,	  [SEC_BUNDLES] = 32,
};

#endif
