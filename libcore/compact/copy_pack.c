/*
 * Objects are read in large pieces, whatever lies in them: on an object store each piece is a
 * request. A pack that is made is read back, since nothing else compares it with what it was made
 * of; one that is copied has its hash for that.
 */
#include "compact/copy_pack.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wr.h"
#include "chunk/image.h"
#include "pack/pack_out.h"

enum {
	PIECE = 8 << 20,
	GAP_MAX = 32 << 10, /* chunks as close as this are read at once */
};

void copy_checksum_add(struct hash128 *sum, const struct hash128 *h)
{
	unsigned carry = 0;

	for (size_t i = sizeof(h->b); i-- > 0;) {
		carry += (unsigned)sum->b[i] + h->b[i];
		sum->b[i] = (unsigned char)carry;
		carry >>= 8;
	}
}

/* ---- whole objects ---- */

static int not_its_name(const struct store *s, const char *name, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "'%s/%s': its bytes are not those that it is named after",
		       store_path(s), name);
}

struct copying {
	struct hash_state *hash;
	struct store_put *put;
};

static int take_piece(struct bytes piece, void *data, struct err *e)
{
	struct copying *c = data;

	hash_add(c->hash, piece);
	return store_put_write(c->put, piece, e);
}

static int copy_bytes(struct store_file *f, struct store_put *put, struct hash128 *ret_hash,
		      struct err *e)
{
	struct copying c = { hash_new(), put };
	int rc = store_file_pieces(f, take_piece, &c, e);

	*ret_hash = hash_end(c.hash);
	hash_free(c.hash);
	return rc;
}

/* 1: it came, but is not what it is named after. */
static int try_object(struct store *from, struct store *to, const char *path,
		      const struct store_name *name, struct err *e)
{
	struct buf folder = { 0 };
	struct store_file file = { 0 };
	struct store_put *put = NULL;
	struct hash128 hash;
	int rc;

	store_folder_add(&folder, name->kind, name->tenant, name->day);
	rc = store_file_open(from, path, &file, e);
	if (rc == 0) {
		put = store_put_new(to, buf_str(&folder), e);
		rc = put ? 0 : -1;
	}
	if (rc == 0)
		rc = copy_bytes(&file, put, &hash, e);
	if (rc == 0 && hash128_cmp(&hash, &name->hash) != 0) {
		store_file_doubt(&file, 0, file.size);
		rc = 1;
	}
	if (rc == 0)
		rc = store_put_commit(put, store_suffix(name->kind), &hash, NULL, e);
	else
		store_put_abort(put);
	store_file_close(&file);
	buf_release(&folder);
	return rc;
}

/* What came damaged may have been damaged on its way, and is asked for once more. */
int copy_object(struct store *from, struct store *to, const struct store_name *name, struct err *e)
{
	struct buf path = { 0 };
	int rc;

	store_name_add(&path, name);
	rc = try_object(from, to, buf_str(&path), name, e);
	if (rc == 1)
		rc = try_object(from, to, buf_str(&path), name, e);
	if (rc == 1)
		rc = not_its_name(from, buf_str(&path), e);
	buf_release(&path);
	return rc;
}

/* ---- trailers ---- */

static int read_at(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	return store_file_read(data, off, p, n, e);
}

int copy_read_trailer(struct store *s, const struct store_name *pack, struct arena *a,
		      struct pack_trailer *ret, struct err *e)
{
	struct store_file file = { 0 };
	struct buf name = { 0 };
	int rc;

	store_name_add(&name, pack);
	rc = store_file_open(s, buf_str(&name), &file, e);
	if (rc == 0) {
		rc = pack_read_trailer(read_at, &file, file.size, a, ret, e);
		if (rc == 0 && (ret->day != pack->day || !bytes_eq(ret->tenant, pack->tenant)))
			rc = err_set(e, ERR_CORRUPT, "its trailer is of another tenant or day");
		if (rc < 0)
			err_wrap(e, "'%s/%s'", store_path(s), buf_str(&name));
	}
	store_file_close(&file);
	buf_release(&name);
	return rc;
}

/* ---- chunks ---- */

