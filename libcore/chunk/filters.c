#include "chunk/filters.h"

#include <stdio.h>

#include "base/visible.h"
#include "json/json.h"
#include "report/table.h"

void pack_filters_release(struct pack_filters *p)
{
	arena_release(&p->mem);
	*p = (struct pack_filters){ 0 };
}

/* ---- what is printed ---- */

/* What is told of one pack. */
struct told {
	const char *name;
	const char *what; /* it was made to serve */
	uint64_t len, blocks;
	double of_lines, of_pack; /* parts of 1 */
	const struct bloom *filter;
	const struct bloom_fill *fill;
};

static double part(uint64_t n, uint64_t of)
{
	return of ? (double)n / (double)of : 0;
}

static void add_row(struct buf *out, const char *name, uint64_t v)
{
	buf_addf(out, "%-18s %llu\n", name, (unsigned long long)v);
}

enum { PERCENT_MAX = 32 };

/* Two digits at least, however small it is. */
static const char *percent(double v, char ret[PERCENT_MAX])
{
	snprintf(ret, PERCENT_MAX, v == 0 || v >= 0.001 ? "%.2f %%" : "%.1e %%", v * 100);
	return ret;
}

static void add_kinds(struct buf *out, const struct bloom_fill *fill)
{
	struct table t = { 0 };
	char text[PERCENT_MAX];

	table_column(&t, "VALUES", TABLE_LEFT);
	table_column(&t, "COLUMNS", TABLE_RIGHT);
	table_column(&t, "FALSE", TABLE_RIGHT);
	for (int k = 0; k < GRAM_KINDS; k++) {
		table_addf(&t, "1 of %s", bloom_kind_name((enum gram_kind)k));
		table_addf(&t, "%llu", (unsigned long long)fill->columns_of[k]);
		table_addf(&t, "%s", fill->columns_of[k] ? percent(fill->pass[k], text) : "-");
	}
	table_addf(&t, "%d of %s", BLOOM_FILL_VALUES, bloom_kind_name(GRAM_LETTERS));
	table_addf(&t, "%llu", (unsigned long long)fill->columns_of[GRAM_LETTERS]);
	table_addf(&t, "%s", fill->columns_of[GRAM_LETTERS] ? percent(fill->pass_text, text) : "-");
	table_text(&t, out);
	table_release(&t);
}

/* The kinds of a matrix, in turn. */
static void add_kind_names(struct buf *out, uint8_t kinds, const char *quote, const char *between)
{
	const char *before = "";

	for (int k = 0; k < GRAM_KINDS; k++) {
		if (!(kinds >> k & 1))
			continue;
		buf_addf(out, "%s%s%s%s", before, quote, bloom_kind_name((enum gram_kind)k), quote);
		before = between;
	}
}

static void add_matrices(struct buf *out, const struct told *told)
{
	struct buf kinds = { 0 };
	struct table t = { 0 };
	char text[PERCENT_MAX];

	table_column(&t, "GROUPS", TABLE_RIGHT);
	table_column(&t, "COLUMNS", TABLE_RIGHT);
	table_column(&t, "BYTES", TABLE_RIGHT);
	table_column(&t, "SET", TABLE_RIGHT);
	table_column(&t, "KINDS", TABLE_LEFT);
	for (size_t i = 0; i < told->filter->n_matrices; i++) {
		const struct bloom_matrix *m = &told->filter->matrix[i];

		table_addf(&t, "%u", m->groups);
		table_addf(&t, "%u", m->columns);
		table_addf(&t, "%llu", (unsigned long long)bloom_matrix_bytes(m));
		table_addf(&t, "%s", percent(told->fill->set_of[i], text));
		buf_reset(&kinds);
		add_kind_names(&kinds, m->kinds, "", " ");
		table_add(&t, buf_bytes(&kinds));
	}
	table_text(&t, out);
	table_release(&t);
	buf_release(&kinds);
}

static void add_text(struct buf *out, const struct told *told)
{
	const struct bloom_fill *fill = told->fill;
	char text[PERCENT_MAX];

	buf_addf(out, "%-18s ", "pack");
	visible_add(out, bytes_str(told->name));
	buf_addf(out, "\n%-18s %s\n", "filter", told->what);
	add_row(out, "bytes", told->len);
	buf_addf(out, "%-18s %s\n", "  of lines", percent(told->of_lines, text));
	buf_addf(out, "%-18s %s\n", "  of the pack", percent(told->of_pack, text));
	add_row(out, "blocks", told->blocks);
	add_row(out, "  own column", fill->own);
	add_row(out, "  shared column", fill->shared);
	add_row(out, "  no column", fill->without);
	add_row(out, "matrices", told->filter->n_matrices);
	add_row(out, "columns", fill->columns);
	buf_addf(out, "%-18s %s\n", "bits set", percent(fill->set, text));
	if (told->len == 0)
		return;
	buf_add_char(out, '\n');
	add_kinds(out, fill);
	buf_add_char(out, '\n');
	add_matrices(out, told);
}

static void add_u64(struct buf *out, const char *name, uint64_t v)
{
	buf_addf(out, ",\"%s\":%llu", name, (unsigned long long)v);
}

/* Six digits: it is an estimate, or a share. */
static void add_part(struct buf *out, const char *name, double v)
{
	buf_addf(out, ",\"%s\":%.6g", name, v);
}

