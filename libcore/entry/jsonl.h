/*
 * One entry as a line of JSON:
 * {"ts":"<ns>","tenant":"..","labels":{..},"line":"..","metadata":{..}}, with line_b64 in place of
 * line for bytes that are not UTF-8. Format: lokid-entry(5), "JSON LINES".
 */
#ifndef ENTRY_JSONL_H
#define ENTRY_JSONL_H

#include "entry/entries.h"

/* What one line said. Strings are borrowed: from the text, or from the reader until its next call.
 */
struct jsonl_entry {
	bool has_ts;
	int64_t ts_ns;
	struct bytes tenant; /* empty when absent */
	struct bytes labels; /* the object's own text, "" when absent: parse with labels_parse_json,
				and only when its text was not seen before */
	struct bytes line;
	struct label *meta;
	size_t n_meta;
};

/* Scratch of a reader. {0} is a valid empty one. For one thread. */
struct jsonl_reader {
	struct buf line, tenant;
	struct arena meta;
	struct label *metas;
	size_t cap_metas;
	bool is_foreign; /* the last line was refused for a member that no entry has */
};

void jsonl_reader_release(struct jsonl_reader *r);

/*
 * Reads one line (its newline cut off). Unknown members are refused, as are a member twice, both
 * line and line_b64, neither of them, and a timestamp that is not a whole number (in quotes or
 * not). Errors: ERR_CORRUPT with the column and what was expected.
 */
MUST_CHECK int jsonl_parse(struct jsonl_reader *r, struct bytes text, struct jsonl_entry *ret,
			   struct err *e);

/* Appends one entry as a line with its newline. labels_json is the object's text, as
 * labels_add_json makes it; tenant empty = left out. */
void jsonl_add(struct buf *b, int64_t ts_ns, struct bytes tenant, struct bytes labels_json,
	       struct bytes line, const struct metaview *meta, uint32_t meta_set);

#endif