/* What chunks say of themselves, so that those of two packs can be compared. */
struct told {
	uint64_t entries;
	struct hash128 checksum;
};

static void tell_block(struct told *t, const struct hash128 *labels, const struct chunk_block *b)
{
	struct buf row = { 0 };
	struct hash128 h;

	buf_add(&row, labels->b, sizeof(labels->b));
	wr_u64be(&row, (uint64_t)b->min_ts);
	wr_u64be(&row, (uint64_t)b->max_ts);
	wr_u32be(&row, b->n);
	wr_u32be(&row, b->crc_side);
	wr_u32be(&row, b->crc_lines);
	h = hash128(buf_bytes(&row));
	buf_release(&row);
	copy_checksum_add(&t->checksum, &h);
	t->entries += b->n;
}

/* Parses a chunk and checks all of its bytes. */
static int check_chunk(struct bytes whole, struct bytes tenant, struct arena *a, struct chunk *ret,
		       struct told *t, struct err *e)
{
	struct hash128 labels;

	if (chunk_parse(whole, a, ret, e) < 0)
		return -1;
	if (ret->fixed.len != whole.n || !bytes_eq(ret->tenant, tenant))
		return err_set(e, ERR_CORRUPT, "the index and the chunk do not agree");
	labels = labels_stream_id(BYTES_LIT(""), &ret->labels);
	for (uint32_t k = 0; k < ret->fixed.n_blocks; k++) {
		const struct chunk_block *b = &ret->block[k];
		struct bytes stored = bytes_sub(whole, chunk_block_off(ret, k), b->stored_len);

		if (chunk_check_block(b, stored, e) < 0)
			return err_wrap(e, "block %u", k);
		tell_block(t, &labels, b);
	}
	return 0;
}

/* Called with each chunk, whole. */
typedef int each_chunk_fn(void *data, const struct copy_chunk *c, struct bytes whole,
			  struct err *e);

/* So many of v from the first on are read at once. */
static size_t piece_of(const struct copy_chunk *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].off <= v[k - 1].off + v[k - 1].length + GAP_MAX &&
	       v[k].off + v[k].length - v[0].off <= PIECE)
		k++;
	return k;
}

static int each_chunk(struct store *s, const struct store_name *pack,
		      const struct pack_bundles *bundles, const struct copy_chunk *v, size_t n,
		      each_chunk_fn *each, void *data, struct err *e)
{
	struct store_file file = { 0 };
	struct pack_image image = { .read = read_at, .data = &file, .bundles = *bundles };
	struct buf name = { 0 }, piece = { 0 };
	int rc;

	store_name_add(&name, pack);
	rc = store_file_open(s, buf_str(&name), &file, e);
	for (size_t i = 0, k; i < n && rc == 0; i += k) {
		size_t len;

		k = piece_of(v + i, n - i);
		len = (size_t)(v[i + k - 1].off + v[i + k - 1].length - v[i].off);
		buf_reset(&piece);
		buf_reserve(&piece, len);
		piece.n = len;
		rc = pack_image_read(&image, v[i].off, piece.p, len, e);
		if (rc < 0)
			err_wrap(e, "'%s/%s'", store_path(s), buf_str(&name));
		for (size_t c = i; c < i + k && rc == 0; c++) {
			rc = each(data, &v[c],
				  bytes_of(piece.p + (v[c].off - v[i].off), v[c].length), e);
			if (rc < 0)
				err_wrap(e, "'%s/%s': chunk at offset %llu", store_path(s),
					 buf_str(&name), (unsigned long long)v[c].off);
		}
	}
	pack_image_release(&image);
	store_file_close(&file);
	buf_release(&piece);
	buf_release(&name);
	return rc;
}

struct making {
	const struct copy_part *p;
	struct pack_out out;
	struct chunks one;
	struct arena mem;
	struct told told;
	struct chunk_scratch *scratch; /* NULL: the pack gets no filter */
};