/* How often columns are wrong, when there are any. */
static void add_wrong(struct buf *out, const char *name, uint64_t columns, double v)
{
	if (columns)
		add_part(out, name, v);
	else
		buf_addf(out, ",\"%s\":null", name);
}

static void add_jsonl(struct buf *out, const struct told *told)
{
	const struct bloom_fill *fill = told->fill;
	char name[32];

	buf_add_str(out, "{\"pack\":");
	json_add_quoted(out, bytes_str(told->name));
	buf_addf(out, ",\"filter\":\"%s\"", told->what);
	add_u64(out, "length", told->len);
	add_part(out, "of_lines", told->of_lines);
	add_part(out, "of_pack", told->of_pack);
	add_u64(out, "blocks", told->blocks);
	add_u64(out, "blocks_own", fill->own);
	add_u64(out, "blocks_shared", fill->shared);
	add_u64(out, "blocks_without", fill->without);
	add_u64(out, "columns", fill->columns);
	add_part(out, "set", fill->set);
	buf_add_str(out, ",\"values\":[");
	for (int k = 0; k < GRAM_KINDS; k++) {
		buf_addf(out, "%s{\"kind\":\"%s\"", k ? "," : "",
			 bloom_kind_name((enum gram_kind)k));
		add_u64(out, "columns", fill->columns_of[k]);
		add_wrong(out, "false", fill->columns_of[k], fill->pass[k]);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
	snprintf(name, sizeof(name), "false_%d_letters", BLOOM_FILL_VALUES);
	add_wrong(out, name, fill->columns_of[GRAM_LETTERS], fill->pass_text);
	buf_add_str(out, ",\"matrices\":[");
	for (size_t i = 0; i < told->filter->n_matrices; i++) {
		const struct bloom_matrix *m = &told->filter->matrix[i];

		buf_addf(out, "%s{\"groups\":%u", i ? "," : "", m->groups);
		add_u64(out, "columns", m->columns);
		add_u64(out, "bytes", bloom_matrix_bytes(m));
		add_part(out, "set", fill->set_of[i]);
		buf_add_str(out, ",\"kinds\":[");
		add_kind_names(out, m->kinds, "\"", ",");
		buf_add_str(out, "]}");
	}
	buf_add_str(out, "]}\n");
}

/* What the filter was made to serve; when no trailer says so, as far as it can be told. */
static const char *find_what(const struct pack_filters *p, const struct pack_trailer *trailer)
{
	if (trailer)
		return bloom_what_name(trailer->params.filter);
	if (p->filter_len == 0)
		return "unknown";
	return bloom_what_name(p->fill.columns_of[GRAM_REST] ? BLOOM_FULL : BLOOM_SMALL);
}

static void tell(struct pack_filters *p, const char *what, const char *name, struct buf *out)
{
	const struct chunk_stats *s = &p->stats;
	struct told told = {
		.name = name,
		.what = what,
		.len = p->filter_len,
		.blocks = s->blocks,
		.of_lines = part(p->filter_len, s->line_bytes + s->entries),
		.of_pack = part(p->filter_len, s->bytes - s->saved),
		.filter = &p->filter,
		.fill = &p->fill,
	};

	if (p->filter_len == 0)
		p->fill.without = s->blocks;
	if (p->format == FILTERS_JSONL) {
		add_jsonl(out, &told);
		return;
	}
	if (p->n++ > 0)
		buf_add_char(out, '\n');
	add_text(out, &told);
}

/* trailer: NULL when there is none. */
static void end_pack(struct pack_filters *p, const struct pack_trailer *trailer, const char *name,
		     struct buf *out)
{
	bool is_lost = p->is_damaged || (trailer && trailer->filter_len && p->filter_len == 0);

	if (!is_lost && (trailer || p->stats.chunks || p->filter_len))
		tell(p, find_what(p, trailer), name, out);
	p->stats = (struct chunk_stats){ 0 };
	p->filter = (struct bloom){ 0 };
	p->fill = (struct bloom_fill){ 0 };
	p->filter_len = 0;
	p->is_damaged = false;
	arena_reset(&p->mem);
}

static int take_filter(struct pack_filters *p, const struct chunk_piece *piece, struct err *e)
{
	struct bytes pages;

	p->is_damaged = true;
	p->filter_len = 0;
	arena_reset(&p->mem); /* of one before, where a trailer is lost */
	if (pack_parse_filter_pages(piece->bytes, chunk_piece_before_max(piece), &p->mem,
				    &p->filter, &pages, e) < 0)
		return -1;
	bloom_fill(&p->filter, pages, &p->mem, &p->fill);
	p->filter_len = piece->len;
	p->is_damaged = false;
	return 0;
}

int pack_filters_add(struct pack_filters *p, const struct chunk_piece *piece, const char *name,
		     struct buf *out, struct err *e)
{
	chunk_stats_add(&p->stats, piece);
	if (piece->kind == PIECE_FILTER)
		return take_filter(p, piece, e);
	if (piece->kind == PIECE_TRAILER)
		end_pack(p, &piece->trailer, name, out);
	return 0;
}

void pack_filters_end(struct pack_filters *p, const char *name, struct buf *out)
{
	end_pack(p, NULL, name, out);
}
