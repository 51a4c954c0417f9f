#include "chunk/verify.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "time/time.h"

struct faults {
	chunk_fault_fn *fn;
	void *data;
	size_t n;
};

static void report(struct faults *f, const struct err *e)
{
	f->n++;
	f->fn(f->data, e);
}

/* No line of the entries first..end-1, all of one timestamp, is there twice. */
static bool all_differ(const struct run *run, size_t first, size_t end)
{
	struct map seen = { 0 };
	bool differ = true;

	for (size_t i = first; i < end && differ; i++) {
		struct bytes line = run_line(run, i);
		uint64_t hash = hash64(line);

		differ = map_get(&seen, hash, line) == MAP_NONE;
		if (differ)
			map_put(&seen, hash, line, 0);
	}
	map_release(&seen);
	return differ;
}

static int check_entries(const struct run *run, struct err *e)
{
	for (size_t i = 0, end; i < run->n; i = end) {
		for (end = i; end < run->n && run->ts_ns[end] == run->ts_ns[i]; end++)
			if (run->lines[run->line_off[end + 1] - 1] != '\n')
				return err_set(e, ERR_CORRUPT, "no newline behind line %zu", end);
		if (end - i > 1 && !all_differ(run, i, end))
			return err_set(e, ERR_CORRUPT, "an entry is there twice, at timestamp %lld",
				       (long long)run->ts_ns[i]);
	}
	return 0;
}

size_t chunk_verify(const struct chunk_piece *piece, struct chunk_scratch *s, chunk_fault_fn *fault,
		    void *data)
{
	struct faults f = { fault, data, 0 };
	const struct chunk *c = &piece->chunk;
	struct hash128 id = labels_stream_id(c->tenant, &c->labels);
	struct err e;

	if (hash128_cmp(&id, &c->stream_id) != 0) {
		err_set(&e, ERR_CORRUPT, "the stream's id is not that of its labels");
		report(&f, &e);
	}
	for (uint32_t i = 0; i < c->fixed.n_blocks; i++) {
		struct bytes stored =
			bytes_sub(piece->bytes, chunk_block_off(c, i), piece->bytes.n);
		struct run run;

		if (chunk_read_block(c, &c->block[i], stored, WANT_ALL, s, &run, &e) == 0 &&
		    check_entries(&run, &e) == 0)
			continue;
		err_wrap(&e, "block %u at offset %llu", i,
			 (unsigned long long)(piece->off + chunk_block_off(c, i)));
		report(&f, &e);
	}
	return f.n;
}

void pack_check_release(struct pack_check *c)
{
	free(c->chunk);
	free(c->gap);
	free(c->seen);
	arena_release(&c->arena);
	arena_release(&c->filter_mem);
	bloom_prover_release(&c->prover);
	*c = (struct pack_check){ 0 };
}

void pack_check_add(struct pack_check *c, const struct chunk_piece *piece)
{
	const struct chunk *chunk = &piece->chunk;

	mem_grow(&c->chunk, &c->cap, c->n + 1, sizeof(*c->chunk));
	mem_grow(&c->seen, &c->cap_seen, c->n + 1, sizeof(*c->seen));
	c->chunk[c->n] = (struct pack_chunk){ piece->off, chunk->fixed.len, chunk->fixed.head_len };
	c->seen[c->n] = (struct pack_seen){ arena_copy(&c->arena, chunk->tenant), chunk->from,
					    chunk->through, piece->bundle };
	c->n++;
}

void pack_check_damage(struct pack_check *c, const struct chunk_piece *piece)
{
	mem_grow(&c->gap, &c->cap_gaps, c->n_gaps + 1, sizeof(*c->gap));
	c->gap[c->n_gaps++] = (struct pack_gap){ piece->off, piece->len };
	c->adrift |= piece->adrift;
}

/* Another pack, or file, begins. */
static void forget(struct pack_check *c)
{
	c->n = c->n_gaps = 0;
	c->adrift = false;
	arena_reset(&c->arena);
}

/* Of places that ascend from call to call, with *at 0 at first. */
static bool is_in_gap(const struct pack_check *c, size_t *at, uint64_t off)
{
	while (*at < c->n_gaps && off >= c->gap[*at].off + c->gap[*at].len)
		++*at;
	return *at < c->n_gaps && off >= c->gap[*at].off;
}

/* The chunk at off, of places that ascend likewise; or NULL. */
static const struct pack_chunk *seen_at(const struct pack_check *c, size_t *at, uint64_t off)
{
	while (*at < c->n && c->chunk[*at].off < off)
		++*at;
	return *at < c->n && c->chunk[*at].off == off ? &c->chunk[*at] : NULL;
}

