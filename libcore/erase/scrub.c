#include "erase/scrub.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "codec/stream.h"
#include "logql/parse.h"
#include "query/block.h"
#include "query/keys.h"
#include "query/template.h"

enum { FILE_MAX = 1 << 20 };

struct scrub_state {
	const struct scrub_rule *rule;
	struct names names;
	struct keys keys;
	struct block block, again;
};

/* ---- rules ---- */

static bool rewrites(const struct logql_log *log)
{
	for (size_t i = 0; i < log->n_stages; i++)
		if (log->stages[i].kind == LOGQL_LINE_FORMAT ||
		    log->stages[i].kind == LOGQL_DECOLORIZE)
			return true;
	return false;
}

static void set_id(struct scrub_rule *r, struct bytes line)
{
	struct buf b = { 0 };
	char hex[HASH128_HEX + 1];
	struct hash128 h;

	buf_add_str(&b, "scrub ");
	buf_add_bytes(&b, line);
	h = hash128(buf_bytes(&b));
	hash128_hex(&h, hex);
	memcpy(r->id, hex, SCRUB_ID_LEN);
	r->id[SCRUB_ID_LEN] = '\0';
	buf_release(&b);
}

/* ret_col: where the query is wrong, from the line's begin, or 0. */
static int read_rule(struct scrub_rule *r, struct bytes line, size_t *ret_col, struct err *e)
{
	const struct logql_opts opts = { .check_template = template_check };
	const struct grouping all = { .kind = GROUP_ALL };
	const char *brace = memchr(line.p, '{', line.n);
	struct logql_pos pos = { 0 };

	*ret_col = 0;
	*r = (struct scrub_rule){ .text = line };
	if (!brace)
		return err_set(e, ERR_USAGE, "expected [TENANT] {SELECTOR} | STAGES");
	r->tenant = bytes_trim(bytes_of(line.p, (size_t)(brace - line.p)));
	r->text = bytes_of(brace, (size_t)(line.p + line.n - brace));
	if (r->tenant.n && labels_check_tenant(r->tenant, e) < 0)
		return -1;
	set_id(r, line);
	if (logql_parse(r->text, &opts, &r->tree, &pos, e) < 0) {
		r->tree = (struct logql_query){ 0 };
		*ret_col = (size_t)(brace - line.p) + pos.col;
		return -1;
	}
	if (!logql_is_log(&r->tree) || !rewrites(r->tree.root->log))
		return err_set(e, ERR_USAGE,
			       "expected a log query that makes other lines, with line_format or "
			       "decolorize");
	return query_scan_init(&r->scan, NULL, r->tree.root->log, NULL, &all, e);
}

/* What the parser says of its text alone, "parse error at line 1, col 3: WHY", is said of the file.
 */
static int wrap_place(struct err *e, const char *name, size_t number, size_t col)
{
	const struct bytes begin = BYTES_LIT("parse error ");
	const char *why = col ? strstr(e->msg, ": ") : NULL;

	if (!why || !bytes_starts(bytes_str(e->msg), begin))
		return err_wrap(e, "'%s': line %zu", name, number);
	memmove(e->msg, why + 2, strlen(why + 2) + 1);
	return err_wrap(e, "'%s': line %zu, col %zu", name, number, col);
}

static int parse(struct bytes text, const char *name, struct scrub_rules *ret, struct err *e)
{
	size_t number = 0, cap = 1;
	struct bytes rest, line, trimmed;
	size_t col;

	*ret = (struct scrub_rules){ 0 };
	text = arena_copy(&ret->mem, text);
	for (size_t i = 0; i < text.n; i++)
		cap += text.p[i] == '\n';
	ret->v = arena_alloc(&ret->mem, cap * sizeof(*ret->v));
	rest = text;
	while (bytes_split(&rest, '\n', &line)) {
		number++;
		trimmed = bytes_trim(line);
		if (trimmed.n == 0 || *trimmed.p == '#')
			continue;
		if (read_rule(&ret->v[ret->n++], trimmed, &col, e) < 0) {
			e->code = ERR_USAGE;
			return wrap_place(e, name, number,
					  col ? col + (size_t)(trimmed.p - line.p) : 0);
		}
	}
	return ret->n ? 0 : err_set(e, ERR_USAGE, "'%s': it has no rule", name);
}