static int collect_values(struct making *m, const struct chunk *c, struct bytes whole,
			  struct err *e)
{
	for (uint32_t k = 0; k < c->fixed.n_blocks; k++) {
		struct bytes stored =
			bytes_sub(whole, chunk_block_off(c, k), c->block[k].stored_len);

		if (chunk_read_values(c, &c->block[k], stored, m->scratch, &m->one.values, e) < 0)
			return err_wrap(e, "block %u", k);
	}
	return 0;
}

static int take_chunk(void *data, const struct copy_chunk *row, struct bytes whole, struct err *e)
{
	struct making *m = data;
	struct bytes tenant = m->p->pack.tenant;
	uint64_t entries = m->told.entries;
	uint32_t head_len = row->head_len;
	struct chunk c;

	arena_reset(&m->mem);
	if (check_chunk(whole, tenant, &m->mem, &c, &m->told, e) < 0)
		return -1;
	if (m->told.entries - entries != row->entries || c.fixed.head_len != row->head_len)
		return err_set(e, ERR_CORRUPT, "the index and the chunk do not agree");
	chunks_reset(&m->one);
	if (bytes_eq(tenant, m->p->to_tenant))
		buf_add_bytes(&m->one.bytes, whole);
	else if (chunk_move(&c, whole, m->p->to_tenant, &m->one.bytes, &head_len, e) < 0)
		return -1;
	if (m->scratch && collect_values(m, &c, whole, e) < 0)
		return -1;
	chunks_add(&m->one, 0, head_len);
	return pack_out_write(&m->out, &m->one, e);
}

static int see_chunk(void *data, const struct copy_chunk *row, struct bytes whole, struct err *e)
{
	struct making *m = data;
	struct chunk c;

	(void)row;
	arena_reset(&m->mem);
	return check_chunk(whole, m->p->to_tenant, &m->mem, &c, &m->told, e);
}

/* Compares what is in the store now with what it was made of. */
static int read_back(const struct copy_part *p, const struct told *made,
		     const struct store_name *name, struct err *e)
{
	struct making m = { .p = p };
	struct arena mem = { 0 };
	struct pack_trailer t;
	int rc = copy_read_trailer(p->to, name, &mem, &t, e);

	if (rc == 0) {
		struct copy_chunk *v = mem_alloc((t.n_chunks + 1) * sizeof(*v));

		for (size_t i = 0; i < t.n_chunks; i++)
			v[i] = (struct copy_chunk){ .off = t.chunk[i].off,
						    .length = t.chunk[i].len };
		rc = each_chunk(p->to, name, &t.bundles, v, t.n_chunks, see_chunk, &m, e);
		free(v);
	}
	if (rc == 0 && (m.told.entries != made->entries ||
			hash128_cmp(&m.told.checksum, &made->checksum) != 0))
		rc = err_set(e, ERR_IO,
			     "%llu entries were written, and %llu read back, or not the same",
			     (unsigned long long)made->entries, (unsigned long long)m.told.entries);
	if (rc < 0)
		e->code = ERR_IO;
	arena_release(&m.mem);
	arena_release(&mem);
	return rc;
}

int copy_chunks(const struct copy_part *p, struct copy_made *ret, struct err *e)
{
	struct store_name name = { STORE_PACK, p->pack.day, p->to_tenant, { { 0 } } };
	struct making m = { .p = p };
	struct pack_made made;
	enum bloom_what filter = p->trailer->params.filter;
	int rc = pack_out_begin(&m.out, p->to, p->to_tenant, p->pack.day, &p->trailer->params, e);

	if (filter != BLOOM_NONE)
		m.scratch = chunk_scratch_new();
	m.one.values.what = filter;
	if (rc == 0) {
		rc = each_chunk(p->from, &p->pack, &p->bundles, p->chunk, p->n, take_chunk, &m, e);
		if (rc == 0)
			rc = pack_out_end(&m.out, p->trailer, &made, NULL, e);
		else
			pack_out_abort(&m.out);
	}
	chunk_scratch_free(m.scratch);
	chunks_release(&m.one);
	arena_release(&m.mem);
	if (rc < 0)
		return -1;
	name.hash = made.hash;
	if (read_back(p, &m.told, &name, e) < 0)
		return -1;
	*ret = (struct copy_made){ made.hash, made.size, m.told.entries, m.told.checksum };
	return 0;
}