/* said: NULL: in no bundle. */
static bool is_where_said(const struct pack_bundle *is, const struct pack_bundle *said)
{
	if (!said)
		return is->n_chunks == 0;
	return is->n_chunks == said->n_chunks && is->len == said->len &&
	       is->raw_len == said->raw_len;
}

static int check_one(const struct pack_check *c, size_t i, const struct pack_trailer *t,
		     const struct pack_chunk *named, uint64_t start, struct err *e)
{
	const struct pack_seen *seen = &c->seen[i];

	if (c->chunk[i].off != start + named->off || c->chunk[i].len != named->len ||
	    c->chunk[i].head_len != named->head_len)
		return err_set(e, ERR_CORRUPT,
			       "it names a chunk at offset %llu, which is not there",
			       (unsigned long long)(start + named->off));
	if (!is_where_said(&seen->bundle, pack_bundles_at(&t->bundles, named->off)))
		return err_set(e, ERR_CORRUPT,
			       "of the chunk at offset %llu it names another bundle than it is in",
			       (unsigned long long)c->chunk[i].off);
	if (!bytes_eq(seen->tenant, t->tenant))
		return err_set(e, ERR_CORRUPT, "the chunk at offset %llu is of another tenant",
			       (unsigned long long)c->chunk[i].off);
	if (time_day(seen->from) != t->day || time_day(seen->through) != t->day)
		return err_set(e, ERR_CORRUPT, "the chunk at offset %llu is of another day",
			       (unsigned long long)c->chunk[i].off);
	return 0;
}

/* Beside what cannot be read. */
static void check_rest(const struct pack_check *c, const struct pack_trailer *t, uint64_t start,
		       struct faults *f)
{
	size_t at = 0, gap = 0;
	struct err e;

	for (size_t i = 0; i < t->n_chunks; i++) {
		uint64_t off = start + t->chunk[i].off;

		if (!seen_at(c, &at, off) && is_in_gap(c, &gap, off))
			continue;
		if (at == c->n)
			err_set(&e, ERR_CORRUPT,
				"it names a chunk at offset %llu, which is not there",
				(unsigned long long)off);
		else if (check_one(c, at, t, &t->chunk[i], start, &e) == 0)
			continue;
		report(f, &e);
	}
}

static size_t check_trailer(const struct pack_check *c, const struct chunk_piece *trailer,
			    chunk_fault_fn *fault, void *data)
{
	const struct pack_trailer *t = &trailer->trailer;
	struct faults f = { fault, data, 0 };
	uint64_t chunks;
	struct err e;

	chunks = t->filter_len;
	for (size_t i = 0; i < t->n_chunks; i++)
		chunks += t->chunk[i].len;
	if (c->n_gaps && chunks <= trailer->off) {
		check_rest(c, t, trailer->off - chunks, &f);
	} else if (t->n_chunks > c->n || chunks > trailer->off) {
		err_set(&e, ERR_CORRUPT, "it names %zu chunks, %zu were read", t->n_chunks, c->n);
		report(&f, &e);
	} else {
		/* loose chunks may stand before the pack */
		size_t first = c->n - t->n_chunks;

		for (size_t i = 0; i < t->n_chunks; i++)
			if (check_one(c, first + i, t, &t->chunk[i], trailer->off - chunks, &e) < 0)
				report(&f, &e);
	}
	return f.n;
}

/* The filter stands at off, and something before it cannot be read. */
static int check_chunks_beside(const struct pack_check *c, const struct bloom *f, uint64_t off,
			       struct err *e)
{
	const uint64_t len = f->chunk[f->n_chunks].off;
	size_t at = 0, gap = 0;

	for (size_t i = 0; i < f->n_chunks && len <= off; i++) {
		uint64_t one = off - len + f->chunk[i].off;

		if (!seen_at(c, &at, one) && !is_in_gap(c, &gap, one))
			return err_set(e, ERR_CORRUPT,
				       "it is of a chunk at offset %llu, which is not there",
				       (unsigned long long)one);
	}
	return 0;
}

/* Its chunks are the last ones that were added: loose ones may stand before the pack. */
static int check_chunks(const struct pack_check *c, const struct bloom *f, uint64_t off,
			struct err *e)
{
	const struct pack_chunk *seen;