int scrub_load(const char *file, struct scrub_rules *ret, struct err *e)
{
	struct buf text = { 0 };
	int rc = io_read_file(file, FILE_MAX, &text, e);

	*ret = (struct scrub_rules){ 0 };
	if (rc == 0)
		rc = parse(codec_skip_bom(buf_bytes(&text)), file, ret, e);
	buf_release(&text);
	return rc;
}

void scrub_release(struct scrub_rules *r)
{
	for (size_t i = 0; i < r->n; i++) {
		query_scan_release(&r->v[i].scan);
		if (r->v[i].tree.root)
			logql_query_release(&r->v[i].tree);
	}
	arena_release(&r->mem);
	*r = (struct scrub_rules){ 0 };
}

bool scrub_wants(const struct scrub_rule *r, const struct labels *stream)
{
	return matcher_match_labels(r->scan.match, r->scan.n_match, stream);
}

/* ---- lines ---- */

struct scrub_state *scrub_state_new(const struct scrub_rule *r)
{
	struct scrub_state *s = mem_alloc(sizeof(*s));

	s->rule = r;
	names_copy(&s->names, &r->scan.pipeline.names);
	s->block.names = s->again.names = &s->names;
	s->block.keys = s->again.keys = &s->keys;
	return s;
}

void scrub_state_free(struct scrub_state *s)
{
	if (!s)
		return;
	block_release(&s->block);
	block_release(&s->again);
	keys_release(&s->keys);
	names_release(&s->names);
	free(s);
}

static int all_is_there(struct block *b, unsigned want, struct err *e)
{
	(void)want;
	(void)e;
	b->have = WANT_ALL;
	return 0;
}

/* Sets line[] of what passes the pipeline; the others stay. */
static int pass(const struct scrub_rule *r, struct block *b, const struct labels *stream,
		const struct run *run, struct bytes *line, bool *ret_any, struct err *e)
{
	b->base.labels = NULL; /* what lay there last time may be another one's by now */
	block_reset(b, stream);
	b->load = all_is_there;
	b->have = WANT_ALL;
	b->run = *run;
	b->line = arena_alloc(&b->mem, run->n * sizeof(*b->line));
	memcpy(b->line, line, run->n * sizeof(*b->line));
	block_select_all(b);
	if (pipeline_apply(&r->scan.pipeline, b, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		struct bytes error = b->el ? block_error(b, i) : (struct bytes){ 0 };

		if (error.n)
			return err_set(e, ERR_USAGE, "a line sets %.*s", BYTES_ARG(error));
		if (bytes_eq(line[i], b->line[i]))
			continue;
		if (b->line[i].n > ENTRY_LINE_MAX)
			return err_set(e, ERR_LIMIT, "a line becomes %zu bytes long", b->line[i].n);
		line[i] = b->line[i];
		*ret_any = true;
	}
	return 0;
}

/* A run may be scrubbed twice, as a compaction can undo what is known of the first time. */
static int check_again(struct scrub_state *s, const struct labels *stream, const struct run *run,
		       const struct bytes *line, struct err *e)
{
	struct bytes *copy = mem_alloc((run->n + 1) * sizeof(*copy));
	bool any = false;
	int rc;

	memcpy(copy, line, run->n * sizeof(*copy));
	rc = pass(s->rule, &s->again, stream, run, copy, &any, e);
	free(copy);
	if (rc == 0 && any)
		return err_set(e, ERR_USAGE, "it would rewrite again what it has written");
	return rc;
}

int scrub_apply(struct scrub_state *s, const struct labels *stream, const struct run *run,
		struct bytes *line, bool *ret_any, struct err *e)
{
	bool any = false;
	int rc = pass(s->rule, &s->block, stream, run, line, &any, e);

	if (rc == 0 && any)
		rc = check_again(s, stream, run, line, e);
	if (rc < 0)
		return err_wrap(e, "rule '%.*s'", BYTES_ARG(s->rule->text));
	*ret_any = *ret_any || any;
	return 0;
}
