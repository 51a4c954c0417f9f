/* What chunkpack says of its work, as one line without a newline, appended. For any thread. */
#ifndef COMPACT_REPORT_H
#define COMPACT_REPORT_H

#include "base/buf.h"
#include "cli/values.h"
#include "compact/compact.h"
#include "compact/copy.h"
#include "compact/packing.h"

enum report_mode {
	REPORT_DONE,
	REPORT_DRY, /* of a dry run */
};

void report_tenant_day(struct buf *b, struct bytes tenant, int32_t day); /* "fake 2026-01-15: " */
void report_packing(struct buf *b, const struct packing_stats *s);
void report_plan(struct buf *b, const struct compact_plan *p, enum cli_format format);
void report_compacted(struct buf *b, const struct compact_day *d, enum cli_format format);
void report_copied(struct buf *b, const struct copy_day *d, enum report_mode mode,
		   enum cli_format format);

#endif