	if (c->adrift)
		return 0;
	if (c->n_gaps)
		return check_chunks_beside(c, f, off, e);
	if (f->n_chunks > c->n)
		return err_set(e, ERR_CORRUPT, "it is of %zu chunks, %zu were read", f->n_chunks,
			       c->n);
	seen = c->chunk + (c->n - f->n_chunks);
	for (size_t i = 0; i < f->n_chunks; i++)
		if (seen[i].off - seen[0].off != f->chunk[i].off)
			return err_set(e, ERR_CORRUPT,
				       "it is of other chunks than the one at offset %llu",
				       (unsigned long long)seen[i].off);
	return 0;
}

static int check_filter(const struct pack_check *c, const struct chunk_piece *piece,
			struct arena *a, struct err *e)
{
	struct bytes pages;
	struct bloom f;

	return pack_parse_filter_pages(piece->bytes, chunk_piece_before_max(piece), a, &f, &pages,
				       e) < 0
		       ? -1
		       : check_chunks(c, &f, piece->off, e);
}

size_t pack_check_end(struct pack_check *c, const struct chunk_piece *piece, chunk_fault_fn *fault,
		      void *data)
{
	struct faults f = { fault, data, 0 };
	struct arena mem = { 0 };
	struct err e;

	if (piece->kind == PIECE_TRAILER) {
		if (!c->adrift)
			f.n = check_trailer(c, piece, fault, data);
		forget(c);
		return f.n;
	}
	if (check_filter(c, piece, &mem, &e) < 0)
		report(&f, &e);
	arena_release(&mem);
	return f.n;
}

static int find_filter(struct pack_check *c, struct bytes whole, struct err *e)
{
	struct pack_trailer t;
	uint64_t off = 0;

	if (pack_parse_trailer(whole, whole.n, &c->filter_mem, &t, e) < 0)
		return -1;
	if (t.filter_len == 0)
		return err_set(e, ERR_NO, "it has no filter");
	for (size_t i = 0; i < t.n_chunks; i++)
		off += t.chunk[i].len;
	return pack_parse_filter_pages(bytes_sub(whole, pack_chunks_len(&t), t.filter_len), off,
				       &c->filter_mem, &c->filter, &c->pages, e);
}

void pack_check_begin(struct pack_check *c, struct bytes whole)
{
	struct err later; /* said of trailer and filter when their turn comes */

	arena_reset(&c->filter_mem);
	forget(c);
	c->proves = find_filter(c, whole, &later) == 0;
}

size_t pack_check_filter(struct pack_check *c, const struct chunk_piece *piece,
			 struct chunk_scratch *s, chunk_fault_fn *fault, void *data)
{
	struct faults f = { fault, data, 0 };
	const struct chunk *chunk = &piece->chunk;

	for (uint32_t i = 0; c->proves && i < chunk->fixed.n_blocks; i++) {
		uint64_t off = chunk_block_off(chunk, i);
		struct bytes stored = bytes_sub(piece->bytes, off, piece->bytes.n), lines, meta;
		struct err e;

		if (chunk_read_texts(chunk, &chunk->block[i], stored, s, &lines, &meta, &e) < 0 ||
		    bloom_prove(&c->prover, &c->filter, c->pages, piece->off, i, lines, meta, &e) ==
			    0)
			continue;
		err_wrap(&e, "block %u at offset %llu", i, (unsigned long long)(piece->off + off));
		report(&f, &e);
	}
	return f.n;
}

static const char suffix[] = ".pack";
enum { SUFFIX_LEN = sizeof(suffix) - 1 };

/* The last part of a path without its suffix; NULL when it has another. */
static struct bytes pack_base(const char *name)
{
	const char *slash = strrchr(name, '/');
	struct bytes base = bytes_str(slash ? slash + 1 : name);

	if (base.n <= SUFFIX_LEN ||
	    !bytes_is(bytes_sub(base, base.n - SUFFIX_LEN, SUFFIX_LEN), suffix))
		return (struct bytes){ 0 };
	return bytes_sub(base, 0, base.n - SUFFIX_LEN);
}

int pack_check_file(const char *name, struct bytes content, enum chunk_piece_kind last,
		    struct err *e)
{
	if (!pack_base(name).p || (last != PIECE_CHUNK && content.n > 0))
		return 0;
	return err_set(e, ERR_CORRUPT, "cut short: no trailer at offset %zu", content.n);
}

int pack_check_hash(const char *name, struct bytes content, struct err *e)
{
	struct hash128 said, is;
	char hex[HASH128_HEX + 1];

	if (!hash128_parse(pack_base(name), &said))
		return 0;
	is = hash128(content);
	if (hash128_cmp(&said, &is) == 0)
		return 0;
	hash128_hex(&is, hex);
	return err_set(e, ERR_CORRUPT, "its name is not the hash of its bytes, which is %s", hex);
}
