#include "compact/report.h"

#include "base/num.h"
#include "json/json.h"
#include "store/names.h"
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

/* A member of an object, behind others. */
static void add_member(struct buf *b, const char *name, uint64_t n)
{
	buf_addf(b, ",\"%s\":%llu", name, (unsigned long long)n);
}

/* The begin of an object; a tenant's name needs no escapes. */
static void add_object(struct buf *b, struct bytes tenant, int32_t day)
{
	char text[TIME_DAY_LEN + 1];

	time_day_text(day, text);
	buf_addf(b, "{\"tenant\":\"%.*s\",\"day\":\"%s\"", BYTES_ARG(tenant), text);
}

static void add_plan_json(struct buf *b, const struct compact_plan *p)
{
	add_object(b, p->tenant, p->day);
	add_member(b, "packs", p->packs);
	add_member(b, "bytes", p->bytes);
	add_member(b, "packs_out", p->packs_out);
	buf_add_char(b, '}');
}

void report_plan(struct buf *b, const struct compact_plan *p, enum cli_format format)
{
	if (format == CLI_JSONL) {
		add_plan_json(b, p);
		return;
	}
	report_tenant_day(b, p->tenant, p->day);
	add_packs(b, p->packs, p->bytes);
	buf_add_str(b, ", would become ");
	num_add_count(b, p->packs_out, "pack", "packs");
}

static void add_made(struct buf *b, const struct compact_day *d)
{
	struct buf name = { 0 };

	for (size_t i = 0; i < d->made.n; i++) {
		const struct store_name sn = { STORE_PACK, d->day, d->tenant, d->made.v[i] };

		buf_reset(&name);
		store_name_add(&name, &sn);
		if (i)
			buf_add_char(b, ',');
		json_add_quoted(b, buf_bytes(&name));
	}
	buf_release(&name);
}

static void add_compacted_json(struct buf *b, const struct compact_day *d)
{
	add_object(b, d->tenant, d->day);
	add_member(b, "packs", d->packs_in);
	add_member(b, "bytes", d->bytes_in);
	add_member(b, "packs_out", d->packs_out);
	add_member(b, "bytes_out", d->bytes_out);
	add_member(b, "entries", d->entries);
	add_member(b, "duplicates", d->duplicates);
	buf_addf(b, ",\"seconds\":%.3f,\"made\":[", (double)d->took_ns / NS_PER_S);
	add_made(b, d);
	buf_add_str(b, "]}");
}

void report_compacted(struct buf *b, const struct compact_day *d, enum cli_format format)
{
	if (format == CLI_JSONL) {
		add_compacted_json(b, d);
		return;
	}
	report_tenant_day(b, d->tenant, d->day);
	add_packs(b, d->packs_in, d->bytes_in);
	buf_add_str(b, ", became ");
	add_packs(b, d->packs_out, d->bytes_out);
	buf_add_str(b, "; ");
	num_add_count(b, d->duplicates, "duplicate left out; ", "duplicates left out; ");
	buf_addf(b, "%.2f s", (double)d->took_ns / NS_PER_S);
}

/* With a checksum when there is something that it is of. */
static void add_copied_json(struct buf *b, const struct copy_day *d, const char *checksum)
{
	add_object(b, d->tenant, d->day);
	buf_addf(b, ",\"to_tenant\":\"%.*s\"", BYTES_ARG(d->to_tenant));
	add_member(b, "packs", d->packs);
	add_member(b, "bytes", d->bytes);
	add_member(b, "entries", d->entries);
	add_member(b, "copied", d->copied);
	add_member(b, "made", d->made);
	add_member(b, "there", d->there);
	if (*checksum)
		buf_addf(b, ",\"checksum\":\"%s\"", checksum);
	buf_add_char(b, '}');
}

void report_copied(struct buf *b, const struct copy_day *d, enum report_mode mode,
		   enum cli_format format)
{
	char hex[HASH128_HEX + 1] = "";

	if (d->copied + d->made > 0 && mode == REPORT_DONE)
		hash128_hex(&d->checksum, hex);
	if (format == CLI_JSONL) {
		add_copied_json(b, d, hex);
		return;
	}
	if (!bytes_eq(d->to_tenant, d->tenant))
		buf_addf(b, "%.*s as ", BYTES_ARG(d->tenant));
	report_tenant_day(b, d->to_tenant, d->day);
	add_packs(b, d->packs, d->bytes);
	buf_add_str(b, ", ");
	num_add_count(b, d->entries, "entry", "entries");
	buf_addf(b, ": %llu %scopied, %llu %smade anew, %llu there", (unsigned long long)d->copied,
		 mode == REPORT_DRY ? "would be " : "", (unsigned long long)d->made,
		 mode == REPORT_DRY ? "would be " : "", (unsigned long long)d->there);
	if (*hex)
		buf_addf(b, "; checksum %s", hex);
}
