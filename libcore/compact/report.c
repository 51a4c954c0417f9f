#include "compact/report.h"

#include "base/num.h"
#include "time/time.h"

void report_tenant_day(struct buf *b, struct bytes tenant, int32_t day)
{
	char text[TIME_DAY_LEN + 1];

	time_day_text(day, text);
	buf_addf(b, "%.*s %s: ", BYTES_ARG(tenant), text);
}

void report_packing(struct buf *b, const struct packing_stats *s)
{
	num_add_count(b, s->entries, "entry, ", "entries, ");
	num_add_size(b, s->line_bytes);
	buf_add_str(b, " of lines, ");
	num_add_count(b, s->duplicates, "duplicate left out; ", "duplicates left out; ");
	num_add_count(b, s->packs, "pack, ", "packs, ");
	num_add_size(b, s->pack_bytes);
}

static void add_packs(struct buf *b, uint64_t packs, uint64_t bytes)
{
	num_add_count(b, packs, "pack, ", "packs, ");
	num_add_size(b, bytes);
}

void report_plan(struct buf *b, const struct compact_plan *p)
{
	report_tenant_day(b, p->tenant, p->day);
	add_packs(b, p->packs, p->bytes);
	buf_add_str(b, ", would become ");
	num_add_count(b, p->packs_out, "pack", "packs");
}

void report_compacted(struct buf *b, const struct compact_day *d)
{
	report_tenant_day(b, d->tenant, d->day);
	add_packs(b, d->packs_in, d->bytes_in);
	buf_add_str(b, ", became ");
	add_packs(b, d->packs_out, d->bytes_out);
	buf_add_str(b, "; ");
	num_add_count(b, d->duplicates, "duplicate left out; ", "duplicates left out; ");
	buf_addf(b, "%.2f s", (double)d->took_ns / NS_PER_S);
}

void report_copied(struct buf *b, const struct copy_day *d, enum report_mode mode)
{
	char hex[HASH128_HEX + 1];

	report_tenant_day(b, d->tenant, d->day);
	add_packs(b, d->packs, d->bytes);
	buf_add_str(b, ", ");
	num_add_count(b, d->entries, "entry", "entries");
	buf_addf(b, ": %llu %scopied, %llu %smade anew, %llu there", (unsigned long long)d->copied,
		 mode == REPORT_DRY ? "would be " : "", (unsigned long long)d->made,
		 mode == REPORT_DRY ? "would be " : "", (unsigned long long)d->there);
	if (d->copied + d->made == 0 || mode == REPORT_DRY)
		return;
	hash128_hex(&d->checksum, hex);
	buf_addf(b, "; checksum %s", hex);
}
